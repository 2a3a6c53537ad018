import assert from 'node:assert/strict';
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Test } from '../../../test/support/cleanup.ts';
import { appView, fakeDaemon } from '../../../test/support/fake-daemon.ts';
import { runCli } from '../../../test/support/run-cli.ts';
import { tempDir } from '../../../test/support/temp-dir.ts';

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

test('--until, --out, --ignore-case, patterns for names', async (t) => {
  const { home } = homeWithLogs(t);
  const texts = async (...args: string[]) => {
    const { out, code, err } = await runCli(home, ['logs', ...args, '--json']);
    assert.equal(code, 0, err);
    return out.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line).text.slice(0, 7)]));
  };
  assert.deepEqual(await texts('--until', '2026-03-01T12:00:00.200Z'), ['listeni', 'working']);
  assert.deepEqual(await texts('--until', '2026-03-01T12:00:00.400Z', '-n', '1'), ['warning']);
  assert.deepEqual(await texts('web', '--out', '-n', '1', '--until', '2026-03-01T12:00:00.300Z'), [
    'listeni',
  ]);
  assert.deepEqual(await texts('--grep', 'WORK|LIST', '-i'), ['listeni', 'working']);
  assert.deepEqual(await texts('/^jo/'), ['working']);
  assert.equal((await runCli(home, ['logs', '/^x/'])).code, 1);
  assert.equal((await runCli(home, ['logs', '-f', '--until', 'now'])).code, 2);
  assert.equal((await runCli(home, ['logs', '--grep', '('])).code, 2);
});

test('--raw: the text and nothing else, long lines in one piece', async (t) => {
  const { home, log } = homeWithLogs(t);
  writeFileSync(
    log('web'),
    ['out+ {"a":', 'out 1}', 'err bad'].map((rest) => `2026-03-01T12:00:00.000Z web.0 ${rest}\n`).join(''),
  );
  assert.equal((await runCli(home, ['logs', 'web', '--raw'])).out, '{"a":1}\nbad\n');
});

const pinoLines = [
  '{"level":30,"time":1772366400000,"pid":1,"hostname":"h","msg":"listening","port":3000}',
  '{"level":50,"time":1772366401000,"pid":1,"hostname":"h","err":{"type":"Error","message":"no db","stack":"Error: no db\\n    at f"},"msg":"failed","user":"a b"}',
  'not JSON',
];

test('JSON of a logger is shown as level, message and fields, where the app is said to write it', async (t) => {
  const { home, log } = homeWithLogs(t);
  writeFileSync(log('web'), pinoLines.map((text) => `2026-03-01T12:00:05.000Z web.0 out ${text}\n`).join(''));
  const asIs = await runCli(home, ['logs', 'web']);
  assert.ok(asIs.out.includes(`| ${pinoLines[0]}\n`), 'unless it is said, nothing is touched');

  writeFileSync(`${log('web')}.format`, 'json\n');
  const { out } = await runCli(home, ['logs', 'web']);
  assert.deepEqual(out.split('\n'), [
    '2026-03-01T12:00:00.000Z web.0 | INFO listening port=3000',
    '2026-03-01T12:00:01.000Z web.0 | ERROR failed user="a b"',
    '    Error: no db',
    '        at f',
    '2026-03-01T12:00:05.000Z web.0 | not JSON',
    '',
  ]);
  const raw = await runCli(home, ['logs', 'web', '--raw']);
  assert.equal(raw.out, `${pinoLines.join('\n')}\n`);
  const json = await runCli(home, ['logs', 'web', '--json', '-n', '2']);
  const [first = '', second = ''] = json.out.split('\n');
  assert.equal(JSON.parse(first).level, 'error');
  assert.equal(JSON.parse(first).data.user, 'a b');
  assert.equal(JSON.parse(first).text, pinoLines[1]);
  assert.equal(JSON.parse(second).level, undefined);
  const terminal = await runCli(home, ['logs', 'web'], { tty: true });
  assert.ok(terminal.out.includes(`${esc}[31mERROR${esc}[39m failed`));
});

test('--level takes lines that are as grave; of plain text, stderr is an error', async (t) => {
  const { home, log } = homeWithLogs(t);
  const lines = [
    ...pinoLines.map((text) => `out ${text}`),
    'err at last',
    'out {"level":"warning","message":"hm"}',
  ];
  writeFileSync(log('web'), lines.map((rest) => `2026-03-01T12:00:05.000Z web.0 ${rest}\n`).join(''));
  const shown = async (level: string) => {
    const { out } = await runCli(home, ['logs', 'web', '--level', level, '--json']);
    return out.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line).text]));
  };
  assert.deepEqual(await shown('error'), [pinoLines[1], 'at last']);
  assert.deepEqual(await shown('warn'), [pinoLines[1], 'at last', '{"level":"warning","message":"hm"}']);
  assert.equal((await shown('info')).length, 5);
  assert.equal((await runCli(home, ['logs', '--level', 'bad'])).code, 2);
});

test('--flush empties logs, rotated ones too, without a daemon; with one, the daemon does it', async (t) => {
  const { home, log } = homeWithLogs(t);
  const rotated = `${log('web')}.2026-02-01T00-00-00.000Z.gz`;
  writeFileSync(rotated, 'x');
  assert.equal((await runCli(home, ['logs', 'web.0', '--flush'])).code, 2);
  assert.deepEqual(await runCli(home, ['logs', 'web', '--flush']).then(({ code, out }) => [code, out]), [
    0,
    '',
  ]);
  assert.equal(readFileSync(log('web'), 'utf8'), '');
  assert.ok(!existsSync(rotated));
  assert.ok(readFileSync(log('jobs'), 'utf8').length > 0);

  const daemon = await fakeDaemon(t, home);
  for (const call of ['reopen', 'flush']) daemon.outcomes[`POST /v1/logs/${call}`] = { result: null };
  assert.equal((await runCli(home, ['logs', 'jobs', '--flush'])).code, 0);
  assert.deepEqual(daemon.lastBody(), { app: 'jobs' });
  assert.equal((await runCli(home, ['logs', '--reopen'])).code, 0);
  assert.deepEqual(daemon.changes(), ['POST /v1/logs/flush', 'POST /v1/logs/reopen']);
});

test('a namespace, and a number, are known by the daemon', async (t) => {
  const { home } = homeWithLogs(t);
  const daemon = await fakeDaemon(t, home);
  daemon.apps = [
    { ...appView('web'), namespace: 'front', numbers: [0, 1] },
    { ...appView('jobs'), numbers: [2] },
  ];
  const ids = async (name: string) => {
    const { out } = await runCli(home, ['logs', name, '--json']);
    return out.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line).instance]));
  };
  assert.deepEqual(await ids('front'), ['web.0', 'web.1', 'web.0']);
  assert.deepEqual(await ids('1'), ['web.1']);
  assert.deepEqual(await ids('2'), ['jobs.0']);
});
