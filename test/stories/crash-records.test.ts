/** `hold crashes` is what one reads at three in the morning: what happened, why, and what to do. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import type { CrashRecord } from '../../src/protocol/api.ts';
import { cleanup } from '../support/cleanup.ts';
import { happened } from '../support/journal.ts';
import { script } from '../support/scripts.ts';
import { smallDisk } from '../support/small-disk.ts';
import { type TestHome, testHome } from '../support/test-home.ts';
import { until } from '../support/until.ts';

async function recorded(home: TestHome, count = 1): Promise<CrashRecord[]> {
  const read = async () => (await home.ok(['crashes', '--json'])).json<CrashRecord[]>();
  return until(
    async () => {
      const all = await read();
      return all.length >= count && all;
    },
    { why: `${count} crashes are recorded`, every: 100 },
  );
}

/** Starts a program that fails, and returns the first record. */
async function crashOf(home: TestHome, text: string, args: readonly string[] = []): Promise<CrashRecord> {
  await home.run(['start', script(home, 'app.js', text), '-n', 'web', ...args]);
  const [crash] = await recorded(home);
  assert.ok(crash);
  return crash;
}

test('an exception that nobody caught: its message, its stack, and one screen that says all', async (t) => {
  const home = testHome(t);
  const crash = await crashOf(home, "function boom() { throw new TypeError('no such thing'); }\nboom();");
  assert.equal(crash.cause, 'exited with code 1');
  assert.equal(crash.diagnosis, 'uncaught exception: TypeError: no such thing');
  assert.match(crash.stack[0] ?? '', /^at boom \(.*app\.js:1:\d+\)$/);
  await home.ok(['stop', 'web']);
  const { stdout } = await home.ok(['crashes', 'web', '--last']);
  assert.match(stdout, /^web\.0 exited with code 1 after /);
  assert.match(stdout, /why: +uncaught exception: TypeError: no such thing\n/);
  assert.match(stdout, /now: +stopped\n/);
  assert.match(stdout, /! +at boom/);
  assert.match(stdout, /all of its log: hold logs web --since 20\S+Z\n$/);
  // What it says works.
  const [, command = ''] = /hold (logs .*)\n/.exec(stdout) ?? [];
  assert.match((await home.ok(command.split(' '))).stdout, /TypeError: no such thing/);
});

test('a rejection that nobody caught, also in an ES module', async (t) => {
  const home = testHome(t);
  const file = script(
    home,
    'app.mjs',
    "const connect = async () => { throw new Error('no database'); };\nconnect();",
  );
  await home.run(['start', file, '-n', 'web']);
  const [crash] = await recorded(home);
  // Where Node has a line to show, it prints it as any exception.
  assert.match(crash?.diagnosis ?? '', /^(unhandled rejection|uncaught exception): Error: no database$/);
});

test('a port in use: by whom', async (t) => {
  const home = testHome(t);
  const other = createServer().listen(0, '127.0.0.1');
  cleanup(t, () => other.close());
  await once(other, 'listening');
  const address = other.address();
  const port = typeof address === 'object' ? address?.port : 0;
  const crash = await crashOf(home, `require('node:net').createServer().listen(${port}, '127.0.0.1');`);
  assert.match(crash.diagnosis ?? '', new RegExp(`^port ${port} is in use by .+ \\(pid ${process.pid}\\)$`));
});

test('a package that is not installed', async (t) => {
  const home = testHome(t);
  const crash = await crashOf(home, "require('no-such-package-at-all');");
  assert.equal(crash.diagnosis, 'the package "no-such-package-at-all" is not installed');
  assert.match(crash.advice ?? '', /npm install/);
});

test('a full heap, again and again: a clean report with each record, and both are limited in number', async (t) => {
  const home = testHome(t);
  const greedy = 'const all = []; for (;;) all.push(new Array(1000).fill({ a: 1 }));';
  const run = `node --max-old-space-size=30 ${script(home, 'app.js', greedy)}`;
  writeFileSync(
    join(home.dir, 'holdfast.config.json'),
    JSON.stringify({
      apps: {
        web: {
          run,
          ready: 'started',
          env: { DB_PASSWORD: 'hunter2' },
          restart: { backoff: ['10ms', '10ms'], giveUpAfter: { crashes: 23, within: '10m' } },
        },
      },
    }),
  );
  await home.run(['up']);
  await happened(home, 'instance.failed', { about: 'web.0' });
  const crashes = await until(
    async () => {
      const all = await recorded(home, 20);
      return all.at(-1)?.report && all;
    },
    { why: 'the last one is recorded' },
  );
  assert.equal(crashes.length, 20);
  for (const { diagnosis, signal } of crashes) {
    assert.match(diagnosis ?? '', /^it reached the limit of its JavaScript heap \(\d+ MB\)$/);
    assert.equal(signal, 'SIGABRT');
  }
  const reports = join(home.paths.home, 'reports');
  assert.equal(readdirSync(reports).length, 20);
  const report = readFileSync(crashes.at(-1)?.report ?? '', 'utf8');
  assert.equal(JSON.parse(report).header.trigger, 'OOMError');
  assert.doesNotMatch(report, /hunter2|networkInterfaces/);
  assert.match((await home.ok(['crashes'])).stdout, /the same 19 times before/);

  await home.ok(['delete', 'web']);
  assert.deepEqual(readdirSync(reports), []);
  assert.equal((await home.ok(['crashes', '--json'])).stdout, '[]\n');
});

test('somebody else killed it', async (t) => {
  const home = testHome(t);
  const crash = await crashOf(home, "process.kill(process.pid, 'SIGKILL');");
  assert.equal(crash.cause, 'killed by SIGKILL');
  assert.match(crash.diagnosis ?? '', /somebody else|out of memory/);
});

test('a full disk: no report and no record, but the daemon lives and the app is started again', async (t) => {
  const parent = smallDisk(t, 2 * 1024 * 1024);
  if (!parent) return;
  const home = testHome(t, { parent });
  const text = `setTimeout(() => {
  try { require('node:fs').writeFileSync('${parent}/filler', Buffer.alloc(4e6)); } catch {}
  const all = [];
  for (;;) all.push(new Array(1000).fill({ a: 1 }));
}, 200);`;
  const file = script(home, 'app.js', text);
  await home.run(['start', `node --max-old-space-size=30 ${file}`, '-n', 'web']);
  const daemon = home.daemonPid();
  await until(async () => ((await home.apps())[0]?.instances[0]?.restarts ?? 0) >= 1, {
    why: 'it is started again',
    every: 100,
  });
  assert.equal(home.daemonPid(), daemon);
  assert.ok(existsSync(`${parent}/filler`));
});
