/**
 * Takes the records of one app to its file. Whatever is wrong with the disk, it never throws and never makes the app
 * wait for long: it drops, counts, tries again, and then says in the file how many lines are missing.
 *
 * Records are normally written within the call, because what is in this process's memory dies with it. When a write
 * takes long (a disk that stalls), the next ones go to the background for a while, so that one bad disk does not stop
 * the daemon, and the sources are told to leave the rest in their pipes; or, with `overflow: 'drop'`, lines are dropped
 * when a few megabytes wait, and the app never waits at all.
 */
import { statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import type { LogPlan } from '../config/plan.ts';
import { isSystemError } from '../errors.ts';
import { type Clock, systemClock } from '../kit/clock.ts';
import { type Appended, AppendFile } from './append-file.ts';
import type { RecordSink } from './capture.ts';
import { Drops } from './drops.ts';
import type { HomeCap } from './home-cap.ts';
import { logFile } from './log-files.ts';
import { countLines, ownRecord } from './record.ts';

export interface LogWriterOptions {
  /** The log directory; made when missing. */
  readonly dir: string;
  readonly app: string;
  readonly plan: LogPlan;
  readonly clock?: Clock;
  /** Lines begin to be dropped. */
  readonly onTrouble?: (error: Error) => void;
  /** Lines are written again; so many were dropped. */
  readonly onLost?: (count: number) => void;
  /** So many lines were dropped since the last call, because the disk is too slow (`overflow: 'drop'`). At most every few seconds. */
  readonly onDropped?: (count: number) => void;
  /** When writes take longer, the next ones go to the background; with `overflow: 'drop'`, a tenth of it does. */
  readonly slowMs?: number;
  /** The cap over all logs of the directory. */
  readonly home?: HomeCap;
}

/** Queued bytes at which sources should stop, and at which they may go on. */
const HIGH_BYTES = 1024 * 1024;
const LOW_BYTES = 256 * 1024;
const SLOW_MODE_MS = 10_000;
const RETRY_MS = 1000;
/** Free space that must be there before writing begins again, so that it does not stop again at once. */
const ROOM_BYTES = 256 * 1024;

export class LogWriter implements RecordSink {
  /** The file being written; rotated ones are beside it. */
  readonly path: string;
  readonly #options: LogWriterOptions;
  readonly #clock: Clock;
  readonly #file: AppendFile;
  readonly #drops: Drops;
  #plan: LogPlan;
  #queue: Buffer[] = [];
  #queuedBytes = 0;
  #working: Promise<void> | undefined;
  #waiting: (() => void)[] = [];
  #slowUntil = 0;
  #lastSlowAt = Number.NEGATIVE_INFINITY;
  /** Lines dropped since the trouble began. */
  #lost = 0;
  #trouble: Error | undefined;
  #cancelRetry: (() => void) | undefined;

  constructor(options: LogWriterOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.path = logFile(options.dir, options.app);
    this.#plan = options.plan;
    this.#file = new AppendFile(this.path, options.plan, this.#clock, options.home);
    this.#drops = new Drops(this.#clock, (count) => options.onDropped?.(count));
  }

  /** Takes effect with the next record. */
  configure(plan: LogPlan): void {
    this.#plan = plan;
    this.#file.configure(plan);
  }

  /** The records are used within the call, or copied. False: wait for `onceReady` before the next ones. */
  write(records: Buffer): boolean {
    if (this.#trouble) {
      this.#lost += countLines(records);
      return true;
    }
    if (this.#working || this.#clock.now() < this.#slowUntil) return this.#enqueue(records);
    const begun = performance.now();
    const appended = this.#file.append(records);
    const took = performance.now() - begun;
    const slow = this.#options.slowMs ?? 100;
    if (took > slow) this.#noteSlowWrite();
    // Nothing of it shall be felt by the app.
    else if (this.#plan.overflow === 'drop' && took > slow / 10) this.#goSlowly();
    this.#check(records, appended);
    return true;
  }

  onceReady(callback: () => void): void {
    if (this.#queuedBytes <= LOW_BYTES) queueMicrotask(callback);
    else this.#waiting.push(callback);
  }

  /** Resolves when all that was taken is in the file, or dropped. */
  async close(): Promise<void> {
    await this.#working;
    this.#cancelRetry?.();
    if (this.#trouble) this.#recover();
    this.#cancelRetry?.();
    this.#drops.close();
    this.#file.close();
  }

  #enqueue(records: Buffer): boolean {
    const mayDrop = this.#plan.overflow === 'drop';
    if (mayDrop && !this.#drops.admits(this.#queuedBytes)) {
      this.#drops.add(countLines(records));
      return true;
    }
    const marker = this.#drops.takeMarker();
    if (marker) this.#push(marker);
    this.#push(Buffer.from(records));
    this.#working ??= this.#work();
    return mayDrop || this.#queuedBytes < HIGH_BYTES;
  }

  #push(records: Buffer): void {
    this.#queue.push(records);
    this.#queuedBytes += records.length;
  }

  async #work(): Promise<void> {
    while (this.#queue.length > 0) {
      const records = Buffer.concat(this.#queue);
      this.#queue = [];
      if (this.#trouble) this.#lost += countLines(records);
      else this.#check(records, await this.#file.appendLater(records));
      this.#queuedBytes -= records.length;
      if (this.#queuedBytes <= LOW_BYTES) this.#wake();
    }
    this.#working = undefined;
    this.#markDrops();
  }

  /** Says in the file what was dropped, when no later line has done so. */
  #markDrops(): void {
    if (this.#trouble) return;
    const marker = this.#drops.takeMarker();
    if (marker) this.#check(marker, this.#file.append(marker));
  }

  /** Once may be a busy machine; twice is a slow disk. */
  #noteSlowWrite(): void {
    const now = this.#clock.now();
    if (now - this.#lastSlowAt < SLOW_MODE_MS) this.#goSlowly();
    this.#lastSlowAt = now;
  }

  #goSlowly(): void {
    this.#slowUntil = this.#clock.now() + SLOW_MODE_MS;
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const callback of waiting) callback();
  }

  #check(records: Buffer, { bytes, error }: Appended): void {
    if (!error) return;
    this.#lost += countLines(records.subarray(bytes));
    this.#trouble = error;
    this.#retryLater();
    this.#options.onTrouble?.(error);
  }

  #retryLater(): void {
    this.#cancelRetry = this.#clock.after(RETRY_MS, () => this.#recover());
  }

  /** Says in the file what is missing, if there is room again. */
  #recover(): void {
    const reason =
      isSystemError(this.#trouble) && this.#trouble.code === 'ENOSPC'
        ? 'the disk was full'
        : this.#trouble?.message;
    const lost = this.#lost;
    const text = `${lost} ${lost === 1 ? 'line is' : 'lines are'} missing here: ${reason}`;
    if (!this.#hasRoom() || this.#file.append(ownRecord(this.#clock.now(), text)).error) {
      this.#retryLater();
      return;
    }
    this.#trouble = undefined;
    this.#lost = 0;
    this.#options.onLost?.(lost);
  }

  #hasRoom(): boolean {
    try {
      const { bavail, bsize } = statfsSync(dirname(this.path));
      return bavail * bsize >= ROOM_BYTES;
    } catch {
      // The directory is gone: appending makes it anew, or fails.
      return true;
    }
  }
}
