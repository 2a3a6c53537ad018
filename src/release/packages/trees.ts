/** Installed trees that were kept, by their keys: the store has what lies where, this has what is known about it. */
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { writeAtomicSync } from '../../kit/atomic-file.ts';
import type { FileStore, LockedPackage } from '../seams.ts';
import type { Tree } from '../tree.ts';

/** Of one tree. */
export interface TreeFacts {
  /** As the lockfile has them, and which of them have install scripts. */
  readonly packages: readonly LockedPackage[];
  /** What was said when it was installed. */
  readonly notes: readonly string[];
}

/** More than anybody goes back. */
const MOST = 200;

export class KeptTrees {
  readonly #dir: string;
  readonly #store: FileStore;

  /** @param tools directory of tools */
  constructor(tools: string, store: FileStore) {
    this.#dir = join(tools, '.trees');
    this.#store = store;
  }

  /** Undefined when there is none, or files of it are gone. */
  find(key: string): (TreeFacts & { readonly tree: Tree }) | undefined {
    const tree = this.#store.loadTree(key);
    try {
      return tree ? { tree, ...(JSON.parse(readFileSync(this.#file(key), 'utf8')) as TreeFacts) } : undefined;
    } catch {
      return undefined;
    }
  }

  keep(key: string, tree: Tree, facts: TreeFacts): void {
    mkdirSync(this.#dir, { recursive: true, mode: 0o700 });
    writeAtomicSync(this.#file(key), JSON.stringify(facts));
    this.#store.saveTree(key, tree);
    const files = readdirSync(this.#dir).map((name) => join(this.#dir, name));
    const time = (file: string) => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
    for (const file of files.sort((a, b) => time(b) - time(a)).slice(MOST)) rmSync(file, { force: true });
  }

  #file(key: string): string {
    return join(this.#dir, `${key}.json`);
  }
}
