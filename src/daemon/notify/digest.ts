/** The same thing is told once in ten minutes; what came meanwhile follows as a count. */
import type { Clock } from '../../kit/clock.ts';
import type { Notice } from './notice.ts';

export const WINDOW_MS = 600_000;
/** Keys that are remembered at a time; with more of them, all is told. */
const MOST_KEYS = 1000;

export interface Digested {
  readonly notice: Notice;
  /** How many times it has happened; above 1 it was told before. */
  readonly count: number;
}

interface Window {
  last: Notice;
  more: number;
  cancel(): void;
}

export class Digest {
  readonly #clock: Clock;
  readonly #tell: (digested: Digested) => void;
  readonly #windows = new Map<string, Window>();

  constructor(clock: Clock, tell: (digested: Digested) => void) {
    this.#clock = clock;
    this.#tell = tell;
  }

  add(notice: Notice): void {
    const { key } = notice;
    const open = this.#windows.get(key);
    if (open) {
      open.last = notice;
      open.more += 1;
      return;
    }
    if (this.#windows.size < MOST_KEYS) this.#open(notice);
    this.#tell({ notice, count: 1 });
  }

  close(): void {
    for (const { cancel } of this.#windows.values()) cancel();
    this.#windows.clear();
  }

  #open(notice: Notice): void {
    const cancel = this.#clock.after(WINDOW_MS, () => this.#end(notice.key));
    this.#windows.set(notice.key, { last: notice, more: 0, cancel });
  }

  #end(key: string): void {
    const window = this.#windows.get(key);
    this.#windows.delete(key);
    if (!window || window.more === 0) return;
    this.#open(window.last);
    this.#tell({ notice: window.last, count: window.more });
  }
}
