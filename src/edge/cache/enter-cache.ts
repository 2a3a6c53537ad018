/** The way of a request to its app, at a site that keeps answers. */
import type { Answering, ClientSide } from '../client-side.ts';
import { Exchange } from '../forward.ts';
import type { Visit } from '../gate/visit.ts';
import { fieldValue } from '../http1/field-value.ts';
import { canonicalTarget } from '../http1/path.ts';
import type { RequestHead } from '../http1/request-head.ts';
import type { ResponseHead } from '../http1/response-head.ts';
import { askedBy, isForCache, isSafe, keyOf, saysAddress } from './asked.ts';
import type { Cache } from './cache.ts';
import { CachedAnswer } from './cached-answer.ts';
import type { CachedRoute } from './caches.ts';
import { Through } from './through.ts';

/** @param requestDone it was read whole */
export function enterCache(visit: Visit, { cache, app }: CachedRoute, requestDone: boolean): Answering {
  const { side, head, client, booking } = visit;
  // Who answers in its place is counted there.
  booking.pool = app;
  if (!isSafe(head.method)) return new Exchange(new Changing(visit, cache), head, requestDone, visit);
  if (!isForCache(head, client)) return new Exchange(side, head, requestDone, visit);
  const trusted = side.edge.trust.includes(side.ip);
  if (trusted && saysAddress(head)) return new Exchange(side, head, requestDone, visit);
  const asked = askedBy(head, client, trusted);
  if (asked.directives.noStore) return new Exchange(side, head, requestDone, visit);
  return new CachedAnswer(visit, cache, asked);
}

/** The way to a route whose answers are not kept: what is done there may change those of other routes. */
export function passCache(visit: Visit, cache: Cache | undefined, requestDone: boolean): Answering {
  const { side, head } = visit;
  const isChange = cache !== undefined && !isSafe(head.method);
  return new Exchange(isChange ? new Changing(visit, cache) : side, head, requestDone, visit);
}

/** A request that changes something: what is kept of that is not right any more (RFC 9111 section 4.4). */
class Changing extends Through {
  readonly #visit: Visit;
  readonly #cache: Cache;

  constructor(visit: Visit, cache: Cache) {
    super(visit.side);
    this.#visit = visit;
    this.#cache = cache;
  }

  override answer(...answer: Parameters<ClientSide['answer']>) {
    const [, head] = answer;
    if (head.status < 400) this.#forget(head);
    return this.side.answer(...answer);
  }

  #forget({ fields }: ResponseHead): void {
    const { head, gate } = this.#visit;
    this.#forgetTarget(head.target);
    for (const name of ['location', 'content-location']) {
      const target = ownTarget(fieldValue(fields, name), head);
      const found = target === undefined ? undefined : canonicalTarget(target);
      if (!target || !found) continue;
      const { path, query } = found;
      this.#forgetTarget(gate.rewritten({ ...head, path, query, target: path + query }).target);
    }
  }

  #forgetTarget(target: string): void {
    for (const scheme of ['http', 'https']) this.#cache.forget(keyOf(scheme, this.#visit.head.host, target));
  }
}

/** Path and query of an address, if it is one of this site. */
function ownTarget(address: string | undefined, { host, target }: RequestHead): string | undefined {
  if (address === undefined || !URL.canParse(address, `http://${host}${target}`)) return undefined;
  const url = new URL(address, `http://${host}${target}`);
  return url.host === host.toLowerCase() ? url.pathname + url.search : undefined;
}
