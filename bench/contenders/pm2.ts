/** PM2 as a separate program, in a home of its own, and ended with it. */
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { plainEnv } from '../../test/support/hold.ts';
import { freePort } from '../../test/support/ports.ts';
import { root } from '../../test/support/root.ts';
import { withDescendants } from '../kit/processes.ts';
import type { Scratch } from '../kit/scratch.ts';
import type { Contender } from '../kit/stacks.ts';
import { listening, program } from './apps.ts';
import { packageVersion } from './node-proxies.ts';

const run = promisify(execFile);
const bin = join(root, 'bench', 'node_modules', '.bin', 'pm2');

export const pm2Version = (): string | undefined => (existsSync(bin) ? packageVersion('pm2') : undefined);

export interface Pm2 {
  readonly home: string;
  /** Runs `pm2 <args>`. */
  run(args: readonly string[], env?: Readonly<Record<string, string>>): Promise<string>;
  daemonPid(): number;
  /** Processes of the apps. */
  appPids(): number[];
}

/** A PM2 home; the daemon comes with the first command. */
export function pm2Home(scratch: Scratch): Pm2 {
  const home = scratch.fresh('pm2');
  mkdirSync(home, { recursive: true });
  // With this file there, PM2 does not ask its makers' server for its version at its first start.
  writeFileSync(join(home, 'touch'), '');
  const own = { PM2_HOME: home, PM2_DISABLE_VERSION_CHECK: 'true', PM2_DISCRETE_MODE: 'true' };
  const pm2: Pm2 = {
    home,
    async run(args, env) {
      const all = { ...plainEnv(), ...env, ...own };
      return (await run(process.execPath, [bin, ...args], { env: all, cwd: scratch.dir })).stdout;
    },
    daemonPid: () => Number(readFileSync(join(home, 'pm2.pid'), 'utf8')),
    appPids: () => withDescendants(pm2.daemonPid()).filter((pid) => pid !== pm2.daemonPid()),
  };
  scratch.defer(() => pm2.run(['kill']));
  return pm2;
}

/** PM2 in cluster mode with two instances. */
export function pm2Cluster(): Contender {
  return {
    name: 'PM2 cluster, 2 instances',
    version: pm2Version,
    async start(scratch) {
      const pm2 = pm2Home(scratch);
      const port = await freePort();
      const env = { PORT: String(port), HOST: '127.0.0.1' };
      await pm2.run(['start', program('app.js'), '-i', '2', '--name', 'app'], env);
      await listening(port);
      return {
        url: `http://127.0.0.1:${port}/`,
        frontPids: () => [pm2.daemonPid()],
        appPids: () => pm2.appPids(),
      };
    },
  };
}
