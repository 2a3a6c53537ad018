import { accessSync, constants } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import type { Test } from './cleanup.ts';

/** Absolute path of a program in PATH (and the directories of system programs, and what scripts/test-deps keeps), undefined when there is none. */
export function findProgram(name: string): string | undefined {
  const kept = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'holdfast-test-programs');
  const dirs = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin', '/usr/local/sbin', kept];
  return dirs.map((dir) => join(dir, name)).find(isExecutable);
}

/**
 * Path of a program that the test cannot do without. Where it is missing the test is skipped and undefined returned;
 * with HOLDFAST_TEST_ALL it fails.
 */
export function requireProgram(t: Test, name: string): string | undefined {
  const path = findProgram(name);
  if (!path) unavailable(t, `needs the program "${name}"`);
  return path;
}

/** Skips the test, or fails it where everything must be there. */
export function unavailable(t: Test, why: string): void {
  if (process.env.HOLDFAST_TEST_ALL) throw new Error(`${why}; run scripts/test-deps`);
  t.skip(why);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
