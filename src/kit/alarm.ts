/**
 * Calls back at the planned times of a schedule, by the clock on the wall, which people and NTP set, and which runs on while
 * the machine sleeps. Whatever it does, no planned time is called twice, and many that passed at once are one call.
 */
import type { Clock } from './clock.ts';
import type { Schedule } from './cron.ts';

export interface Due {
  /** The planned time that has come; the newest, when several have. */
  readonly planned: number;
  /** It came so long ago that it was missed rather than late. */
  readonly isMissed: boolean;
  /** How many were missed, with this one if it was; at most `COUNT_LIMIT`. */
  readonly missed: number;
  /** The first of those that were missed. */
  readonly missedSince: number | null;
}

export interface AlarmOptions {
  readonly clock: Clock;
  readonly schedule: Schedule;
  /** The last planned time that was dealt with; now, when there was none. */
  readonly since: number;
  onDue(due: Due): void;
}

/** Timers stand still while the machine sleeps, so the clock is looked at this often. */
const LOOK_MS = 30_000;
/** A busy machine may be late; what was planned longer ago was missed. */
const LATE_MS = 60_000;
/** Set back further than this, the clock was wrong before: what was planned then does not count. See cron(8). */
const SET_BACK_MS = 3 * 60 * 60 * 1000;
export const COUNT_LIMIT = 1000;

export class Alarm {
  readonly #options: AlarmOptions;
  #since: number;
  #next: number | null;
  #cancel: (() => void) | null = null;
  #closed = false;

  /** What is due already is called soon, not before this returns. */
  constructor(options: AlarmOptions) {
    this.#options = options;
    this.#since = options.since;
    this.#next = options.schedule.next(options.since);
    this.#cancel = options.clock.after(0, () => this.#look());
  }

  /** When it is going to call next; null: never. */
  get next(): number | null {
    return this.#next;
  }

  close(): void {
    this.#closed = true;
    this.#cancel?.();
    this.#cancel = null;
  }

  #look(): void {
    const { clock, schedule, onDue } = this.#options;
    const now = clock.now();
    if (now < this.#since - SET_BACK_MS) {
      this.#since = now - 1;
      this.#next = schedule.next(this.#since);
    }
    if (this.#next !== null && now >= this.#next) {
      const due = this.#due(now, this.#next);
      this.#since = due.planned;
      this.#next = schedule.next(due.planned);
      onDue(due);
    }
    if (this.#closed) return;
    const wait = this.#next === null ? LOOK_MS : Math.min(LOOK_MS, this.#next - now);
    this.#cancel = clock.after(Math.max(1, wait), () => this.#look());
  }

  #due(now: number, first: number): Due {
    const { schedule } = this.#options;
    const planned = Math.max(first, schedule.latest(now) ?? first);
    const missed = schedule.count(this.#since, now - LATE_MS, COUNT_LIMIT);
    return {
      planned,
      isMissed: planned <= now - LATE_MS,
      missed,
      missedSince: missed > 0 ? first : null,
    };
  }
}
