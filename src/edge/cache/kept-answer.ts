/** Answers one request with what is kept: as a whole, in part, or by saying that the client has it (RFC 9111 section 4.3.2). */
import type { Answer, Answering } from '../client-side.ts';
import { type ByteRange, judge, rangeOf } from '../files/conditions.ts';
import { conditionsOf } from '../files/file-head.ts';
import type { Visit } from '../gate/visit.ts';
import { fieldValue } from '../http1/field-value.ts';
import type { Refusal } from '../http1/refusal.ts';
import type { ResponseHead } from '../http1/response-head.ts';
import { ownHead } from '../own-head.ts';
import { ageAt } from './freshness.ts';
import type { Stored } from './stored.ts';

/** So much waits for a client at a time, besides what the kernel holds. */
const PIECE_BYTES = 64 * 1024;

export class KeptAnswer implements Answering {
  readonly #visit: Visit;
  readonly #stored: Stored;
  /** Of Cache-Status (RFC 9211). */
  readonly #status: string;
  readonly #keep: boolean;
  #answer: Answer | undefined;
  #at = 0;
  #end = 0;
  #unwritten = -1;

  /** @param keep the connection may carry another request */
  constructor(visit: Visit, stored: Stored, status: string, keep: boolean) {
    this.#visit = visit;
    this.#stored = stored;
    this.#status = status;
    this.#keep = keep;
  }

  begin(): void {
    const { side, head: request, lines } = this.#visit;
    const { head, range } = this.#chosen();
    const age = Math.floor(ageAt(this.#stored.freshness, side.edge.sweeper.now));
    const extra = `Age: ${age}\r\nCache-Status: Holdfast; ${this.#status}\r\n${lines}`;
    this.#visit.arrived();
    this.#answer = side.answer(request, head, this.#keep, extra);
    if (request.method !== 'HEAD' && head.length > 0) {
      this.#at = range?.start ?? 0;
      this.#end = range?.end ?? this.#stored.body.length;
    }
    this.#writeOn();
  }

  more(): void {}

  refuse({ reason }: Refusal): void {
    this.#cutOff(reason);
  }

  abandon(): void {
    this.#over(499, 'client left');
  }

  /** A client may read slowly, but not stop. */
  expire(): void {
    if (this.#visit.side.channel.unwritten !== this.#unwritten) this.#expectProgress();
    else this.#cutOff('the client does not read');
  }

  clientDrained(): void {
    if (this.#at < this.#end) this.#writeOn();
  }

  /** What the request's own conditions leave of it. They are for answers that are a success (RFC 9110 section 13.2.1). */
  #chosen(): { readonly head: ResponseHead; readonly range?: ByteRange } {
    const { head, etag, modified, lastModified, body } = this.#stored;
    const { method } = this.#visit.head;
    if (head.status !== 200) return { head };
    const conditions = conditionsOf(this.#visit);
    const version = { etag, modified: Math.floor(modified / 1000) };
    if (judge(conditions, version) === 304) return { head: notModified(head) };
    // Bytes of a coding may be others the next time.
    if (method === 'HEAD' || fieldValue(head.fields, 'content-encoding') !== undefined) return { head };
    const range = rangeOf(conditions, lastModified === '' ? { etag, modified: NaN } : version, body.length);
    if (range === undefined) return { head };
    if (range === 'unsatisfiable') return { head: unsatisfiable(body.length) };
    return { head: partOf(head, range, body.length), range };
  }

  #writeOn(): void {
    const { side } = this.#visit;
    const { body } = this.#stored;
    for (;;) {
      const from = this.#at;
      this.#at = Math.min(this.#end, from + PIECE_BYTES);
      const done = this.#at >= this.#end;
      this.#answer?.write(body, from, this.#at, done);
      if (done) {
        this.#over(this.#answer?.status ?? 0, 'cache');
        side.finished(this.#keep);
        return;
      }
      if (side.channel.congested) break;
    }
    this.#expectProgress();
  }

  #cutOff(cause: string): void {
    this.#over(this.#answer?.status ?? 0, cause);
    this.#visit.side.cutOff(false);
  }

  #over(status: number, by: string): void {
    this.#at = this.#end;
    this.#visit.side.deadline = 0;
    this.#visit.left(status, this.#answer?.bytes ?? 0, by);
  }

  #expectProgress(): void {
    const { side } = this.#visit;
    this.#unwritten = side.channel.unwritten;
    side.deadline = side.edge.sweeper.now + side.edge.limits.upstreamTimeoutMs;
  }
}

/** RFC 9110 section 15.4.5. */
const ofNotModified =
  /^(?:cache-control|content-location|date|etag|expires|vary|last-modified|access-control-.*)$/i;

function linesOf({ fields }: ResponseHead): (readonly [name: string, value: string])[] {
  return fields.names.map((name, i) => [name, fields.values[i] as string]);
}

function notModified(head: ResponseHead): ResponseHead {
  return ownHead(
    304,
    linesOf(head).filter(([name]) => ofNotModified.test(name)),
    undefined,
  );
}

function partOf(head: ResponseHead, { start, end }: ByteRange, size: number): ResponseHead {
  const range = ['Content-Range', `bytes ${start}-${end - 1}/${size}`] as const;
  return ownHead(206, [...linesOf(head), range], end - start);
}

function unsatisfiable(size: number): ResponseHead {
  return ownHead(416, [['Content-Range', `bytes */${size}`]], 0);
}
