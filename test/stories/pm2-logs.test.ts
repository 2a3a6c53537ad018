/** The log files that PM2's users look at are there: by `hold pm2`. The numbers are those of docs/moving-from-pm2.md. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Pm2, startPm2 } from '../pm2/pm2.ts';
import { logged } from '../support/log-file.ts';
import { script } from '../support/scripts.ts';
import { until } from '../support/until.ts';

const says = `const me = process.env.NODE_APP_INSTANCE;
console.log('out of ' + me);
console.error('err of ' + me);
process.on('SIGUSR2', () => console.log('again'));
setInterval(() => {}, 1000);
`;

test('36: stdout and stderr have a file each, of each instance', async (t) => {
  const pm2 = startPm2(t);
  script(pm2.home, 'app.js', says);
  await pm2.ok(['start', 'app.js', '-i', '2']);
  const list = await pm2.status('app', 'online', 2);
  for (const [slot, { pm2_env: env }] of list.entries()) {
    assert.equal(env.pm_out_log_path, `${pm2.dir}/logs/app-out-${slot}.log`);
    await until(() => lines(pm2, `app-out-${slot}.log`)[0] === `out of ${slot}`, {
      why: 'stdout has a file',
    });
    await until(() => lines(pm2, `app-error-${slot}.log`)[0] === `err of ${slot}`, {
      why: 'stderr has a file',
    });
  }
});

test('36: merged into one, when --merge-logs says so', async (t) => {
  const pm2 = startPm2(t);
  script(pm2.home, 'app.js', says);
  await pm2.ok(['start', 'app.js', '-i', '2', '--merge-logs']);
  await until(() => lines(pm2, 'app-out.log').length === 2, { why: 'both are in it' });
  assert.deepEqual(lines(pm2, 'app-out.log').sort(), ['out of 0', 'out of 1']);
  assert.deepEqual(readdirSync(`${pm2.dir}/logs`).sort(), ['app-error.log', 'app-out.log']);
});

test('36: at the paths that one names, in directories that are made; nowhere for /dev/null', async (t) => {
  const pm2 = startPm2(t);
  script(pm2.home, 'app.js', says);
  await pm2.ok(['start', 'app.js', '-o', 'deep/er/out.log', '-e', '/dev/null', '-l', 'all.log']);
  await until(() => lines(pm2, '../../deep/er/out.log')[0] === 'out of 0', { why: 'stdout is in its file' });
  await until(() => lines(pm2, '../../all.log').length === 2, { why: 'both are in the other one' });
  assert.deepEqual(existsSync(`${pm2.dir}/logs`) ? readdirSync(`${pm2.dir}/logs`) : [], []);
  await pm2.ok(['start', 'app.js', '-n', 'quiet', '-o', 'NULL', '-e', 'NULL']);
  await until(() => logged(pm2.home, 'quiet').length === 2, { why: 'Holdfast has it' });
  assert.equal(existsSync(`${pm2.home.dir}/NULL`), false);
});

test('37: a log that was moved away is there again after reloadLogs, with what comes then', async (t) => {
  const pm2 = startPm2(t);
  script(pm2.home, 'app.js', says);
  await pm2.ok(['start', 'app.js']);
  await until(() => lines(pm2, 'app-out.log').length === 1, { why: 'it has written' });
  rmSync(`${pm2.dir}/logs/app-out.log`);
  await pm2.ok(['reloadLogs']);
  await pm2.ok(['sendSignal', 'SIGUSR2', 'app']);
  await until(() => lines(pm2, 'app-out.log')[0] === 'again', { why: 'the new line is in a new file' });
});

test('flush empties the files', async (t) => {
  const pm2 = startPm2(t);
  script(pm2.home, 'app.js', says);
  await pm2.ok(['start', 'app.js']);
  await until(() => lines(pm2, 'app-out.log').length === 1, { why: 'it has written' });
  await pm2.ok(['flush']);
  assert.deepEqual(lines(pm2, 'app-out.log'), []);
  await pm2.ok(['sendSignal', 'SIGUSR2', 'app']);
  await until(() => lines(pm2, 'app-out.log')[0] === 'again', { why: 'what comes then is at its beginning' });
});

test('38: with --log-type json each line is an object', async (t) => {
  const pm2 = startPm2(t);
  script(pm2.home, 'app.js', says);
  await pm2.ok(['start', 'app.js', '--log-type', 'json']);
  await until(() => lines(pm2, 'app-out.log').length === 1, { why: 'it has written' });
  const entry = JSON.parse(lines(pm2, 'app-out.log')[0] ?? '') as Record<string, unknown>;
  assert.equal(String(entry.message).trimEnd(), 'out of 0');
  assert.equal(entry.app_name, 'app');
  assert.equal(entry.type, 'out');
  assert.ok(!Number.isNaN(Date.parse(String(entry.timestamp))));
});

test('--time and --log-date-format put the time before each line', async (t) => {
  const pm2 = startPm2(t);
  script(pm2.home, 'app.js', says);
  await pm2.ok(['start', 'app.js', '-n', 'one', '--time']);
  await pm2.ok(['start', 'app.js', '-n', 'two', '--log-date-format', 'YYYY/MM/DD']);
  await until(() => lines(pm2, 'one-out.log').length === 1 && lines(pm2, 'two-out.log').length === 1, {
    why: 'both have written',
  });
  assert.match(lines(pm2, 'one-out.log')[0] ?? '', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d: out of 0$/);
  assert.match(lines(pm2, 'two-out.log')[0] ?? '', /^\d{4}\/\d\d\/\d\d: out of 0$/);
});

test('logs tells what apps print, in the forms that PM2 has', async (t) => {
  const pm2 = startPm2(t);
  script(pm2.home, 'app.js', says);
  await pm2.ok(['start', 'app.js', '-n', 'web', '-i', '2']);
  await until(() => logged(pm2.home, 'web').length === 4, { why: 'all have written' });
  const logs = async (...words: string[]) => (await pm2.ok(['logs', ...words, '--nostream'])).stdout;
  assert.match(await logs('web'), /^1\|web {6}\| out of 1$/m);
  assert.deepEqual((await logs('web', '--err', '--raw')).trim().split('\n').sort(), ['err of 0', 'err of 1']);
  assert.equal((await logs('1', '--out', '--raw')).trim(), 'out of 1');
  assert.match(await logs('web', '--format'), /app=web id=0 type=err message=err of 0/);
  const entries = (await logs('web', '--json')).trim().split('\n');
  assert.equal(entries.length, 4);
  for (const entry of entries) assert.equal((JSON.parse(entry) as { app_name: string }).app_name, 'web');
  assert.equal((await pm2.run(['logs', 'nobody', '--nostream'])).code, 1);

  const follow = pm2.home.background(['pm2', 'logs', 'web', '--lines', '0'], { env: { PM2_HOME: pm2.dir } });
  // It follows a moment after it was started.
  await until(
    async () => {
      await pm2.ok(['sendSignal', 'SIGUSR2', '0']);
      return follow.stdout().includes('0|web      | again');
    },
    { why: 'what comes is followed', every: 300 },
  );
});

/** Of a file in PM2_HOME/logs, as far as it is there. */
function lines(pm2: Pm2, file: string): string[] {
  return existsSync(join(pm2.dir, 'logs', file)) ? pm2.log(file) : [];
}
