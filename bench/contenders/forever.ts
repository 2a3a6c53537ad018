/** forever, the classic: one monitor process for each app. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { plainEnv } from '../../test/support/hold.ts';
import { root } from '../../test/support/root.ts';
import type { Scratch } from '../kit/scratch.ts';
import { packageVersion } from './node-proxies.ts';

const run = promisify(execFile);
const bin = join(root, 'bench', 'node_modules', '.bin', 'forever');

export const foreverVersion = (): string | undefined =>
  existsSync(bin) ? packageVersion('forever') : undefined;

/** Starts a script under forever, with its files in `scratch`. */
export async function startForever(
  scratch: Scratch,
  script: string,
  env: Readonly<Record<string, string>>,
): Promise<void> {
  const own = { ...plainEnv(), ...env, HOME: scratch.dir, FOREVER_ROOT: scratch.path('forever') };
  const forever = (args: readonly string[]) =>
    run(process.execPath, [bin, ...args], { env: own, cwd: scratch.dir, timeout: 10_000 });
  // It may hang while the script is between two crashes; what is left is ended with the scratch directory.
  scratch.defer(() => forever(['stopall']).catch(() => {}));
  await forever(['start', '--minUptime', '1000', '--spinSleepTime', '100', script]);
}
