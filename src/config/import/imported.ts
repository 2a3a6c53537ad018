/** What an importer gives, and what several of them need. */
import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import { isAbsolute, relative } from 'node:path';
import { HoldfastError, isSystemError } from '../../errors.ts';
import type { AppConfig, HoldfastConfig } from '../config-types.ts';
import { appNameProblem, longestAppName } from '../name-rules.ts';
import { show } from '../show.ts';
import { reasonOf } from '../system-error.ts';

export interface Imported {
  readonly config: HoldfastConfig;
  /** For people: what could not be said, or means something slightly different here. */
  readonly notes: readonly string[];
}

/** Where the file that is made will be: paths below it are written relative to it. Absolute. */
export interface ImportPlace {
  readonly cwd: string;
}

/**
 * The text of a file that is to be imported; `name` is how messages name it.
 * @throws HoldfastError CONFIG_NOT_FOUND or CONFIG_UNREADABLE
 */
export function readImported(path: string, name: string): string {
  try {
    return textOf(path);
  } catch (error) {
    if (!isSystemError(error)) throw error;
    const code = error.code === 'ENOENT' ? 'CONFIG_NOT_FOUND' : 'CONFIG_UNREADABLE';
    const hint = 'Check the path, which is relative to this directory';
    throw new HoldfastError(code, `Cannot read ${show(name)}: ${reasonOf(error.code)}`, {
      cause: error,
      hint,
    });
  }
}

/** Larger ones are none that somebody has written. */
const MOST_BYTES = 16_000_000;

/**
 * Of a file only, also behind a link: a pipe would never end.
 * @throws Error of the system, or HoldfastError CONFIG_UNREADABLE
 */
export function textOf(path: string): string {
  // Without O_NONBLOCK, opening a pipe waits for whoever writes to it.
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const stat = fstatSync(fd);
    const problem = stat.isFile() ? (stat.size > MOST_BYTES ? 'it is too large' : null) : 'it is no file';
    if (problem !== null)
      throw new HoldfastError('CONFIG_UNREADABLE', `Cannot read ${show(path)}: ${problem}`);
    return readFileSync(fd, 'utf8').replace(/^\uFEFF/, '');
  } finally {
    closeSync(fd);
  }
}

/** `path` as one would write it in a file in `base`. Both absolute. */
export function nearPath(path: string, base: string): string {
  const near = relative(base, path);
  if (near === '') return '.';
  return near.startsWith('..') || isAbsolute(near) ? path : near;
}

/** A duration as one would write it. */
export function durationText(ms: number): string {
  const units = [
    ['d', 86_400_000],
    ['h', 3_600_000],
    ['m', 60_000],
    ['s', 1000],
  ] as const;
  const [unit, size] = units.find(([, size]) => ms >= size && ms % size === 0) ?? ['ms', 1];
  return `${Math.round(ms / size)}${unit}`;
}

/** A command line as `run`: one text when every reader sees the same words in it, else a list. */
export function runOf(words: readonly string[]): string | readonly string[] {
  return words.every((word) => /^[\w@%+=:,./-]+$/.test(word)) ? words.join(' ') : words;
}

/** The nearest allowed name, and another one when that is taken; then it belongs to this app. */
export function appNameFor(wanted: string, taken: Set<string>): string {
  const cleaned = wanted
    .replace(/[^A-Za-z0-9_-]+/g, '-')
    .replace(/^[-_]+|-+$/g, '')
    .slice(0, longestAppName);
  const base = appNameProblem(cleaned) === undefined ? cleaned : 'app';
  let name = base;
  for (let number = 2; taken.has(name); number++) name = `${base}-${number}`;
  taken.add(name);
  return name;
}

/** Without what is undefined, and without objects in which nothing is left. */
export function withoutEmpty(app: AppConfig): AppConfig {
  const cleaned = Object.entries(app).flatMap(([key, value]) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      return value === undefined ? [] : [[key, value]];
    const inner = withoutEmpty(value as AppConfig);
    return Object.keys(inner).length === 0 ? [] : [[key, inner]];
  });
  return Object.fromEntries(cleaned) as AppConfig;
}
