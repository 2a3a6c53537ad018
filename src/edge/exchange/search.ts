/**
 * The way of one request through a pool: to which target it goes, what it waits for, and whether it may go on to the next when
 * one has failed. Carries nothing.
 */
import { Affinity } from '../affinity.ts';
import type { Edge } from '../edge.ts';
import { type Failure, mayRepeat } from '../failure.ts';
import type { Waiter, WaitingFor } from '../hold.ts';
import type { RequestHead } from '../http1/request-head.ts';
import type { ResponseHead } from '../http1/response-head.ts';
import { networkOf } from '../network.ts';
import type { Pool } from '../pool.ts';
import type { Choice } from '../routes.ts';
import type { Target } from '../target.ts';
import type { Shipment } from './shipment.ts';

/** A request at which a second instance dies is perhaps what kills them: it is not sent to a third. */
const DEATHS_MAX = 2;
const NONE: readonly Target[] = [];

export class Search {
  pool: Pool;
  affinity: Affinity;
  /** Where it is now. */
  target: Target | undefined;
  /** The next connection must be a new one. */
  fresh = false;
  lastFailure: Failure | undefined;
  waitsFor: WaitingFor = 'target';
  /** The id of the target where it was last. */
  by = '';
  /** Field lines for an answer of this pool. */
  #lines: string;
  readonly #edge: Edge;
  readonly #head: RequestHead;
  readonly #ip: string;
  readonly #waiter: Waiter;
  /** It is in the queue of its pool. */
  #queued = false;
  #tried: readonly Target[] = NONE;
  /** Instances that died, or seemed to, while they had this request. */
  #deaths = 0;
  /** Its idle connection died: it goes there once more. */
  #again: Target | undefined;
  /** It counts among those that its pool has in flight. */
  #inside = false;
  /** The budget of its pool has got its share of it. */
  #earned = false;
  /** Its number, if it finds out whether its target is well again; else 0. */
  #probe = 0;
  /** Until when it may wait, once it has waited; 0 = it has not. */
  #targetUntil = 0;
  #roomUntil = 0;

  /**
   * @param ip of the client, after trust
   * @param waiter is woken, or sent away, while it waits
   */
  constructor(edge: Edge, choice: Choice<Pool>, head: RequestHead, ip: string, waiter: Waiter) {
    this.#edge = edge;
    this.#head = head;
    this.#ip = ip;
    this.#waiter = waiter;
    this.pool = choice.pool;
    this.#lines = choice.lines;
    this.affinity = new Affinity(head, ip, choice.pool);
  }

  /** Where it has been in vain may be worth another try. */
  renew(): void {
    this.#tried = NONE;
  }

  /** The table leads it elsewhere, perhaps. */
  enter({ pool, lines }: Choice<Pool>): void {
    this.#lines = lines;
    if (pool === this.pool) return;
    this.#goFromQueue();
    this.pool = pool;
    this.affinity = new Affinity(this.#head, this.#ip, pool);
    this.#earned = false;
  }

  /** Goes to the next target, if there is one and there is room; or says what for it has to wait. */
  next(): Target | undefined {
    const { pool } = this;
    const { now } = this.#edge.sweeper;
    const again = this.#again?.state === 'ready' ? this.#again : undefined;
    this.#again = undefined;
    const target = again ?? pool.pick(this.affinity, this.#tried, now);
    if (!target) {
      this.waitsFor = 'target';
      return undefined;
    }
    if (!this.#inside) {
      if (pool.full) {
        this.waitsFor = 'room';
        return undefined;
      }
      this.#inside = true;
      pool.enter();
    }
    this.#goFromQueue();
    this.fresh = again !== undefined;
    this.#probe = pool.ward.begun(target, now);
    this.target = target;
    this.by = target.id;
    target.requests++;
    return target;
  }

  /** It is sent now. Only then does it earn its share of a retry: what is turned away says nothing of what the app can bear. */
  sending(): void {
    if (this.#earned) return;
    this.#earned = true;
    this.pool.retries.earn();
  }

  /** Lines up. Returns until when it may wait, in the sweeper's time; 0 = it may not. */
  wait(): number {
    const { waiting, plan } = this.pool;
    const { now } = this.#edge.sweeper;
    const limits = this.waitsFor === 'target' ? plan.hold : plan.rules.inFlight;
    if (!limits || limits.timeoutMs === 0) return 0;
    // Who is in the queue already has its place.
    const network = networkOf(this.#ip);
    if (!this.#queued && !waiting.hasPlaceFor(network, limits.maxWaiting)) return 0;
    this.#goOutside();
    this.#queued = true;
    waiting.add(this.#waiter, this.waitsFor, network);
    if (this.waitsFor === 'target') {
      this.#targetUntil ||= now + limits.timeoutMs;
      return this.#targetUntil;
    }
    this.#roomUntil ||= now + limits.timeoutMs;
    return this.#roomUntil;
  }

  /** Its target has failed. `reused`: on a connection that had carried another request before. */
  failed(failure: Failure, reused: boolean): void {
    const target = this.target as Target;
    if (this.pool.ward.failed(target, failure, reused, this.#edge.sweeper.now, this.#probe)) this.#probe = 0;
    this.#goFromTarget();
    this.lastFailure = failure;
    // An idle connection that died says nothing about its target.
    if (reused) this.#again = target;
    else this.#tried = [...this.#tried, target];
    if (failure.retryable === 'if-safe' && !reused) this.#deaths++;
  }

  /** Whether the request may be sent once more after that; if so, it will be. */
  mayGoOn(failure: Failure, shipment: Shipment): boolean {
    if (shipment.lost || this.#deaths >= DEATHS_MAX) return false;
    if (!mayRepeat(failure, this.#head.method, shipment.bodySent)) return false;
    // What no app has seen costs no app anything.
    return failure.retryable === 'always' || this.pool.retries.spend(this.#edge.sweeper.now);
  }

  /** Field lines that the answer of the target gets, so that the client comes back to it. */
  answerLines(secure: boolean): string {
    return this.affinity.cookieLine(this.target as Target, secure) + this.#lines;
  }

  /** Reads what the answer says about sessions. */
  read(buffer: Buffer, from: number, to: number): void {
    this.affinity.read(this.target as Target, buffer, from, to, this.#edge.sweeper.now);
  }

  /** The whole answer is there, or one has begun that may never end. */
  answered(status: number): void {
    const target = this.target as Target;
    const { now } = this.#edge.sweeper;
    this.pool.ward.answered(target, status, now, this.#probe);
    this.#probe = 0;
    if (status === 200 || status === 101) this.affinity.confirm(target, now);
  }

  /** The session of this request may live elsewhere: the answer says so, and it can be asked there. */
  isElsewhere({ status }: ResponseHead, shipment: Shipment): boolean {
    if (shipment.lost) return false;
    return this.affinity.isElsewhere(status, this.target as Target, this.#tried, this.#edge.sweeper.now);
  }

  /** Goes on to another target than this one. */
  passBy(): void {
    const target = this.target as Target;
    this.#goFromTarget();
    this.#tried = [...this.#tried, target];
  }

  /** The connection to the target is not a request any more. Returns the target: who holds on to it tells the edge when that is over. */
  handOver(): Target {
    const target = this.target as Target;
    this.target = undefined;
    this.#goOutside();
    return target;
  }

  /** Gives up its place, wherever that is. */
  leave(): void {
    this.#goFromQueue();
    this.#goFromTarget();
    this.#goOutside();
  }

  #goFromTarget(): void {
    const { target } = this;
    if (!target) return;
    this.target = undefined;
    if (this.#probe !== 0) this.pool.ward.untold(target, this.#edge.sweeper.now, this.#probe);
    this.#probe = 0;
    this.#edge.leave(target);
  }

  #goFromQueue(): void {
    if (!this.#queued) return;
    this.#queued = false;
    this.pool.waiting.remove(this.#waiter);
  }

  #goOutside(): void {
    if (!this.#inside) return;
    this.#inside = false;
    this.pool.leave();
  }
}
