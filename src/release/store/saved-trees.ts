/**
 * Installed trees by what they were made of, so that the same packages are not installed twice: `trees/<hash of the key>.json`, a list
 * of names and hashes, no contents. When it was last used is the time of its last change.
 */
import { hash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { isSystemError } from '../../errors.ts';
import { writeAtomicSync } from '../../kit/atomic-file.ts';
import type { Clock } from '../../kit/clock.ts';
import { type Tree, type TreeEntry, treeOf } from '../tree.ts';

export interface SavedTree {
  readonly tree: Tree;
  readonly usedAt: number;
  remove(): void;
}

export class SavedTrees {
  readonly #dir: string;
  readonly #clock: Clock;

  constructor(dir: string, clock: Clock) {
    this.#dir = join(dir, 'trees');
    this.#clock = clock;
  }

  save(key: string, { entries, hash: sum }: Tree): void {
    mkdirSync(this.#dir, { recursive: true, mode: 0o700 });
    const file = this.#fileOf(key);
    writeAtomicSync(file, JSON.stringify({ key, hash: sum, entries }), { sync: false });
    this.#touch(file);
  }

  load(key: string): Tree | null {
    const file = this.#fileOf(key);
    const tree = read(file);
    if (tree) this.#touch(file);
    return tree;
  }

  /** Those that are damaged are removed. */
  list(): SavedTree[] {
    return namesIn(this.#dir).flatMap((name) => {
      const file = join(this.#dir, name);
      const remove = () => rmSync(file, { force: true });
      const usedAt = statSync(file, { throwIfNoEntry: false })?.mtimeMs;
      if (!name.endsWith('.json') || usedAt === undefined) return [];
      const tree = read(file);
      if (tree) return [{ tree, usedAt, remove }];
      remove();
      return [];
    });
  }

  #fileOf(key: string): string {
    return join(this.#dir, `${hash('sha256', key, 'hex')}.json`);
  }

  #touch(file: string): void {
    const now = this.#clock.now() / 1000;
    utimesSync(file, now, now);
  }
}

/** Null also for one that is damaged: then the packages are installed again. */
function read(file: string): Tree | null {
  try {
    const saved = JSON.parse(readFileSync(file, 'utf8')) as { hash: string; entries: TreeEntry[] };
    const tree = treeOf(saved.entries);
    return tree.hash === saved.hash ? tree : null;
  } catch {
    return null;
  }
}

/** What is in a directory; nothing when there is none. */
export function namesIn(dir: string): string[] {
  try {
    return readdirSync(dir);
  } catch (error) {
    if (isSystemError(error) && error.code === 'ENOENT') return [];
    throw error;
  }
}
