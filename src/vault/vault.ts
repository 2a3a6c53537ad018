/**
 * The variables and secrets of a home's projects, `hold env`: one file a project, one key for all. A file that cannot be read is an
 * error, never an empty environment: an app that starts without its database's address does harm.
 */
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { HoldfastError, isSystemError } from '../errors.ts';
import { writeAtomicSync } from '../kit/atomic-file.ts';
import { type Clock, systemClock } from '../kit/clock.ts';
import { type Lock, takeLock } from '../kit/lock.ts';
import { newKey } from './cipher.ts';
import { createKey, readKeys, writeKeys } from './key-file.ts';
import { parseVariables, printVariables, type Variable } from './variables-file.ts';

/** Names and their new values; null takes one away. */
export type VariableChanges = Readonly<Record<string, string | null>>;

export interface Changed {
  /** Names that are new, or have another value. */
  readonly set: readonly string[];
  readonly removed: readonly string[];
}

/** Whose variables: of a project, or of one app of it. */
export interface Owner {
  readonly project: string;
  readonly app: string | null;
}

/** How many removed ones are remembered. */
const REMEMBERED = 100;
const LOCK_TRIES = 200;
const LOCK_PAUSE_MS = 25;
/** While another process changes the key, file and key may be of different moments. */
const READ_TRIES = 5;

export class Vault {
  readonly #dir: string;
  readonly #keyFile: string;
  readonly #clock: Clock;

  /** @param home absolute; it need not be there for reading */
  constructor(home: string, clock: Clock = systemClock) {
    this.#dir = join(home, 'variables');
    this.#keyFile = join(this.#dir, 'key');
    this.#clock = clock;
  }

  /**
   * Also those that were removed, with null for a value.
   *
   * @throws HoldfastError VARIABLES_UNREADABLE
   */
  variables(project: string): readonly Variable[] {
    for (let tries = 1; ; tries++) {
      const text = this.#read(project);
      if (text === null) return [];
      const keys = readKeys(this.#keyFile);
      if (!keys) throw this.#keyMissing();
      const read = parseVariables(text, project, keys);
      if ('variables' in read) return read.variables;
      if (read.problem === 'damaged') throw unreadable(this.#fileOf(project), 'the file is damaged');
      if (tries === READ_TRIES)
        throw unreadable(this.#fileOf(project), `it was made with another key than "${this.#keyFile}"`);
    }
  }

  /** What an app of the project gets: what is set for the app itself counts more than what is set for all. */
  environment({ project, app }: Owner): Record<string, string> {
    const variables = this.variables(project);
    const of = (owner: string | null) =>
      variables.flatMap(({ app: only, name, value }): [string, string][] =>
        only === owner && value !== null ? [[name, value]] : [],
      );
    return Object.fromEntries([...of(null), ...(app === null ? [] : of(app))]);
  }

  /** @throws HoldfastError VARIABLES_UNREADABLE, BUSY */
  async change({ project, app }: Owner, changes: VariableChanges, by: string): Promise<Changed> {
    return this.#locked(() => {
      const before = this.variables(project);
      const isOf = (name: string) => (one: Variable) => one.app === app && one.name === name;
      const news = Object.entries(changes).filter(
        ([name, value]) => (before.find(isOf(name))?.value ?? null) !== value,
      );
      const changed = {
        set: news.flatMap(([name, value]) => (value === null ? [] : [name])),
        removed: news.flatMap(([name, value]) => (value === null ? [name] : [])),
      };
      if (news.length === 0) return changed;
      const changedAt = new Date(this.#clock.now()).toISOString();
      const after = [
        ...before.filter((one) => !news.some(([name]) => isOf(name)(one))),
        ...news.map(([name, value]) => ({ name, app, value, changedAt, by })),
      ];
      this.#write(project, withoutOldest(after));
      return changed;
    });
  }

  /** Another key, and everything encrypted anew. Interrupted, both keys are kept, and it can be done again. @returns the projects */
  async rotateKey(): Promise<readonly string[]> {
    return this.#locked(() => {
      const old = readKeys(this.#keyFile);
      const projects = this.#projects();
      if (!old && projects.length > 0) throw this.#keyMissing();
      const key = newKey();
      const kept = projects.map((project) => ({ project, variables: this.variables(project) }));
      writeKeys(this.#keyFile, [key, ...(old ?? [])]);
      for (const { project, variables } of kept) this.#write(project, variables);
      writeKeys(this.#keyFile, [key]);
      return projects;
    });
  }

  #projects(): string[] {
    return readdirSync(this.#dir).flatMap((name) =>
      name.endsWith('.json') ? [name.slice(0, -'.json'.length)] : [],
    );
  }

  #write(project: string, variables: readonly Variable[]): void {
    const keys = readKeys(this.#keyFile);
    // A new key beside files of another one would hide that theirs is lost.
    if (!keys && this.#projects().length > 0) throw this.#keyMissing();
    const key = keys?.[0] ?? createKey(this.#keyFile);
    writeAtomicSync(this.#fileOf(project), printVariables(project, variables, key), { mode: 0o600 });
  }

  #read(project: string): string | null {
    const file = this.#fileOf(project);
    try {
      return readFileSync(file, 'utf8');
    } catch (error) {
      if (isSystemError(error) && error.code === 'ENOENT') return null;
      throw unreadable(file, isSystemError(error) ? error.code : String(error), error);
    }
  }

  #fileOf(project: string): string {
    return join(this.#dir, `${project}.json`);
  }

  #keyMissing(): HoldfastError {
    return new HoldfastError(
      'VARIABLES_UNREADABLE',
      `Cannot read the variables in "${this.#dir}": their key "${this.#keyFile}" is missing`,
      { hint: 'Bring the file back from a copy. Without it, remove the directory and set them again' },
    );
  }

  async #locked<T>(action: () => T): Promise<T> {
    mkdirSync(this.#dir, { recursive: true, mode: 0o700 });
    const lock = await this.#lock();
    try {
      return action();
    } finally {
      lock.release();
    }
  }

  async #lock(): Promise<Lock> {
    for (let tries = 1; ; tries++) {
      const lock = takeLock(this.#dir, 'lock');
      if ('release' in lock) return lock;
      if (tries === LOCK_TRIES) {
        throw new HoldfastError(
          'BUSY',
          `Cannot change the variables: the process ${lock.owner.pid} is changing them`,
        );
      }
      await new Promise<void>((resolve) => this.#clock.after(LOCK_PAUSE_MS, resolve));
    }
  }
}

/** All that are set, and the latest of those that were removed. */
function withoutOldest(variables: readonly Variable[]): Variable[] {
  const removed = variables.filter(({ value }) => value === null);
  const forgotten = new Set(removed.slice(0, Math.max(0, removed.length - REMEMBERED)));
  return variables.filter((one) => !forgotten.has(one));
}

function unreadable(file: string, why: string, cause?: unknown): HoldfastError {
  return new HoldfastError('VARIABLES_UNREADABLE', `Cannot read the variables in "${file}": ${why}`, {
    cause,
  });
}
