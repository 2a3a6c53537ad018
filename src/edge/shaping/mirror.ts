/** Copies of requests for another pool. What it answers goes nowhere, and nothing that happens there is seen by the client. */
import type { Answering } from '../client-side.ts';
import type { Visit } from '../gate/visit.ts';
import { RequestWriter } from '../headers.ts';
import { fieldValue } from '../http1/field-value.ts';
import type { Refusal } from '../http1/refusal.ts';
import type { RequestHead } from '../http1/request-head.ts';
import type { Pool } from '../pool.ts';
import type { Sweepable } from '../sweeper.ts';
import { Copy } from './copy.ts';

/** Larger bodies are not copied. */
const BODY_MAX = 1024 * 1024;
/** Copies on their way, or being collected, at a time; those above are left out. */
const OPEN_MAX = 64;
/** A request that comes more slowly is not copied. */
const COLLECT_MS = 30_000;
/** Marks copies: apps can leave out what must not happen twice, and a copy is not copied again. */
const MARK = 'X-Holdfast-Mirror';

/** The copies of one route. */
export class Mirror {
  /** What has become of the requests that were to be copied. */
  readonly counts = { answered: 0, failed: 0, tooLarge: 0, leftOut: 0 };
  #told = 0;
  readonly requests = new RequestWriter();
  readonly #share: number;
  #owed = 0;
  #open = 0;

  /** @param share 0 to 1, of the requests */
  constructor(share: number) {
    this.#share = share;
  }

  /** Answers a request by `inner`, and copies it when it is its turn. */
  around(inner: Answering, visit: Visit, pool: Pool, requestDone: boolean): Answering {
    return this.#wants(visit.head) ? new Mirrored(inner, visit, pool, this, requestDone) : inner;
  }

  #wants(head: RequestHead): boolean {
    if (head.webSocketKey !== '' || fieldValue(head.fields, MARK.toLowerCase()) !== undefined) return false;
    this.#owed += this.#share;
    // Shares such as 0.1 do not add up to 1 exactly.
    if (this.#owed < 1 - 1e-9) return false;
    this.#owed -= 1;
    if (head.length > BODY_MAX) this.counts.tooLarge++;
    else if (this.#open < OPEN_MAX) return true;
    else this.counts.leftOut++;
    return false;
  }

  /** What to say of it, when more copies than before were not made. @param route its site and prefix */
  news(route: string): string | undefined {
    const { answered, failed, tooLarge, leftOut } = this.counts;
    const missing = failed + tooLarge + leftOut;
    if (missing === this.#told) return undefined;
    this.#told = missing;
    return (
      `copies of ${route} since the start: ${answered} were answered, ${failed} failed, ${tooLarge} were left out because the request was larger ` +
      `than 1 MB, ${leftOut} because too many were on their way or their app was away`
    );
  }

  opened(): void {
    this.#open++;
  }

  closed(how: keyof Mirror['counts'] | undefined): void {
    this.#open--;
    if (how) this.counts[how]++;
  }

  send(visit: Visit, pool: Pool, body: Buffer): void {
    const { side } = visit;
    const client = { ...visit.client, lines: `${visit.client.lines}${MARK}: 1\r\n` };
    // The body is here already.
    const head = { ...visit.head, expectsContinue: false };
    new Copy(side.edge, pool, (how) => this.closed(how)).send(this.requests, head, client, body);
  }
}

/** A request that is copied while it is answered. */
class Mirrored implements Answering {
  readonly #inner: Answering;
  readonly #visit: Visit;
  readonly #pool: Pool;
  readonly #mirror: Mirror;
  #requestDone: boolean;
  #pieces: Buffer[] = [];
  #bytes = 0;
  /** It is still being collected. */
  #open = false;
  /** Nobody tells when the answer is over before the request is. */
  readonly #limit: Sweepable = { deadline: 0, expire: () => this.#drop('leftOut') };

  constructor(inner: Answering, visit: Visit, pool: Pool, mirror: Mirror, requestDone: boolean) {
    this.#inner = inner;
    this.#visit = visit;
    this.#pool = pool;
    this.#mirror = mirror;
    this.#requestDone = requestDone;
  }

  begin(buffer: Buffer, from: number, to: number): void {
    this.#open = true;
    this.#mirror.opened();
    this.#collect(buffer, from, to);
    this.#inner.begin(buffer, from, to);
    if (this.#requestDone) this.#send();
    else if (this.#open) {
      const { sweeper } = this.#visit.side.edge;
      this.#limit.deadline = sweeper.now + COLLECT_MS;
      sweeper.add(this.#limit);
    }
  }

  more(buffer: Buffer, from: number, to: number, done: boolean): void {
    this.#requestDone = done;
    this.#collect(buffer, from, to);
    this.#inner.more(buffer, from, to, done);
    if (done) this.#send();
  }

  refuse(refusal: Refusal): void {
    this.#drop(undefined);
    this.#inner.refuse(refusal);
  }

  abandon(): void {
    this.#drop(undefined);
    this.#inner.abandon();
  }

  expire(): void {
    this.#inner.expire();
  }

  clientDrained(): void {
    this.#inner.clientDrained();
  }

  #collect(buffer: Buffer, from: number, to: number): void {
    if (!this.#open || to === from) return;
    this.#bytes += to - from;
    if (this.#bytes > BODY_MAX) this.#drop('tooLarge');
    else this.#pieces.push(Buffer.from(buffer.subarray(from, to)));
  }

  #send(): void {
    if (!this.#open) return;
    const body = Buffer.concat(this.#pieces);
    this.#end();
    this.#mirror.send(this.#visit, this.#pool, body);
  }

  #drop(why: 'tooLarge' | 'leftOut' | undefined): void {
    if (!this.#open) return;
    this.#end();
    this.#mirror.closed(why);
  }

  #end(): void {
    this.#open = false;
    this.#pieces = [];
    this.#visit.side.edge.sweeper.remove(this.#limit);
  }
}
