/** What files another user can reach: asked of the system by becoming that user, because rights are more than nine bits. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname } from 'node:path';

/** Prints the first that fails. The arguments are pairs: a letter of test(1), and a path. */
const SCRIPT = 'while [ $# -gt 0 ]; do test "-$1" "$2" || { printf "%s" "$1$2"; exit; }; shift 2; done';

export interface Needs {
  /** Absolute paths of directories. */
  readonly enter: readonly string[];
  /** Absolute paths of files. */
  readonly read: readonly string[];
}

export interface Closed {
  readonly path: string;
  readonly what: 'enter' | 'read';
}

/**
 * @param become the command line in front of a program that makes it run as the user
 * @param needs what does not exist is not looked at
 * @returns the first thing that is closed: a directory on the way, or the file itself
 */
export function firstClosed(become: readonly string[], needs: Needs): Closed | undefined {
  const entered = needs.enter.filter((path) => existsSync(path));
  const read = needs.read.filter((path) => existsSync(path));
  const dirs = new Set([...read.flatMap(ancestors), ...entered.flatMap((dir) => [...ancestors(dir), dir])]);
  const tests = [...[...dirs].flatMap((dir) => ['x', dir]), ...read.flatMap((path) => ['r', path])];
  const [file = '', ...args] = [...become, '/bin/sh', '-c', SCRIPT, 'holdfast', ...tests];
  const { stdout, status } = spawnSync(file, args, { encoding: 'utf8', env: {}, cwd: '/', timeout: 5000 });
  if (status !== 0 || !stdout) return undefined;
  return { path: stdout.slice(1), what: stdout.startsWith('x') ? 'enter' : 'read' };
}

/** From the outermost inwards, without the root. */
function ancestors(path: string): string[] {
  const dir = dirname(path);
  return dir === '/' ? [] : [...ancestors(dir), dir];
}
