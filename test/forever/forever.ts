/** `hold forever` as its users run it, in a home and a root of the test. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Test } from '../support/cleanup.ts';
import type { HoldOptions, HoldResult } from '../support/hold.ts';
import { type Background, type TestHome, testHome } from '../support/test-home.ts';
import { until } from '../support/until.ts';

export interface Forever {
  readonly home: TestHome;
  /** FOREVER_ROOT. */
  readonly root: string;
  /** Runs `hold forever <args>`; an exit code other than 0 is an error. */
  ok(args: readonly string[], options?: HoldOptions): Promise<string>;
  /** Runs `hold forever <args>`, whatever comes of it. */
  run(args: readonly string[], options?: HoldOptions): Promise<HoldResult>;
  background(args: readonly string[]): Background;
  /** The rows of `hold forever list`, by the names of its columns. */
  list(options?: HoldOptions): Promise<Row[]>;
  /** Waits until there is such a row. */
  listed(isIt: (row: Row) => boolean, why: string): Promise<Row>;
}

export type Row = Readonly<Record<string, string>>;

export function foreverHome(t: Test, { dir = '' }: { dir?: string } = {}): Forever {
  const home = testHome(t);
  const root = join(home.dir, 'forever root');
  const around = { env: { FOREVER_ROOT: root }, ...(dir !== '' && { cwd: join(home.dir, dir) }) };
  const merged = (options: HoldOptions = {}) => ({
    ...around,
    ...options,
    env: { ...around.env, ...options.env },
  });
  const forever: Forever = {
    home,
    root,
    ok: async (args, options) => (await home.ok(['forever', ...args], merged(options))).stdout,
    run: (args, options) => home.run(['forever', ...args], merged(options)),
    background: (args) => home.background(['forever', ...args], merged()),
    list: async (options) => rows(await home.look(['forever', 'list'], merged(options))),
    listed: (isIt, why) => until(async () => (await forever.list()).find(isIt), { why, every: 50 }),
  };
  return forever;
}

/** Rows of a table whose columns begin below their heads. */
export function rows(output: string): Row[] {
  const lines = output.split('\n').map((line) => line.replace(/^data: {4}/, ''));
  const at = lines.findIndex((line) => /^ {4}\w/.test(line));
  const head = lines[at];
  if (head === undefined) return [];
  const columns = [...head.matchAll(/\w+/g)].map((match) => ({ name: match[0], start: match.index }));
  return lines
    .slice(at + 1)
    .filter((line) => line.startsWith('['))
    .map((line) =>
      Object.fromEntries(
        columns.map(({ name, start }, index) => [name, line.slice(start, columns[index + 1]?.start).trim()]),
      ),
    );
}

/** The whole lines of a file that may not be there yet. */
export function linesOf(file: string): string[] {
  return existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(0, -1) : [];
}

/** Waits for lines in a file. */
export function written(
  file: string,
  isEnough: (lines: string[]) => boolean,
  why: string,
): Promise<string[]> {
  return until(() => (isEnough(linesOf(file)) ? linesOf(file) : undefined), { why });
}

/** A program that says its arguments, and stays. */
export const stays = `console.log('runs with', process.argv.slice(2).join(' '), 'in', process.cwd());
setInterval(() => {}, 1000);
`;
