/**
 * Waits until `npm start` has ended (its end of the pipe on stdin closes, even after SIGKILL), then takes down what runs
 * in its home and removes that.
 */
import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './prepare.js';

const [home] = process.argv.slice(2);
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => {});
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});

process.stdin.resume();
process.stdin.once('end', () => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, 'bin', 'holdfast.js'), 'down'], {
    env: { ...process.env, HOLDFAST_HOME: home },
    encoding: 'utf8',
  });
  if (status === 0) {
    rmSync(home, { recursive: true, force: true });
    process.exit(0);
  }
  console.error(
    `${stdout}${stderr}Cannot stop everything in "${home}": try \`HOLDFAST_HOME=${home} npx hold down\``,
  );
  process.exit(1);
});
