/**
 * The queue of one pool, in the order in which requests came: of those that no target is ready for, and of those for which the
 * app has too many others at the moment. They are one queue, because a request may have to wait for both.
 */
export interface Waiter {
  /** Something has changed: try again, and stay in the queue if need be. */
  wake(): void;
  /** Its place is somebody else's: it has to leave the queue. */
  yieldPlace(): void;
}

/** target: one that is ready. room: that another request ends. */
export type WaitingFor = 'target' | 'room';

interface Place {
  readonly reason: WaitingFor;
  /** See `networkOf`. */
  readonly network: string;
}

export class HoldQueue {
  readonly #waiters = new Map<Waiter, Place>();
  /** Places by network. */
  readonly #counts = new Map<string, number>();
  /** The network that had the most places when it got its last. */
  #largest = '';

  get size(): number {
    return this.#waiters.size;
  }

  /**
   * Whether there is a place for somebody of this network. When all are taken, a network that has more than half of them gives
   * up its last one to another: nobody fills the queue alone.
   */
  hasPlaceFor(network: string, most: number): boolean {
    if (this.size !== most) return this.size < most;
    const count = this.#counts.get(this.#largest) ?? 0;
    if (network === this.#largest || count < 2 || count * 2 <= most) return false;
    let last: Waiter | undefined;
    for (const [waiter, place] of this.#waiters) if (place.network === this.#largest) last = waiter;
    last?.yieldPlace();
    return this.size < most;
  }

  /** Lines up, or stays where it is and waits for something else now. */
  add(waiter: Waiter, reason: WaitingFor, network: string): void {
    if (!this.#waiters.has(waiter)) this.#count(network, 1);
    this.#waiters.set(waiter, { reason, network });
  }

  /** It has what it waited for, or does not wait any more. */
  remove(waiter: Waiter): void {
    const place = this.#waiters.get(waiter);
    if (!place) return;
    this.#waiters.delete(waiter);
    this.#count(place.network, -1);
  }

  #count(network: string, more: number): void {
    const count = (this.#counts.get(network) ?? 0) + more;
    if (count === 0) this.#counts.delete(network);
    else this.#counts.set(network, count);
    if (more > 0 && count > (this.#counts.get(this.#largest) ?? 0)) this.#largest = network;
  }

  /** Everybody tries again. */
  wakeAll(): void {
    for (const waiter of [...this.#waiters.keys()]) if (this.#waiters.has(waiter)) waiter.wake();
  }

  /** Those who wait for room try again, as long as there is any. */
  admit(hasRoom: () => boolean): void {
    for (const [waiter, { reason }] of this.#waiters) {
      if (reason !== 'room') continue;
      if (!hasRoom()) return;
      waiter.wake();
    }
  }
}
