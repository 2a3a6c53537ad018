/**
 * The settings of one process as forever 4 has them: the keys of its JSON files, which are also the long names of its
 * options. JSON files may hold comments, one object or a list of them (`forever start processes.json`).
 */
import { constants } from 'node:os';
import JSON5 from 'json5';
import { HoldfastError } from '../../errors.ts';
import { show } from '../show.ts';
import { signal as stopSignal } from '../signals.ts';
import { readImported } from './imported.ts';

export interface ForeverSettings {
  /** Relative to `sourceDir`. */
  readonly script: string;
  readonly args?: readonly string[];
  readonly uid?: string;
  readonly id?: string;
  /** What runs the script, with its own arguments: `node --expose-gc`. */
  readonly command?: string;
  readonly sourceDir?: string;
  readonly workingDir?: string;
  /** Runs, not restarts. */
  readonly max?: number;
  /** ms */
  readonly minUptime?: number;
  /** ms; without it the first early exit is the last. */
  readonly spinSleepTime?: number;
  /** Relative to forever's root. */
  readonly logFile?: string;
  /** This and `errFile` are relative to the working directory of the command. */
  readonly outFile?: string;
  readonly errFile?: string;
  readonly append?: boolean;
  readonly silent?: boolean;
  /** Relative to `pids` in forever's root. */
  readonly pidFile?: string;
  readonly watch?: boolean;
  readonly watchDirectory?: readonly string[];
  readonly watchIgnore?: readonly string[];
  readonly killTree?: boolean;
  readonly killSignal?: string;
  /** Forever's root. */
  readonly path?: string;
}

/** All but the script may come from the command line. */
export type ForeverOptions = Omit<ForeverSettings, 'script'>;

const readers = {
  script: text,
  args: list,
  uid: text,
  id: text,
  command: text,
  sourceDir: text,
  workingDir: text,
  max: number,
  minUptime: number,
  spinSleepTime: number,
  logFile: text,
  outFile: text,
  errFile: text,
  append: flag,
  silent: flag,
  pidFile: text,
  watch: flag,
  watchDirectory: list,
  watchIgnore: list,
  killTree: flag,
  killSignal: signal,
  path: text,
} as const satisfies Record<keyof ForeverSettings, (value: unknown) => unknown>;

export interface ForeverFile {
  /** In the order of the file. */
  readonly processes: readonly ForeverSettings[];
  /** Keys that forever drops without a word, such as `env`. */
  readonly ignored: readonly string[];
}

/** @throws HoldfastError IMPORT_INVALID, CONFIG_NOT_FOUND or CONFIG_UNREADABLE; `name` is the file as messages name it. */
export function readForeverFile(file: string, name: string): ForeverFile {
  const value = parseJson5(readImported(file, name), name);
  const records = Array.isArray(value) ? (value as unknown[]) : [value];
  const ignored = new Set<string>();
  const processes = records.map((record, index) => {
    const where = records.length > 1 ? `${name}: process ${index + 1}` : name;
    if (typeof record !== 'object' || record === null || Array.isArray(record))
      throw invalid(`${where} must be an object with "script": got ${show(record)}`);
    for (const key of Object.keys(record)) if (!Object.hasOwn(readers, key)) ignored.add(key);
    const { script, ...options } = readSettings(
      record as Record<string, unknown>,
      (key) => `${where}: ${show(key)}`,
    );
    if (script === undefined) throw invalid(`${where}: "script" option required in JSON configuration files`);
    return { ...options, script };
  });
  return { processes, ignored: [...ignored] };
}

/** What is known of these settings; numbers and flags may be texts. `place` names a setting in the message about a wrong one. */
export function readSettings(
  given: Readonly<Record<string, unknown>>,
  place: (key: string) => string,
): Partial<ForeverSettings> {
  const settings = Object.entries(readers).flatMap(([key, read]) => {
    const value = given[key];
    if (value === undefined || value === null) return [];
    try {
      return [[key, read(value)]];
    } catch (error) {
      if (!(error instanceof Wrong)) throw error;
      throw invalid(`${place(key)} must be ${error.message}`);
    }
  });
  return Object.fromEntries(settings) as Partial<ForeverSettings>;
}

/** JSON with comments, as data: nothing in it is run. */
function parseJson5(source: string, name: string): unknown {
  try {
    return JSON5.parse(source);
  } catch (error) {
    const reason = error instanceof Error ? error.message.replace(/^JSON5: /, '') : String(error);
    throw invalid(`Cannot read ${show(name)}: ${reason}`, error);
  }
}

function invalid(message: string, cause?: unknown): HoldfastError {
  return new HoldfastError('IMPORT_INVALID', message, { cause });
}

/** Its message says what would be right, and what was found. */
class Wrong extends Error {}

function text(value: unknown): string {
  if (typeof value === 'number') return String(value);
  if (typeof value === 'string' && value !== '') return value;
  throw new Wrong(`a text: got ${show(value)}`);
}

function number(value: unknown): number {
  const read = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value;
  if (typeof read === 'number' && Number.isSafeInteger(read) && read >= 0) return read;
  throw new Wrong(`a whole number such as 1000: got ${show(value)}`);
}

function flag(value: unknown): boolean {
  if (value === true || value === 'true') return true;
  if (value === false || value === 'false') return false;
  throw new Wrong(`true or false: got ${show(value)}`);
}

function list(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map(text) : [text(value)];
}

/** Also `TERM`, `term` and `15`. */
function signal(value: unknown): string {
  const given = text(value);
  const byNumber = Object.entries(constants.signals).find(([, number]) => String(number) === given)?.[0];
  const name = byNumber ?? given.toUpperCase().replace(/^(SIG)?/, 'SIG');
  if (stopSignal.safeParse(name).success) return name;
  throw new Wrong(`a signal such as SIGTERM: got ${show(value)}`);
}
