/** What all instances print, in one place: in order, byte for byte, through rotation, and not for ever. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { configure } from '../support/config-file.ts';
import { logged } from '../support/log-file.ts';
import { freePort } from '../support/ports.ts';
import { app } from '../support/root.ts';
import { script } from '../support/scripts.ts';
import { type TestHome, testHome } from '../support/test-home.ts';
import { until } from '../support/until.ts';

describe('logs', () => {
  test('name the instance and the stream, also of what a child process prints', async (t) => {
    const home = testHome(t);
    const text = `console.log('to out'); console.error('to err');
require('node:child_process').spawnSync('echo', ['from a child'], { stdio: 'inherit' });
setInterval(() => {}, 1000);`;
    await home.ok(['start', script(home, 'app.js', text), '-n', 'web', '-i', '2']);
    const lines = await until(() => logged(home, 'web').length === 6 && logged(home, 'web'), {
      why: 'all is there',
    });
    const seen = lines.map(({ instance, stream, text }) => `${instance} ${stream} ${text}`).sort();
    const of = (id: string) => [`${id} err to err`, `${id} out from a child`, `${id} out to out`];
    assert.deepEqual(seen, [...of('web.0'), ...of('web.1')]);
    for (const { time } of lines) assert.equal(new Date(time).toISOString(), time);

    const onlyErr = await home.ok(['logs', 'web', '--err', '--json']);
    assert.deepEqual(
      onlyErr.stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).text),
      ['to err', 'to err'],
    );
  });

  test('keep UTF-8 whole, however it is written, and bytes that are none', async (t) => {
    const home = testHome(t);
    const sentence = 'Größe: 你好 👋🏽 – ½ €';
    const text = `const fs = require('node:fs');
for (const byte of Buffer.from(${JSON.stringify(`${sentence}\n`)})) fs.writeSync(1, Buffer.of(byte));
fs.writeSync(1, Buffer.from([0xff, 0xfe, 0x00, 0x80, 0x41, 0x0d, 0x0a]));
fs.writeSync(1, 'x'.repeat(200_000) + '\\n');
fs.writeSync(1, 'a line without an end');
setInterval(() => {}, 1000);`;
    await home.ok(['start', script(home, 'app.js', text), '-n', 'web']);
    await until(() => statSync(join(home.paths.logs, 'web.log')).size > 200_000, {
      why: 'the long line is there',
    });
    await home.ok(['stop', 'web']);
    const bytes = readFileSync(join(home.paths.logs, 'web.log'));
    assert.ok(bytes.includes(`web.0 out ${sentence}\n`));
    assert.ok(bytes.includes(Buffer.from([0xff, 0xfe, 0x00, 0x80, 0x41])));
    const long = logged(home, 'web').reduce((sum, { text }) => sum + (text.match(/x/g)?.length ?? 0), 0);
    assert.equal(long, 200_000);
    assert.ok(logged(home, 'web').some(({ text }) => text === 'a line without an end'));
    const { stdout } = await home.ok(['logs', 'web', '-n', '1000', '--json']);
    assert.equal(JSON.parse(stdout.split('\n')[0] ?? '').text, sentence);
  });

  test('are rotated by size and capped, and no line is missing between two files', async (t) => {
    const home = testHome(t);
    const lines = 60_000;
    const rotate = { size: '1MB', keep: 20, compress: true };
    const web = { run: app('many-lines.js'), env: { LINES: lines }, log: { rotate, total: '20MB' } };
    const small = { ...web, log: { rotate: { ...rotate, keep: 2 }, total: '3MB' } };
    configure(home, { apps: { web, small } });
    await home.ok(['up']);
    for (const name of ['web', 'small'])
      await until(
        () =>
          logged(home, name)
            .at(-1)
            ?.text.startsWith(String(lines - 1).padStart(9, '0')),
        {
          why: `all lines of ${name} are there`,
          deadline: 30_000,
          every: 100,
        },
      );
    await home.ok(['stop', 'web']);
    await home.ok(['stop', 'small']);

    const numbers = allText(home, 'web')
      .split('\n')
      .slice(0, -1)
      .map((line) => Number(line.split(' ')[3]));
    assert.equal(numbers.length, lines);
    assert.deepEqual(
      numbers.toSorted((a, b) => a - b),
      Array.from({ length: lines }, (_, n) => n),
    );
    assert.ok(filesOf(home, 'web').filter((name) => name.endsWith('.gz')).length >= 5);

    const left = filesOf(home, 'small');
    assert.ok(left.length <= 3, left.join());
    const bytes = left.reduce((sum, name) => sum + statSync(join(home.paths.logs, name)).size, 0);
    assert.ok(bytes <= 3 * 1024 * 1024, `${bytes} bytes`);
    // The reader goes through rotated files, too.
    const { stdout } = await home.ok(['logs', 'web', '-n', String(lines), '--json']);
    assert.equal(stdout.split('\n').length, lines + 1);
  });

  test('of several apps are followed merged in order of time, through a killed daemon', async (t) => {
    const home = testHome(t);
    const env = ['-e', 'LINES_PER_SECOND=200'];
    for (const name of ['one', 'two'])
      await home.ok(['start', app('chatty.js'), '-n', name, '-p', String(await freePort()), ...env]);
    const logs = home.background(['logs', 'one', 'two', '-f', '--json', '-n', '0']);
    const records = () =>
      logs.lines().map((line) => JSON.parse(line) as { app: string; time: string; text: string });
    const both = (more: number) => () =>
      ['one', 'two'].every((name) => records().filter((record) => record.app === name).length > more);
    await until(both(100), { why: 'lines of both come' });
    process.kill(home.daemonPid(), 'SIGKILL');
    await until(both(400), { why: 'more lines of both come' });
    await logs.stop('SIGINT');

    const times = records().map(({ time }) => time);
    assert.deepEqual(times, times.toSorted());
    for (const name of ['one', 'two']) {
      const followed = records()
        .filter((record) => record.app === name)
        .map(({ text }) => text);
      const inFile = logged(home, name).map(({ text }) => text);
      const start = inFile.indexOf(followed[0] ?? '');
      assert.deepEqual(followed, inFile.slice(start, start + followed.length), name);
    }
  });

  test('can be read while Holdfast is down', async (t) => {
    const home = testHome(t);
    await home.run(['start', app('exits-zero.js'), '-n', 'web']);
    await until(() => logged(home, 'web').length > 0, { why: 'it has written' });
    await home.ok(['down']);
    const { stdout } = await home.ok(['logs', 'web', '-n', '1']);
    assert.match(stdout, /done\n$/);
  });
});

/** The names of an app's log files, the oldest first. */
function filesOf(home: TestHome, name: string): string[] {
  const files = readdirSync(home.paths.logs).filter((file) => file.startsWith(`${name}.`));
  return files.sort(
    (a, b) => statSync(join(home.paths.logs, a)).mtimeMs - statSync(join(home.paths.logs, b)).mtimeMs,
  );
}

function allText(home: TestHome, name: string): string {
  return filesOf(home, name)
    .map((file) => readFileSync(join(home.paths.logs, file)))
    .map((bytes) => String(bytes[0] === 0x1f ? gunzipSync(bytes) : bytes))
    .join('');
}
