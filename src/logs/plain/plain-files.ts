/** The plain files of an app (`log.files`): which line goes into which of them, and in what style. */
import { basename, extname } from 'node:path';
import type { LogFilesPlan } from '../../config/plan.ts';
import type { Clock } from '../../kit/clock.ts';
import type { Stream } from '../record.ts';
import { PlainFile } from './plain-file.ts';
import { PlainLines } from './plain-lines.ts';

export interface PlainFilesOptions {
  readonly app: string;
  readonly plan: LogFilesPlan;
  /** How many the app shall have: one alone needs no number in its files' names. */
  readonly instances: number;
  readonly clock: Clock;
  onLost(lines: number, path: string, reason: string): void;
}

interface Way {
  readonly file: PlainFile;
  readonly lines: PlainLines;
}

/** Where ` out ` and ` err ` stand, after the time and the name of the instance. */
const AFTER_TIME = 25;
const SPACE = 32;
const LETTER_E = 'e'.charCodeAt(0);

export class PlainFiles {
  readonly #options: PlainFilesOptions;
  readonly #files = new Map<string, PlainFile>();
  /** By slot and stream. */
  readonly #ways = new Map<string, readonly Way[]>();

  constructor(options: PlainFilesOptions) {
    this.#options = options;
  }

  static areWanted({ all, out, err }: LogFilesPlan): boolean {
    return [all, out, err].some((path) => isWanted(path));
  }

  /** A process of this instance starts: its files are there from the beginning. */
  make(slot: number): void {
    for (const stream of ['out', 'err'] as const)
      for (const { file } of this.#waysOf(slot, stream)) file.make();
  }

  /** The app begins anew with this instance: `append: false` removes what earlier ones have written. */
  begin(slot: number): void {
    if (this.#options.plan.append) return;
    // Files that instances share are emptied by the first of them.
    if (slot > 0 && this.#isShared) return;
    for (const stream of ['out', 'err'] as const)
      for (const { file } of this.#waysOf(slot, stream)) file.empty();
  }

  /** Records of one stream of one instance. */
  write(slot: number, records: Buffer): void {
    if (records.length === 0) return;
    const stream = records[records.indexOf(SPACE, AFTER_TIME) + 1] === LETTER_E ? 'err' : 'out';
    for (const { file, lines } of this.#waysOf(slot, stream)) file.write(lines.encode(records));
  }

  reopen(): void {
    for (const file of this.#files.values()) file.reopen();
  }

  empty(): void {
    for (const file of this.#files.values()) file.empty();
  }

  async close(): Promise<void> {
    for (const ways of this.#ways.values()) for (const { file, lines } of ways) file.write(lines.end());
    await Promise.all([...this.#files.values()].map((file) => file.close()));
  }

  get #isShared(): boolean {
    return this.#options.plan.merge || this.#options.instances === 1;
  }

  #waysOf(slot: number, stream: Stream): readonly Way[] {
    const key = `${stream} ${slot}`;
    const known = this.#ways.get(key);
    if (known) return known;
    const { app, plan, instances } = this.#options;
    const wanted = [plan.all, plan[stream]].filter(isWanted).map((path) => this.#pathFor(path, slot));
    const ways = [...new Set(wanted)].map((path): Way => {
      const alone =
        path !== this.#pathFor(plan.all, slot) && plan.out !== plan.err && !(plan.merge && instances > 1);
      return { file: this.#file(path), lines: new PlainLines({ app, slot, stream, plan, alone }) };
    });
    this.#ways.set(key, ways);
    return ways;
  }

  #pathFor(path: string, slot: number): string;
  #pathFor(path: string | null, slot: number): string | null;
  #pathFor(path: string | null, slot: number): string | null {
    return path === null || this.#isShared ? path : numbered(path, slot);
  }

  #file(path: string): PlainFile {
    const known = this.#files.get(path);
    if (known) return known;
    const { clock, onLost } = this.#options;
    const file = new PlainFile(path, clock, (lines, reason) => onLost(lines, path, reason));
    this.#files.set(path, file);
    return file;
  }
}

/** `/dev/null`, and as PM2's users write it `NULL`, mean none. */
function isWanted(path: string | null): path is string {
  return path !== null && path !== '/dev/null' && basename(path) !== 'NULL';
}

/** `out.log` of the instance 2 is `out-2.log`. */
function numbered(path: string, slot: number): string {
  const extension = extname(path);
  return `${path.slice(0, path.length - extension.length)}-${slot}${extension}`;
}
