/** One copy of a request, on its way to the app that is to see it. Its answer is read and forgotten; it is not tried again. */
import { Affinity } from '../affinity.ts';
import type { Caller, Carriage } from '../carriage.ts';
import type { Edge } from '../edge.ts';
import type { Client } from '../forwarded.ts';
import type { RequestWriter } from '../headers.ts';
import type { RequestHead } from '../http1/request-head.ts';
import type { ResponseHead } from '../http1/response-head.ts';
import type { Pool } from '../pool.ts';
import type { Sweepable } from '../sweeper.ts';
import type { Target } from '../target.ts';
import type { Upstream } from '../upstream.ts';

/** From its beginning to the end of its answer. */
const TIME_MS = 30_000;

export type CopyOutcome = 'answered' | 'failed' | 'leftOut';

export class Copy implements Caller, Sweepable {
  deadline = 0;
  readonly #edge: Edge;
  readonly #pool: Pool;
  readonly #done: (how: CopyOutcome) => void;
  #target: Target | undefined;
  #carriage: Carriage | undefined;
  #open: ((carriage: Carriage) => void) | undefined;

  constructor(edge: Edge, pool: Pool, done: (how: CopyOutcome) => void) {
    this.#edge = edge;
    this.#pool = pool;
    this.#done = done;
  }

  send(requests: RequestWriter, head: RequestHead, client: Client, body: Buffer): void {
    const { sweeper } = this.#edge;
    const pool = this.#pool;
    const target = pool.full ? undefined : pool.pick(new Affinity(head, client.ip, pool), [], sweeper.now);
    if (!target) {
      this.#done('leftOut');
      return;
    }
    this.#target = target;
    pool.enter();
    target.requests++;
    this.deadline = sweeper.now + TIME_MS;
    sweeper.add(this);
    this.#open = (carriage) => carriage.open(requests, head, client, false, body, true);
    const idle = target.connections.takeIdle(this);
    this.#carriage = idle ?? target.connections.connect(this, client);
    if (idle) this.onConnected();
  }

  onConnected(): void {
    if (this.#carriage) this.#open?.(this.#carriage);
  }

  onInterim(): void {}

  onAnswer(_head: ResponseHead, _buffer: Buffer, _from: number, _to: number, done: boolean): void {
    if (done) this.#finish();
  }

  onAnswerBytes(_buffer: Buffer, _from: number, _to: number, done: boolean): void {
    if (done) this.#finish();
  }

  /** Nobody has asked for that. */
  onSwitch(_head: ResponseHead, upstream: Upstream): void {
    upstream.abandon();
    this.#end('failed');
  }

  onUpstreamDrain(): void {}

  onFailure(): void {
    this.#end('failed');
  }

  expire(): void {
    this.#carriage?.abandon();
    this.#end('failed');
  }

  #finish(): void {
    this.#carriage?.release(true);
    this.#end('answered');
  }

  #end(how: CopyOutcome): void {
    const target = this.#target;
    this.#carriage = undefined;
    this.#open = undefined;
    this.#target = undefined;
    this.#edge.sweeper.remove(this);
    if (!target) return;
    this.#pool.leave();
    this.#edge.leave(target);
    this.#done(how);
  }
}
