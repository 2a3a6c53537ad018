/** What only a process of its own can show: exit codes, signals, a reader that goes away. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { cleanup, type Test } from '../../test/support/cleanup.ts';
import { fakeDaemon } from '../../test/support/fake-daemon.ts';
import { tempDir } from '../../test/support/temp-dir.ts';
import { until } from '../../test/support/until.ts';

const main = fileURLToPath(new URL('./main.js', import.meta.url));

function start(t: Test, home: string, args: readonly string[], command = 'node') {
  const env = { PATH: process.env.PATH, HOLDFAST_HOME: home };
  const argv = command === 'node' ? [main, ...args] : ['-c', command, process.execPath, main, ...args];
  const child = spawn(command === 'node' ? process.execPath : 'bash', argv, {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  cleanup(t, () => child.kill('SIGKILL'));
  const said = { out: '', err: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said.out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said.err += text;
  });
  const closed = once(child, 'close').then(([code]) => code as number | null);
  return { child, said, closed };
}

test('the exit code of the process: 0 done, 1 failed, 2 wrong usage', async (t) => {
  const home = join(tempDir(t), 'home');
  const codes = [['ls'], ['show', 'web'], ['sow']].map((args) => start(t, home, args).closed);
  assert.deepEqual(await Promise.all(codes), [0, 1, 2]);
});

test('a config file that leaves a timer behind does not keep the command', async (t) => {
  const dir = tempDir(t);
  writeFileSync(join(dir, 'web.js'), '');
  writeFileSync(
    join(dir, 'holdfast.config.mjs'),
    'setInterval(() => {}, 1000); export default { apps: { web: "web.js" } };',
  );
  const { closed, said } = start(t, join(dir, 'home'), [
    'up',
    '--plan',
    '-f',
    join(dir, 'holdfast.config.mjs'),
  ]);
  assert.equal(await closed, 0, said.err);
  assert.equal(said.out, '+ app web\n');
});

test('SIGINT ends a follow with 130 and without a word', async (t) => {
  const home = tempDir(t);
  const daemon = await fakeDaemon(t, home);
  const { child, closed, said } = start(t, home, ['events', '-f']);
  await until(() => daemon.followers() === 1, { why: 'it follows' });
  child.kill('SIGINT');
  assert.equal(await closed, 130);
  assert.deepEqual(said, { out: '', err: '' });
});

test('a reader that has enough ends the command quietly', async (t) => {
  const home = tempDir(t);
  mkdirSync(join(home, 'logs'));
  const line = (i: number) => `2026-03-01T12:00:00.100Z web.0 out line ${i} ${'x'.repeat(100)}\n`;
  writeFileSync(join(home, 'logs', 'web.log'), Array.from({ length: 20_000 }, (_, i) => line(i)).join(''));
  const { closed, said } = start(t, home, ['logs', '-n', '20000'], 'set -o pipefail; "$0" "$@" | head -n 1');
  assert.equal(await closed, 0);
  assert.match(said.out, /^2026-03-01T12:00:00\.100Z web\.0 \| line 0 x+\n$/);
  assert.equal(said.err, '');
});

test('a long output arrives whole', async (t) => {
  const home = tempDir(t);
  mkdirSync(join(home, 'logs'));
  const line = (i: number) => `2026-03-01T12:00:00.100Z web.0 out line ${i}\n`;
  writeFileSync(join(home, 'logs', 'web.log'), Array.from({ length: 50_000 }, (_, i) => line(i)).join(''));
  const { closed, said } = start(t, home, ['logs', '-n', '50000']);
  assert.equal(await closed, 0);
  assert.equal(said.out.split('\n').length, 50_001);
});
