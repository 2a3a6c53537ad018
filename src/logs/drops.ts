/**
 * What is left out when an app writes faster than the disk takes, and `overflow: 'drop'` allows that: until when, how many lines,
 * and who is told.
 */
import type { Clock } from '../kit/clock.ts';
import { ownRecord } from './record.ts';

/** Queued bytes at which dropping begins, and at which it ends: not at once, or every second line would be missing. */
const MOST_BYTES = 8 * 1024 * 1024;
const ENOUGH_BYTES = 4 * 1024 * 1024;
const REPORT_MS = 5000;

export class Drops {
  readonly #clock: Clock;
  readonly #report: (count: number) => void;
  #dropping = false;
  /** Not yet said in the log. */
  #unmarked = 0;
  /** Not yet reported. */
  #unreported = 0;
  #cancelReport: (() => void) | undefined;

  constructor(clock: Clock, report: (count: number) => void) {
    this.#clock = clock;
    this.#report = report;
  }

  /** Whether more may be queued when so many bytes are. */
  admits(queued: number): boolean {
    if (queued >= MOST_BYTES) this.#dropping = true;
    else if (queued <= ENOUGH_BYTES) this.#dropping = false;
    return !this.#dropping;
  }

  add(lines: number): void {
    this.#unmarked += lines;
    this.#unreported += lines;
    this.#cancelReport ??= this.#clock.after(REPORT_MS, () => this.#tell());
  }

  /** A record for the place where lines are missing; undefined when none are. */
  takeMarker(): Buffer | undefined {
    const lines = this.#unmarked;
    if (lines === 0) return undefined;
    this.#unmarked = 0;
    const text = `… ${lines.toLocaleString('en-US')} ${lines === 1 ? 'line' : 'lines'} dropped: the disk is too slow`;
    return ownRecord(this.#clock.now(), text);
  }

  close(): void {
    this.#cancelReport?.();
    this.#tell();
  }

  #tell(): void {
    this.#cancelReport = undefined;
    const lines = this.#unreported;
    this.#unreported = 0;
    if (lines > 0) this.#report(lines);
  }
}
