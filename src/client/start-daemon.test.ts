import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { cleanup, type Test } from '../../test/support/cleanup.ts';
import { tempDir } from '../../test/support/temp-dir.ts';
import { until } from '../../test/support/until.ts';
import { identify, isAlive } from '../kit/proc.ts';
import { homePaths } from '../protocol/home.ts';
import { connectNow } from './connect.ts';
import { prepareHome } from './home.ts';
import { awaitReturn, daemonEnv, startDaemon } from './start-daemon.ts';

/** A program in place of the daemon's: an API that answers who it is. */
const daemonSource = `
  const { createServer } = require('node:http');
  const { writeFileSync } = require('node:fs');
  const home = process.argv[process.argv.indexOf('--home') + 1];
  const server = createServer((request, response) => response.end(JSON.stringify({ api: 1, version: 'x', pid: process.pid })));
  server.on('error', () => process.exit(0)); // the other one has the socket
  server.listen(home + '/run/control.sock', () =>
    writeFileSync(home + '/started-' + process.pid, JSON.stringify({ env: process.env, cwd: process.cwd() })));
`;

function program(t: Test, source: string): { home: string; program: string } {
  const dir = tempDir(t);
  const file = join(dir, 'daemon.cjs');
  writeFileSync(file, source);
  return { home: join(dir, 'home'), program: file };
}

async function daemonOf(t: Test, home: string): Promise<number> {
  const client = await connectNow(home);
  const { pid } = (await client?.daemon()) ?? { pid: 0 };
  client?.close();
  cleanup(t, () => process.kill(pid, 'SIGKILL'));
  return pid;
}

test('a daemon is started with a clean environment, outside of the working directory', async (t) => {
  const { home, program: file } = program(t, daemonSource);
  const env = { ...process.env, SECRET: 'x', LC_ALL: 'C', NODE_OPTIONS: '--no-warnings' };
  (await startDaemon(home, () => connectNow(home), { program: file, env })).close();
  const pid = await daemonOf(t, home);
  const started = join(home, `started-${pid}`);
  await until(() => existsSync(started) && readFileSync(started, 'utf8'), { why: 'the daemon has written' });
  const said = JSON.parse(readFileSync(started, 'utf8'));
  assert.equal(said.cwd, '/');
  assert.equal(said.env.LC_ALL, 'C');
  assert.equal(said.env.SECRET, undefined);
  assert.equal(said.env.NODE_OPTIONS, undefined);
});

test('two commands at once find the same daemon', async (t) => {
  const { home, program: file } = program(t, daemonSource);
  const start = () => startDaemon(home, () => connectNow(home), { program: file });
  const clients = await Promise.all([start(), start(), start()]);
  await daemonOf(t, home);
  const pids = await Promise.all(clients.map(async (client) => (await client.daemon()).pid));
  for (const client of clients) client.close();
  assert.equal(new Set(pids).size, 1);
});

test('a daemon that does not come up is reported with its last words, and not those of an earlier one', async (t) => {
  const { home, program: file } = program(
    t,
    'console.error("first\\nno space in the attic"); process.exit(3)',
  );
  await prepareHome(home);
  writeFileSync(homePaths(home).daemonLog, 'old words\n');
  await assert.rejects(
    startDaemon(home, () => connectNow(home), { program: file }),
    (error: { code: string; message: string; details: string[] }) => {
      assert.equal(error.code, 'DAEMON_UNREACHABLE');
      assert.match(error.message, /exited with code 3/);
      assert.deepEqual(error.details, ['first', 'no space in the attic']);
      return true;
    },
  );
});

test('a daemon that gives way to one that does not answer: that one is named', async (t) => {
  const { home, program: file } = program(t, 'process.exit(0)');
  await prepareHome(home);
  writeFileSync(homePaths(home).daemonPid, JSON.stringify(identify(process.pid)));
  await assert.rejects(
    startDaemon(home, () => connectNow(home), { program: file, timeoutMs: 500 }),
    {
      code: 'DAEMON_UNREACHABLE',
      message: new RegExp(`\\(pid ${process.pid}\\) runs, but does not answer`),
    },
  );
});

test('a daemon that never answers is not waited for for ever', async (t) => {
  const { home, program: file } = program(t, '');
  let pid = 0;
  const marker = join(home, 'pid');
  writeFileSync(
    file,
    `require('node:fs').writeFileSync(${JSON.stringify(marker)}, String(process.pid)); setTimeout(() => {}, 20000)`,
  );
  cleanup(t, () => pid > 0 && process.kill(pid, 'SIGKILL'));
  await assert.rejects(
    startDaemon(home, () => connectNow(home), { program: file, timeoutMs: 1000 }),
    {
      message: /did not answer within 1 s/,
    },
  );
  pid = Number(
    await until(() => existsSync(marker) && readFileSync(marker, 'utf8'), { why: 'it has started' }),
  );
});

test('a daemon that is coming back is waited for', async (t) => {
  const home = join(tempDir(t), 'home');
  await prepareHome(home);
  writeFileSync(homePaths(home).holderPid, JSON.stringify(identify(process.pid)));
  let looks = 0;
  assert.equal(await awaitReturn(home, async () => (++looks < 3 ? null : 'back')), 'back');
  assert.equal(looks, 3);
});

test('a pid file of a process that is gone, or of another with its number, is nobody', async (t) => {
  const home = join(tempDir(t), 'home');
  await prepareHome(home);
  const never = async () => assert.fail('looked for a daemon that cannot come');
  const me = { pid: process.pid, startTime: (identify(process.pid)?.startTime ?? 0) - 1 };
  for (const text of [JSON.stringify(me), '{"pid":', '{}', 'null', '17']) {
    writeFileSync(homePaths(home).daemonPid, text);
    assert.equal(await awaitReturn(home, never), null);
  }
  assert.equal(isAlive(me), false);
});

test('of a shell’s environment only what every program needs reaches the daemon', () => {
  const env = {
    PATH: '/bin',
    HOME: '/h',
    LANG: 'C',
    LC_TIME: 'C',
    AWS_SECRET: 'x',
    NODE_ENV: 'x',
    TZ: 'UTC',
  };
  assert.deepEqual(daemonEnv(env), { PATH: '/bin', HOME: '/h', LANG: 'C', LC_TIME: 'C', TZ: 'UTC' });
});
