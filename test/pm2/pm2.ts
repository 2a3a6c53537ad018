/** `hold pm2` in a home of one test, with a PM2_HOME beside it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Test } from '../support/cleanup.ts';
import type { HoldOptions, HoldResult } from '../support/hold.ts';
import { type TestHome, testHome } from '../support/test-home.ts';
import { until } from '../support/until.ts';

/** What scripts read of `jlist`. */
export interface Listed {
  readonly pid: number;
  readonly name: string;
  readonly pm_id: number;
  readonly monit: { readonly memory: number; readonly cpu: number };
  readonly pm2_env: Readonly<Record<string, unknown>> & {
    readonly status: string;
    readonly restart_time: number;
    readonly pm_out_log_path: string;
    readonly pm_err_log_path: string;
    readonly pm_pid_path: string;
  };
}

export interface Pm2 {
  readonly home: TestHome;
  /** PM2_HOME. */
  readonly dir: string;
  ok(words: readonly string[], options?: HoldOptions): Promise<HoldResult>;
  run(words: readonly string[], options?: HoldOptions): Promise<HoldResult>;
  jlist(): Promise<Listed[]>;
  /** Waits until all processes of a name have a status. */
  status(name: string, status: string, count?: number): Promise<Listed[]>;
  /** Of all processes of a name. */
  restarts(name: string): Promise<number[]>;
  /** Lines of a file in PM2_HOME/logs. */
  log(file: string): string[];
}

export function startPm2(t: Test): Pm2 {
  const home = testHome(t);
  const dir = join(home.dir, 'pm2');
  const merged = (options: HoldOptions = {}): HoldOptions => {
    return { ...options, env: { PM2_HOME: dir, ...options.env } };
  };
  const pm2: Pm2 = {
    home,
    dir,
    ok: (words, options) => home.ok(['pm2', ...words], merged(options)),
    run: (words, options) => home.run(['pm2', ...words], merged(options)),
    jlist: async () => JSON.parse(await home.look(['pm2', 'jlist'], merged())) as Listed[],
    status: (name, status, count) =>
      until(
        async () => {
          const own = (await pm2.jlist()).filter((one) => one.name === name);
          const right = own.every(({ pm2_env: env }) => env.status === status);
          return right && own.length === (count ?? own.length) && own.length > 0 && own;
        },
        { why: `${name} is ${status}`, every: 50 },
      ),
    restarts: async (name) =>
      (await pm2.jlist()).filter((one) => one.name === name).map(({ pm2_env: env }) => env.restart_time),
    log: (file) =>
      readFileSync(join(dir, 'logs', file), 'utf8')
        .split('\n')
        .filter(Boolean),
  };
  return pm2;
}

/** It says where and how it runs, and stays. */
export const stays = `console.log('up', process.env.NODE_APP_INSTANCE, process.env.COLOUR ?? '-', process.argv.slice(2).join(' '));
setInterval(() => {}, 1000);
`;
