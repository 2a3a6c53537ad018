/**
 * How far the log of an app has been forwarded. A position names no file, since files are renamed and compressed: it counts
 * in the sequence of them, the rotated ones by age and then the current one.
 */
import { closeSync, openSync, readFileSync, readSync, statSync } from 'node:fs';
import { writeAtomicSync } from '../../kit/atomic-file.ts';
import { logFile, rotatedFiles } from '../log-files.ts';
import { TIME_LENGTH } from '../record.ts';

export interface Position {
  /** Of the last rotated file that is done (`RotatedFile.until`); empty = none is. */
  readonly after: string;
  /** Bytes that are done of the file after it, as if it were not compressed. */
  readonly offset: number;
  /** Time of that file's first record: by this it is recognised. Empty = unknown. */
  readonly begins: string;
}

export const beginning: Position = { after: '', offset: 0, begins: '' };

/** Behind everything that is there now. */
export function endOfLog(dir: string, app: string): Position {
  const path = logFile(dir, app);
  const after = rotatedFiles(path).at(-1)?.until ?? '';
  const offset = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  return { after, offset, begins: offset > 0 ? firstTime(path) : '' };
}

/** The positions of an app's targets, in a file. What is stored may be older than the truth: lines are then sent twice. */
export class PositionFile {
  readonly #path: string;
  readonly #positions = new Map<string, Position>();

  constructor(path: string) {
    this.#path = path;
    try {
      const stored = JSON.parse(readFileSync(path, 'utf8')) as Record<string, Position>;
      for (const [target, { after, offset, begins }] of Object.entries(stored)) {
        if (typeof after === 'string' && typeof offset === 'number' && typeof begins === 'string')
          this.#positions.set(target, { after, offset, begins });
      }
    } catch {
      // None yet, or damaged: it begins where the log ends now.
    }
  }

  get(target: string): Position | undefined {
    return this.#positions.get(target);
  }

  /** Never throws: on a full disk, the old one stays. */
  set(target: string, position: Position): void {
    this.#positions.set(target, position);
    this.#save();
  }

  /** Forgets all others. */
  keepOnly(targets: readonly string[]): void {
    const others = [...this.#positions.keys()].filter((target) => !targets.includes(target));
    for (const target of others) this.#positions.delete(target);
    if (others.length > 0) this.#save();
  }

  #save(): void {
    try {
      writeAtomicSync(this.#path, JSON.stringify(Object.fromEntries(this.#positions)), { sync: false });
    } catch {
      // Lines are sent twice, should the daemon end now.
    }
  }
}

function firstTime(path: string): string {
  const head = Buffer.alloc(TIME_LENGTH);
  const fd = openSync(path, 'r');
  try {
    return head.toString('latin1', 0, readSync(fd, head, 0, TIME_LENGTH, 0));
  } finally {
    closeSync(fd);
  }
}
