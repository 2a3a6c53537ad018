/**
 * The queue of one pool, in the order in which requests came: of those that no target is ready for, and of those for which the
 * app has too many others at the moment. They are one queue, because a request may have to wait for both.
 */
export interface Waiter {
  /** Something has changed: try again, and stay in the queue if need be. */
  wake(): void;
}

/** target: one that is ready. room: that another request ends. */
export type WaitingFor = 'target' | 'room';

export class HoldQueue {
  readonly #waiters = new Map<Waiter, WaitingFor>();

  get size(): number {
    return this.#waiters.size;
  }

  /** Lines up, or stays where it is and waits for something else now. */
  add(waiter: Waiter, reason: WaitingFor): void {
    this.#waiters.set(waiter, reason);
  }

  /** It has what it waited for, or does not wait any more. */
  remove(waiter: Waiter): void {
    this.#waiters.delete(waiter);
  }

  /** Everybody tries again. */
  wakeAll(): void {
    for (const waiter of [...this.#waiters.keys()]) if (this.#waiters.has(waiter)) waiter.wake();
  }

  /** Those who wait for room try again, as long as there is any. */
  admit(hasRoom: () => boolean): void {
    for (const [waiter, reason] of this.#waiters) {
      if (reason !== 'room') continue;
      if (!hasRoom()) return;
      waiter.wake();
    }
  }
}
