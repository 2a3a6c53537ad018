/**
 * History on disk: frames are appended to files of their tier, at most once a minute; files that are older than what the tier shows are removed. A
 * file is written by one daemon only, so that a damaged one is never gone on with.
 */
import { appendFileSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../kit/clock.ts';
import { decodeFrames, encodeFrame } from './frame-format.ts';
import { TIERS } from './measures.ts';
import type { Frame } from './recorder.ts';

const WRITE_MS = 60_000;
/** Files of a tier that are begun in the time that it shows. */
const PIECES = 6;
/** Of a tier, however often the daemon is started anew: then the oldest go. */
const MOST_FILES = 60;
const DAMAGED = 'damaged';

export interface ArchiveOptions {
  readonly dir: string;
  readonly clock: Clock;
  /** A file was put aside; what is good of it is used. */
  onDamaged(file: string): void;
  /** It cannot be written; told once, until it works again. */
  onUnsaved(error: Error): void;
}

export class Archive {
  readonly #options: ArchiveOptions;
  readonly #files: (OpenFile | undefined)[] = [];
  #waiting: Frame[] = [];
  #cancel: (() => void) | undefined;
  #writtenAt = Number.NEGATIVE_INFINITY;
  #isTold = false;

  constructor(options: ArchiveOptions) {
    this.#options = options;
  }

  /** What was kept, oldest first within each tier. */
  async load(put: (frame: Frame) => void): Promise<void> {
    const { dir, clock, onDamaged } = this.#options;
    for (const [i, { stepMs }] of TIERS.entries()) {
      for (const name of this.#names(i)) {
        const path = join(dir, name);
        const { frames, isDamaged } = decodeFrames(await readFile(path).catch(() => Buffer.alloc(0)));
        // What is of the future was written when the clock was wrong.
        for (const frame of frames) if (frame.tier === i && frame.number * stepMs <= clock.now()) put(frame);
        if (!isDamaged) continue;
        // What is good of it is in memory; of damaged ones only the last is kept, to be looked at.
        quietly(() => renameSync(path, join(dir, DAMAGED)));
        onDamaged(path);
      }
    }
  }

  add(frames: readonly Frame[]): void {
    if (frames.length === 0) return;
    this.#waiting.push(...frames);
    const { clock } = this.#options;
    const sinceMs = Math.max(0, clock.now() - this.#writtenAt);
    this.#cancel ??= clock.after(Math.max(0, WRITE_MS - sinceMs), () => this.#write());
  }

  close(): void {
    if (this.#waiting.length > 0) this.#write();
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #write(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#writtenAt = this.#options.clock.now();
    const frames = this.#waiting;
    this.#waiting = [];
    try {
      mkdirSync(this.#options.dir, { recursive: true, mode: 0o700 });
      for (const [i] of TIERS.entries()) {
        const own = frames.filter(({ tier }) => tier === i);
        if (own.length > 0)
          appendFileSync(this.#fileFor(i), Buffer.concat(own.map(encodeFrame)), { mode: 0o600 });
      }
      this.#isTold = false;
    } catch (error) {
      // What was written of a frame would be taken for damage in what follows.
      this.#files.length = 0;
      if (!this.#isTold) this.#options.onUnsaved(error as Error);
      this.#isTold = true;
    }
  }

  #fileFor(i: number): string {
    const now = this.#options.clock.now();
    const { stepMs = 0, points = 0 } = TIERS[i] ?? {};
    const known = this.#files[i];
    if (known && now >= known.begunAt && now - known.begunAt < (stepMs * points) / PIECES) return known.path;
    this.#prune(i, now - stepMs * points);
    const path = join(this.#options.dir, `${i}-${String(now).padStart(15, '0')}`);
    this.#files[i] = { path, begunAt: now };
    return path;
  }

  #prune(i: number, oldest: number): void {
    const { dir } = this.#options;
    const names = this.#names(i);
    for (const [n, name] of names.entries()) {
      const path = join(dir, name);
      const written = statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
      if (written < oldest || n < names.length - MOST_FILES) rmSync(path, { force: true });
    }
  }

  #names(i: number): string[] {
    try {
      return readdirSync(this.#options.dir)
        .filter((name) => name.startsWith(`${i}-`))
        .sort();
    } catch {
      return [];
    }
  }
}

interface OpenFile {
  readonly path: string;
  readonly begunAt: number;
}

function quietly(action: () => void): void {
  try {
    action();
  } catch {
    // It stays where it is, and is looked at again by the next daemon.
  }
}
