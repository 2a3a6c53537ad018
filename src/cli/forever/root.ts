/** forever's root, `~/.forever`, and its config.json with what `hold forever set` and `columns` keep. */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { reasonOf } from '../../config/system-error.ts';
import { HoldfastError, isSystemError } from '../../errors.ts';

export const defaultColumns = ['uid', 'command', 'script', 'forever', 'pid', 'id', 'logfile', 'uptime'];
export const resetColumns = ['uid', 'command', 'script', 'forever', 'pid', 'logfile', 'uptime'];

/** What is set, over what forever has by default; `set` knows texts only. */
export type RootConfig = Readonly<Record<string, unknown>>;

export class ForeverRoot {
  /** Absolute. */
  readonly dir: string;

  constructor(dir: string) {
    this.dir = dir;
  }

  get file(): string {
    return join(this.dir, 'config.json');
  }

  get config(): RootConfig {
    return {
      root: this.dir,
      pidPath: join(this.dir, 'pids'),
      loglength: 100,
      logstream: false,
      columns: defaultColumns,
      ...this.#read(),
    };
  }

  get columns(): readonly string[] {
    const { columns } = this.config;
    return Array.isArray(columns) ? columns.map(String) : defaultColumns;
  }

  /** A text of the config; undefined when it is not set. */
  text(key: string): string | undefined {
    const value = this.config[key];
    return typeof value === 'string' && value !== '' ? value : undefined;
  }

  /** undefined removes. */
  set(key: string, value: unknown): void {
    const { [key]: _old, ...others } = this.#read();
    const config = value === undefined ? others : { ...others, [key]: value };
    this.prepare();
    // A reader finds the old one or the new one, never a half.
    const temporary = `${this.file}.${process.pid}`;
    writeFileSync(temporary, `${JSON.stringify(config, null, '\t')}\n`, { mode: 0o600 });
    renameSync(temporary, this.file);
  }

  /** Makes the directories that are missing. */
  prepare(): void {
    makeDirectory(join(this.dir, 'pids'));
  }

  #read(): Record<string, unknown> {
    try {
      const value: unknown = JSON.parse(readFileSync(this.file, 'utf8'));
      return typeof value === 'object' && value !== null ? { ...value } : {};
    } catch (error) {
      if (isSystemError(error) && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) return {};
      const reason = error instanceof Error ? error.message : String(error);
      throw new HoldfastError('CONFIG_UNREADABLE', `Cannot read "${this.file}": ${reason}`, { cause: error });
    }
  }
}

/**
 * With its parents. Node's own `recursive` never ends where the system refuses with ENOENT, as it does in /proc.
 * @throws HoldfastError HOME_UNUSABLE
 */
export function makeDirectory(path: string): void {
  try {
    makeWithParents(path);
  } catch (error) {
    const code = isSystemError(error) ? error.code : String(error);
    throw new HoldfastError('HOME_UNUSABLE', `Cannot make the directory "${path}": ${reasonOf(code)}`, {
      cause: error,
      hint: 'Choose another one with -p or FOREVER_ROOT, or another file',
    });
  }
}

function makeWithParents(path: string): void {
  if (existsSync(path)) return;
  if (dirname(path) !== path) makeWithParents(dirname(path));
  try {
    mkdirSync(path);
  } catch (error) {
    // Another command has made it meanwhile.
    if (!isSystemError(error) || error.code !== 'EEXIST') throw error;
  }
}

/** `-p`, then FOREVER_ROOT, then `~/.forever`. */
export function findRoot(options: {
  readonly flag: string | undefined;
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
}): ForeverRoot {
  const { flag, env, cwd } = options;
  return new ForeverRoot(resolve(cwd, flag ?? (env.FOREVER_ROOT || join(env.HOME || homedir(), '.forever'))));
}
