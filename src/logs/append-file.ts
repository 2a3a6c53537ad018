/**
 * One growing log file, with its rotation: opened when first needed, opened again when somebody removed, moved or cut
 * it, set aside when full. It always ends with a whole record, also when the disk was full in the middle of one.
 */
import {
  closeSync,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readSync,
  statSync,
  write,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import type { LogPlan } from '../config/plan.ts';
import type { Clock } from '../kit/clock.ts';
import type { HomeCap } from './home-cap.ts';
import { isAbsurd, type Period, periodEnd } from './period.ts';
import { compressRotated, prune, rotateSize, setAside, tidy } from './rotation.ts';

/** How many bytes (of whole records) are in the file; with `error` when not all are. */
export interface Appended {
  readonly bytes: number;
  readonly error?: Error;
}

const NEWLINE = 10;
const newline = Buffer.of(NEWLINE);
/** How often to look whether the name still means the file that is open. */
const LOOK_MS = 200;
const ROTATE_AGAIN_MS = 10_000;
const writeLater = promisify(write);

export class AppendFile {
  readonly #path: string;
  readonly #clock: Clock;
  readonly #home: HomeCap | undefined;
  readonly #abort = new AbortController();
  #plan: LogPlan;
  #fd: number | undefined;
  #size = 0;
  #lookAt = 0;
  #rotateAt = 0;
  /** When the hour or day is over in which the file was begun; undefined until somebody asks. */
  #periodEnd: number | undefined;
  /** The end of the file is not the end of a record. */
  #torn = false;
  #tidied = false;

  constructor(path: string, plan: LogPlan, clock: Clock, home?: HomeCap) {
    this.#path = path;
    this.#plan = plan;
    this.#clock = clock;
    this.#home = home;
    home?.joined();
  }

  configure(plan: LogPlan): void {
    this.#plan = plan;
    this.#periodEnd = undefined;
  }

  /** Writes records before it returns. */
  append(records: Buffer): Appended {
    let done = 0;
    try {
      while (done < records.length) {
        const end = this.#nextEnd(records, done);
        while (done < end) {
          const written = writeSync(this.#open(), records, done, end - done);
          done += written;
          this.#size += written;
        }
      }
      this.#home?.grown(done);
      return { bytes: done };
    } catch (error) {
      return { bytes: this.#keepWhole(records, done), error: error as Error };
    }
  }

  /** The same in the background. Not to be mixed with `append` before it is done. */
  async appendLater(records: Buffer): Promise<Appended> {
    let done = 0;
    try {
      while (done < records.length) {
        const end = this.#nextEnd(records, done);
        while (done < end) {
          const { bytesWritten } = await writeLater(this.#open(), records, done, end - done);
          done += bytesWritten;
          this.#size += bytesWritten;
        }
      }
      this.#home?.grown(done);
      return { bytes: done };
    } catch (error) {
      return { bytes: this.#keepWhole(records, done), error: error as Error };
    }
  }

  /** Stops the work in the background too; what is half compressed is done by the next writer. */
  close(): void {
    if (!this.#abort.signal.aborted) this.#home?.left();
    this.#abort.abort();
    this.#release();
  }

  /** How far to write into the current file, rotating first when it has no room; at the end of a record. */
  #nextEnd(records: Buffer, from: number): number {
    this.#look();
    if (this.#plan.rotateEvery !== null) this.#rotateByTime(this.#plan.rotateEvery);
    const limit = Math.min(rotateSize(this.#plan), this.#home?.share ?? Number.POSITIVE_INFINITY);
    if (this.#size + records.length - from <= limit) return records.length;
    if (this.#clock.now() < this.#rotateAt) return records.length;
    const fitting = records.lastIndexOf(NEWLINE, from + limit - this.#size - 1) + 1;
    if (this.#size < limit && fitting > from) return fitting;
    if (this.#size > 0) {
      this.#rotate(this.#clock.now());
      return this.#nextEnd(records, from);
    }
    return records.indexOf(NEWLINE, from) + 1;
  }

  /** With the first record of a new hour or day. The name tells the last moment of the period that is in the file. */
  #rotateByTime(every: Period): void {
    const now = this.#clock.now();
    if (this.#periodEnd === undefined || isAbsurd(this.#periodEnd, now, every)) {
      // What an earlier writer left may be of another day.
      const writtenAt = this.#size > 0 ? fstatSync(this.#open()).mtimeMs : now;
      this.#periodEnd = periodEnd(Math.min(writtenAt, now), every);
    }
    if (now < this.#periodEnd || now < this.#rotateAt) return;
    if (this.#size > 0) this.#rotate(this.#periodEnd - 1);
    this.#periodEnd = periodEnd(now, every);
  }

  /** @param until the last moment that is in the file */
  #rotate(until: number): void {
    this.#release();
    try {
      setAside(this.#path, until);
      prune(this.#path, this.#plan);
    } catch {
      // The directory cannot be written to: better a file that is too large than lines that are lost.
      this.#rotateAt = this.#clock.now() + ROTATE_AGAIN_MS;
    }
    this.#open();
    this.#compress();
  }

  /** Takes notice of what others did to the file. */
  #look(): void {
    const now = this.#clock.now();
    if (this.#fd !== undefined && now >= this.#lookAt) {
      const mine = fstatSync(this.#fd);
      const named = statSync(this.#path, { throwIfNoEntry: false });
      if (named?.ino !== mine.ino || named.dev !== mine.dev) this.#release();
      this.#size = mine.size;
      this.#lookAt = now + LOOK_MS;
    }
    this.#open();
  }

  #open(): number {
    if (this.#fd !== undefined) return this.#fd;
    mkdirSync(dirname(this.#path), { recursive: true, mode: 0o700 });
    const fd = openSync(this.#path, 'a+', 0o600);
    this.#fd = fd;
    this.#size = fstatSync(fd).size;
    this.#lookAt = this.#clock.now() + LOOK_MS;
    if (this.#torn || endsTorn(fd, this.#size)) {
      this.#size += writeSync(fd, newline);
      this.#torn = false;
    }
    if (!this.#tidied) {
      this.#tidied = true;
      tidy(this.#path);
      prune(this.#path, this.#plan);
      this.#compress();
    }
    return fd;
  }

  #release(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }

  #compress(): void {
    if (this.#plan.compress) void compressRotated(this.#path, this.#abort.signal);
  }

  /** After a failure in the middle: cuts off the begun record, and tells how much is there. */
  #keepWhole(records: Buffer, done: number): number {
    const whole = done === 0 ? 0 : records.lastIndexOf(NEWLINE, done - 1) + 1;
    if (done > whole && this.#fd !== undefined) {
      try {
        // From the real size, because somebody may have cut the file meanwhile.
        ftruncateSync(this.#fd, Math.max(0, fstatSync(this.#fd).size - (done - whole)));
      } catch {
        this.#torn = true;
      }
    }
    // Opened anew for the next attempt: the directory may be another one by then.
    this.#release();
    return whole;
  }
}

/** A process that was killed while it wrote, or somebody with an editor, has left half a line. */
function endsTorn(fd: number, size: number): boolean {
  if (size === 0) return false;
  const last = Buffer.alloc(1);
  return readSync(fd, last, 0, 1, size - 1) === 1 && last[0] !== NEWLINE;
}
