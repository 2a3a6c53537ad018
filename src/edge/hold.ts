/** Requests that wait because no target is ready, in the order in which they came. */
export interface Waiter {
  /** Something has changed: try again (and wait again, if need be). */
  wake(): void;
}

export class HoldQueue {
  #waiters = new Set<Waiter>();

  get size(): number {
    return this.#waiters.size;
  }

  add(waiter: Waiter): void {
    this.#waiters.add(waiter);
  }

  /** Frees the place of one that does not wait any more. */
  remove(waiter: Waiter): void {
    this.#waiters.delete(waiter);
  }

  wakeAll(): void {
    const waiters = this.#waiters;
    this.#waiters = new Set();
    for (const waiter of waiters) waiter.wake();
  }
}
