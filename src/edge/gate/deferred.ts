/** A request that has to wait before anybody takes it up: what comes of its body meanwhile is kept, and its client waits with more. */
import { type Answering, READ_AHEAD_BYTES } from '../client-side.ts';
import type { Refusal } from '../http1/refusal.ts';
import { type Saying, sayingOf } from './gate.ts';
import type { Visit } from './visit.ts';

/** Who answers in the end. `requestDone`: all of the request is there. */
export type Next = (requestDone: boolean) => Answering;

/** What a request waits for. */
export interface Delay {
  /** The longest wait, in ms; 0 = as long as it takes. */
  readonly timeoutMs: number;
  /** What is said when that is over. */
  readonly late: Saying;
  /**
   * Calls one of the first two once, and not before it has returned: `go` when the wait is over, `giveUp` when it will never be.
   * `extend`, at any time before: the longest wait begins anew. The function returned takes the request out of the wait.
   */
  begin(go: (next: Next) => void, giveUp: () => void, extend: () => void): () => void;
}

export class Deferred implements Answering {
  readonly #visit: Visit;
  readonly #delay: Delay;
  #requestDone: boolean;
  #kept: Buffer = Buffer.alloc(0);
  #inner: Answering | undefined;
  /** Undefined when it does not wait, or not any more. */
  #leave: (() => void) | undefined;

  constructor(visit: Visit, requestDone: boolean, delay: Delay) {
    this.#visit = visit;
    this.#requestDone = requestDone;
    this.#delay = delay;
  }

  begin(buffer: Buffer, from: number, to: number): void {
    const { side } = this.#visit;
    this.#kept = Buffer.from(buffer.subarray(from, to));
    this.#leave = this.#delay.begin(
      (next) => side.channel.guard(() => this.#go(next)),
      () => side.channel.guard(() => this.#late()),
      () => this.#extend(),
    );
    this.#extend();
  }

  #extend(): void {
    const { side } = this.#visit;
    const { timeoutMs } = this.#delay;
    if (timeoutMs > 0) side.deadline = side.edge.sweeper.now + timeoutMs;
  }

  more(buffer: Buffer, from: number, to: number, done: boolean): void {
    if (this.#inner) {
      this.#inner.more(buffer, from, to, done);
      return;
    }
    this.#kept = Buffer.concat([this.#kept, buffer.subarray(from, to)]);
    this.#requestDone = done;
    if (!done && this.#kept.length >= READ_AHEAD_BYTES) this.#visit.side.channel.pause();
  }

  refuse(refusal: Refusal): void {
    if (this.#inner) this.#inner.refuse(refusal);
    else this.#say(sayingOf(refusal), false);
  }

  abandon(): void {
    if (this.#inner) {
      this.#inner.abandon();
      return;
    }
    if (!this.#over()) return;
    this.#visit.arrived();
    this.#visit.left(499, 0, 'client left');
  }

  expire(): void {
    if (this.#inner) this.#inner.expire();
    else this.#late();
  }

  clientDrained(): void {
    this.#inner?.clientDrained();
  }

  #late(): void {
    this.#say(this.#delay.late, this.#requestDone);
  }

  #go(next: Next): void {
    if (!this.#over()) return;
    this.#inner = next(this.#requestDone);
    const kept = this.#kept;
    this.#kept = Buffer.alloc(0);
    this.#inner.begin(kept, 0, kept.length);
  }

  #say(saying: Saying, requestDone: boolean): void {
    if (!this.#over()) return;
    this.#visit.arrived();
    this.#visit.say(saying, requestDone);
  }

  /** Ends the wait; false: it had ended before. */
  #over(): boolean {
    const leave = this.#leave;
    this.#leave = undefined;
    if (!leave) return false;
    this.#visit.side.deadline = 0;
    leave();
    return true;
  }
}
