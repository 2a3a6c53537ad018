/** What becomes of one request, for the counts and for the access log. Whoever learns something of it puts it in here. */
import type { ClientSide } from './client-side.ts';
import type { Client } from './forwarded.ts';
import type { RequestHead } from './http1/request-head.ts';
import type { CountedRoute } from './tallies.ts';
import type { SiteTraffic } from './traffic.ts';

/** stale: kept, and given although its time was over. revalidated: kept, and the app has said that it still holds. */
export type CacheOutcome = 'hit' | 'stale' | 'revalidated' | 'miss';

/** Whom a request is sent to; see Target. */
interface Receiver {
  readonly id: string;
  readonly slot: string;
}

export class Booking {
  /** Prefix of the route. */
  route = '';
  /** Name of the pool, that is of the app. */
  pool = '';
  /** Undefined: no cache was asked. */
  cache: CacheOutcome | undefined;
  /** Of the body of the request, as far as it has come. */
  bytesIn = 0;
  site: SiteTraffic | undefined;
  readonly #side: ClientSide;
  /** As it came. */
  readonly #asked: RequestHead;
  readonly #client: Client;
  readonly #requestId: string;
  readonly #startedAt = performance.now();
  #host = '';
  #attempts = 0;
  /** The one that has it, or had it last. */
  #target: Receiver | undefined;
  /** When that one got it; 0 as soon as it has answered. */
  #sentAt = 0;
  #upstreamMs = -1;
  /** While it is held: how it is to end, if that is known. */
  #held: { end?: readonly [status: number, bytes: number, by: string] } | undefined;
  #over = false;

  /** @param client after trust */
  constructor(side: ClientSide, asked: RequestHead, client: Client, requestId = '') {
    this.#side = side;
    this.#asked = asked;
    this.#client = client;
    this.#requestId = requestId;
  }

  /** How often it was sent to an app. */
  get attempts(): number {
    return this.#attempts;
  }

  /** @param host of the site, in the table */
  arrived(host: string): void {
    if (this.site) return;
    this.#host = host;
    this.site = this.#side.edge.traffic.of(host);
    this.site.requests++;
    this.site.openRequests++;
  }

  /** It goes to this instance now, for the first time or again. */
  sentTo(target: Receiver): void {
    this.#failed();
    this.#attempts++;
    this.#target = target;
    this.#sentAt = performance.now();
  }

  /** The head of an answer has come. */
  answered(): void {
    if (this.#sentAt === 0) return;
    this.#upstreamMs = performance.now() - this.#sentAt;
    this.#sentAt = 0;
  }

  /** Whoever has it has not answered. */
  #failed(): void {
    if (this.#sentAt === 0 || !this.#target) return;
    this.#side.edge.traffic.instance(this.pool, this.#target.slot).counts.failures++;
    this.#sentAt = 0;
  }

  /** Does not end before `release`: what its app answers may not be what its client gets. */
  hold(): void {
    this.#held = {};
  }

  /** `app`: the client gets what the app has answered. */
  release(app: boolean): void {
    const { end } = this.#held ?? {};
    this.#held = undefined;
    if (app && end) this.close(...end);
  }

  /** Only the first time counts. `bytes`: of the body; `by`: who answered, or why nobody did. */
  close(status: number, bytes: number, by: string): void {
    if (this.#held) {
      this.#held.end ??= [status, bytes, by];
      return;
    }
    if (this.#over) return;
    this.#over = true;
    const ms = performance.now() - this.#startedAt;
    // A client that leaves says nothing about the instance.
    if (status !== 499) this.#failed();
    this.#count(status, bytes, ms);
    const { accessLog, traffic } = this.#side.edge;
    if (!accessLog?.wants(status) || (this.#host !== '' && !traffic.logs(this.#host))) return;
    accessLog.add({
      asked: this.#asked,
      ip: this.#client.ip,
      scheme: this.#client.scheme,
      protocol: this.#side.protocol,
      requestId: this.#requestId,
      site: this.#host,
      route: this.route,
      app: this.pool,
      attempts: this.#attempts,
      upstreamMs: this.#upstreamMs,
      cache: this.cache,
      requestBytes: this.bytesIn,
      status,
      bytes,
      ms,
      by,
    });
  }

  #count(status: number, bytes: number, ms: number): void {
    const { traffic } = this.#side.edge;
    if (!this.site) {
      if (status >= 400) traffic.edge.refused++;
      return;
    }
    this.site.openRequests--;
    if (status >= 500) this.site.errors5xx++;
    const route = traffic.route(this.#host, this.route, this.pool);
    route.counts.count(status, ms);
    this.#countRoute(route, bytes);
    if (this.#upstreamMs < 0 || !this.#target) return;
    route.counts.upstreamAnswers++;
    route.counts.upstreamMs += this.#upstreamMs;
    traffic.instance(this.pool, this.#target.slot).counts.count(status, this.#upstreamMs);
  }

  #countRoute({ counts }: CountedRoute, bytes: number): void {
    counts.bytesIn += this.bytesIn;
    counts.bytesOut += bytes;
    if (this.#attempts > 1) counts.retries += this.#attempts - 1;
    if (this.#side.protocol === 'HTTP/2.0') counts.http2++;
    if (this.cache === 'miss') counts.cacheMisses++;
    else if (this.cache) counts.cacheHits++;
  }
}
