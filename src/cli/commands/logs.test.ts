import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Test } from '../../../test/support/cleanup.ts';
import { appView, fakeDaemon } from '../../../test/support/fake-daemon.ts';
import { runCli } from '../../../test/support/run-cli.ts';
import { tempDir } from '../../../test/support/temp-dir.ts';
import { parseSince } from './logs.ts';

const esc = '\x1b';

/** A home with the logs of two apps, and nothing that runs. */
function homeWithLogs(t: Test): { home: string; log: (app: string) => string } {
  const home = tempDir(t);
  mkdirSync(join(home, 'logs'));
  const log = (app: string) => join(home, 'logs', `${app}.log`);
  writeFileSync(
    log('web'),
    [
      '2026-03-01T12:00:00.100Z web.0 out listening',
      '2026-03-01T12:00:00.300Z web.1 err warning: slow',
      `2026-03-01T12:00:00.500Z web.0 out ${esc}[32mgreen${esc}[39m ${esc}]0;title\x07end`,
      '',
    ].join('\n'),
  );
  writeFileSync(log('jobs'), '2026-03-01T12:00:00.200Z jobs.0 out working\n');
  return { home, log };
}

test('all apps in the order of time, with the daemon down', async (t) => {
  const { home } = homeWithLogs(t);
  const { code, out, err } = await runCli(home, ['logs']);
  assert.equal(code, 0);
  assert.equal(err, '');
  assert.deepEqual(out.split('\n').slice(0, 3), [
    '2026-03-01T12:00:00.100Z web.0 | listening',
    '2026-03-01T12:00:00.200Z jobs.0 | working',
    '2026-03-01T12:00:00.300Z web.1  ! warning: slow',
  ]);
});

test('of an app, of an instance, of stderr, by pattern, the last lines', async (t) => {
  const { home } = homeWithLogs(t);
  const texts = async (...args: string[]) => {
    const { out } = await runCli(home, ['logs', ...args, '--json']);
    return out
      .trimEnd()
      .split('\n')
      .map((line) => (line === '' ? '' : JSON.parse(line).text.slice(0, 7)));
  };
  assert.deepEqual(await texts('jobs'), ['working']);
  assert.deepEqual(await texts('web.1'), ['warning']);
  assert.deepEqual(await texts('web.1', 'jobs'), ['working', 'warning']);
  assert.deepEqual(await texts('--err'), ['warning']);
  assert.deepEqual(await texts('--grep', '^w'), ['working', 'warning']);
  assert.deepEqual(await texts('-n', '2', 'jobs', 'web.1'), ['working', 'warning']);
  assert.deepEqual(await texts('-n', '1', 'web.1'), ['warning']);
  assert.deepEqual(await texts('--since', '2026-03-01T12:00:00.250Z', '--err'), ['warning']);
  assert.deepEqual(await texts('--since', '10m'), ['']);
});

test('--json: one line, one object, with the names of the log', async (t) => {
  const { home } = homeWithLogs(t);
  const { out } = await runCli(home, ['logs', '--json', '-n', '1', 'jobs']);
  assert.deepEqual(JSON.parse(out), {
    time: '2026-03-01T12:00:00.200Z',
    app: 'jobs',
    instance: 'jobs.0',
    stream: 'out',
    text: 'working',
    partial: false,
  });
});

test('on a terminal the colours of the app stay, what would steer it goes; in a pipe all stays', async (t) => {
  const { home } = homeWithLogs(t);
  const seen = await runCli(home, ['logs', 'web.0'], { tty: true });
  assert.ok(seen.out.includes(`${esc}[32mgreen`) && !seen.out.includes('title'));
  const piped = await runCli(home, ['logs', 'web.0']);
  assert.ok(piped.out.includes(`${esc}]0;title\x07end`));
  const plain = await runCli(home, ['logs', 'web.0'], { tty: true, env: { NO_COLOR: '1' } });
  assert.ok(!plain.out.includes(esc));
});

test('-f goes on with what is written, until Ctrl-C', async (t) => {
  const { home, log } = homeWithLogs(t);
  const interrupt = new AbortController();
  const { code, out } = await runCli(home, ['logs', '-f', '-n', '1', 'jobs'], {
    signal: interrupt.signal,
    onOut(text) {
      if (text.includes('working')) appendFileSync(log('jobs'), '2026-03-01T12:00:01.000Z jobs.0 out done\n');
      else interrupt.abort();
    },
  });
  assert.equal(code, 130);
  assert.match(out, /working\n.*done\n$/);
});

test('an app that nobody knows is an error; one that has written nothing yet is not', async (t) => {
  const { home } = homeWithLogs(t);
  const { code, err } = await runCli(home, ['logs', 'wep']);
  assert.equal(code, 1);
  assert.match(err, /There is no app "wep": did you mean "web"\?/);
  (await fakeDaemon(t, home)).apps = [appView('quiet')];
  assert.deepEqual(await runCli(home, ['logs', 'quiet']).then(({ code, out }) => [code, out]), [0, '']);
});

test('--since: a while ago, or a point in time', () => {
  assert.equal(parseSince('10m', undefined, 1_000_000), 400_000);
  assert.equal(parseSince('2026-03-01T12:00:00Z'), Date.UTC(2026, 2, 1, 12));
});
