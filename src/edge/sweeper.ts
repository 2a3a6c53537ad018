/**
 * Deadlines of many connections under one coarse timer: a timer a request would cost more than everything else that
 * the edge does for it. Times are right to one tick.
 */
import type { Clock } from '../kit/clock.ts';

export const TICK_MS = 200;

export interface Sweepable {
  /** In the sweeper's time; 0 = none. */
  deadline: number;
  /** The deadline has passed; it was set to 0 before. */
  expire(): void;
}

export class Sweeper {
  /** Milliseconds since the epoch at the last tick: time for deadlines, without asking the system for it. */
  now: number;
  readonly #clock: Clock;
  readonly #items = new Set<Sweepable>();
  readonly #eachTick: () => void;
  readonly #fail: (error: unknown) => void;
  #cancel: (() => void) | undefined;

  /** Begins at once. `eachTick` runs after the deadlines; `fail` gets what they throw. */
  constructor(clock: Clock, eachTick: () => void, fail: (error: unknown) => void) {
    this.#clock = clock;
    this.#eachTick = eachTick;
    this.#fail = fail;
    this.now = clock.now();
    this.#start();
  }

  add(item: Sweepable): void {
    this.#items.add(item);
  }

  remove(item: Sweepable): void {
    this.#items.delete(item);
  }

  close(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#items.clear();
  }

  #start(): void {
    this.now = this.#clock.now();
    this.#cancel = this.#clock.after(TICK_MS, () => this.#tick());
  }

  #tick(): void {
    this.#start();
    for (const item of this.#items) {
      if (item.deadline === 0 || item.deadline > this.now) continue;
      item.deadline = 0;
      this.#guard(() => item.expire());
    }
    this.#guard(this.#eachTick);
  }

  #guard(action: () => void): void {
    try {
      action();
    } catch (error) {
      this.#fail(error);
    }
  }
}
