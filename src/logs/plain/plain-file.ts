/**
 * One plain file, which others may move, remove or cut at any time. The log itself has every line; so here lines are lost,
 * and counted, when the disk is full or too slow, and nobody ever waits.
 */
import { closeSync, fstatSync, ftruncateSync, write, writeSync } from 'node:fs';
import { promisify } from 'node:util';
import type { Clock } from '../../kit/clock.ts';
import { countLines } from '../record.ts';
import { openPlain } from './open-plain.ts';

const NEWLINE = 10;
const RETRY_MS = 1000;
const TELL_MS = 60_000;
/** How often to look whether the file was removed. One that was only moved is written to until `reopen`, see logrotate(8). */
const LOOK_MS = 500;
/** A write that takes longer than this is followed by ones in the background for a while. */
const SLOW_MS = 100;
const SLOW_MODE_MS = 10_000;
const MOST_QUEUED = 4 * 1024 * 1024;
const writeLater = promisify(write);

export class PlainFile {
  readonly path: string;
  readonly #clock: Clock;
  readonly #onLost: (lines: number, reason: string) => void;
  #fd: number | undefined;
  #lookAt = 0;
  /** After a failure: not before this time. */
  #retryAt = 0;
  #lost = 0;
  #reason = '';
  /** While it goes on failing, that is told again and again, with what was lost since. */
  #tellAt = 0;
  /** A write ended within a line. */
  #torn = false;
  #slowUntil = 0;
  #queue: Buffer[] = [];
  #queuedBytes = 0;
  #working: Promise<void> | undefined;

  constructor(path: string, clock: Clock, onLost: (lines: number, reason: string) => void) {
    this.path = path;
    this.#clock = clock;
    this.#onLost = onLost;
  }

  /** The bytes are used within the call, or copied. */
  write(bytes: Buffer): void {
    if (bytes.length === 0) return;
    const now = this.#clock.now();
    if (now < this.#retryAt || this.#queuedBytes > MOST_QUEUED) {
      this.#lost += countLines(bytes);
      if (this.#queuedBytes > MOST_QUEUED) this.#reason = 'the disk is too slow';
    } else if (this.#working || now < this.#slowUntil) {
      this.#queue.push(Buffer.from(bytes));
      this.#queuedBytes += bytes.length;
      this.#working ??= this.#work();
    } else {
      const begun = performance.now();
      this.#writeNow(bytes);
      if (performance.now() - begun > SLOW_MS) this.#slowUntil = now + SLOW_MODE_MS;
    }
  }

  /** Makes it, so that whoever wants to look into it finds it. When it cannot be made, the next write will say so. */
  make(): void {
    try {
      this.#open();
    } catch {
      this.#retryAt = 0;
    }
  }

  /** Removes what is in it. */
  empty(): void {
    this.make();
    if (this.#fd !== undefined) ftruncateSync(this.#fd);
    this.#torn = false;
  }

  /** Somebody has moved it away, and wants a new one of the name. It is there when this returns, if it can be made. */
  reopen(): void {
    this.#release();
    this.make();
  }

  async close(): Promise<void> {
    await this.#working;
    this.#release();
    this.#tellLost();
  }

  #writeNow(bytes: Buffer): void {
    let done = 0;
    try {
      this.#prepare();
      while (done < bytes.length) done += writeSync(this.#open(), bytes, done);
      this.#tellLost();
    } catch (error) {
      this.#failed(bytes, done, error);
    }
  }

  async #work(): Promise<void> {
    while (this.#queue.length > 0) {
      const bytes = Buffer.concat(this.#queue);
      this.#queue = [];
      let done = 0;
      try {
        this.#prepare();
        while (done < bytes.length) done += (await writeLater(this.#open(), bytes, done)).bytesWritten;
        this.#tellLost();
      } catch (error) {
        this.#failed(bytes, done, error);
      }
      this.#queuedBytes -= bytes.length;
    }
    this.#working = undefined;
  }

  /** Opens it when it was removed, and ends a line that was begun. */
  #prepare(): void {
    const now = this.#clock.now();
    if (this.#fd !== undefined && now >= this.#lookAt) {
      this.#lookAt = now + LOOK_MS;
      if (fstatSync(this.#fd).nlink === 0) this.#release();
    }
    if (!this.#torn) return;
    writeSync(this.#open(), '\n');
    this.#torn = false;
  }

  #open(): number {
    if (this.#fd === undefined) {
      this.#fd = openPlain(this.path);
      this.#lookAt = this.#clock.now() + LOOK_MS;
    }
    return this.#fd;
  }

  #failed(bytes: Buffer, done: number, error: unknown): void {
    this.#lost += countLines(bytes.subarray(done));
    this.#reason = error instanceof Error ? error.message : String(error);
    if (this.#clock.now() >= this.#tellAt) {
      this.#tellAt = this.#clock.now() + TELL_MS;
      this.#tellLost();
    }
    if (done > 0) this.#torn = bytes[done - 1] !== NEWLINE;
    this.#retryAt = this.#clock.now() + RETRY_MS;
    this.#release();
  }

  #release(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }

  #tellLost(): void {
    const lost = this.#lost;
    this.#lost = 0;
    if (lost > 0) this.#onLost(lost, this.#reason);
  }
}
