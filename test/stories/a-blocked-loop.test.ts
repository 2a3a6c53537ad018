/** The watchdog: an instance whose event loop is blocked is ended and started again, and its record says where it was stuck. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import type { CrashRecord } from '../../src/protocol/api.ts';
import type { Test } from '../support/cleanup.ts';
import { configure } from '../support/config-file.ts';
import { events, happened } from '../support/journal.ts';
import { freePort } from '../support/ports.ts';
import { script } from '../support/scripts.ts';
import { type TestHome, testHome } from '../support/test-home.ts';
import { until } from '../support/until.ts';

/** Works hard for as many ms as the path of a request says; `/sleep/5` waits for a child process instead. */
const hardWorker = `const http = require('node:http');
process.on('SIGUSR2', () => console.log('the app got SIGUSR2'));
function hash(ms) {
  const end = Date.now() + ms;
  while (Date.now() < end);
}
http.createServer((req, res) => {
  const [, what, amount] = req.url.split('/');
  if (what === 'block') hash(Number(amount));
  if (what === 'sleep') require('node:child_process').execSync('sleep ' + amount);
  res.end('pid ' + process.pid);
}).listen(process.env.PORT);
`;

async function start(t: Test, { instances = 1, watchdog = '1s' }) {
  const home = testHome(t);
  const port = await freePort();
  script(home, 'work.js', hardWorker);
  const web = { run: 'work.js', instances, port, watchdog, env: { DB_PASSWORD: 'hunter2' } };
  configure(home, { apps: { web } });
  await home.ok(['up']);
  const ask = async (path: string) => (await fetch(`http://127.0.0.1:${port}${path}`)).text();
  return { home, ask };
}

/** Asks for work that nobody gets an answer to. */
function block(ask: (path: string) => Promise<string>, path = '/block/600000'): void {
  ask(path).catch(() => undefined);
}

async function crashes(home: TestHome, count = 1): Promise<CrashRecord[]> {
  const read = async () => (await home.ok(['crashes', 'web', '--json'])).json<CrashRecord[]>();
  return until(async () => ((await read()).length >= count ? read() : null), {
    why: `${count} crashes are recorded`,
    every: 100,
  });
}

test('it is ended and started again; the record has the place, the stack and a report without secrets', async (t) => {
  const { home, ask } = await start(t, {});
  block(ask);
  const { reason } = await happened(home, 'instance.unhealthy', { about: 'web.0' });
  assert.equal(reason, 'the event loop was blocked for 1s at work.js:5 (hash)');
  assert.match(await ask('/'), /^pid \d+$/);

  const [crash] = await crashes(home);
  assert.equal(crash?.cause, reason);
  assert.match(crash.stack[0] ?? '', /^at hash \(.*work\.js:5:\d+\)$/);
  assert.match(crash.stack[1] ?? '', /^at .*work\.js:9:\d+/);
  const report = readFileSync(crash.report ?? '', 'utf8');
  assert.ok(JSON.parse(report).javascriptStack.stack.some((line: string) => line.includes('hash')));
  assert.doesNotMatch(report, /hunter2|DB_PASSWORD/);
  const { stdout } = await home.ok(['crashes', 'web']);
  assert.match(stdout, /where it was:\n +at hash/);
  assert.match(stdout, /now: +running, 1 of 1 ready/);
  assert.equal((await home.ok(['crashes', '--report'])).stdout, report);
  assert.doesNotMatch((await home.ok(['logs', 'web'])).stdout, /got SIGUSR2/);
});

test('a block that is shorter than the watchdog is left alone', async (t) => {
  const { home, ask } = await start(t, { watchdog: '3s' });
  const [before] = await home.ready('web');
  assert.equal(await ask('/block/2000'), `pid ${before?.pid}`);
  assert.equal(await ask('/block/2000'), `pid ${before?.pid}`);
  assert.deepEqual(events(home, 'instance.unhealthy'), []);
});

test('several that are blocked at once', async (t) => {
  const { home, ask } = await start(t, { instances: 4 });
  const before = await home.ready('web', 4);
  // Each connection goes to one that still accepts.
  const answers = new Set<string>();
  await until(
    () => {
      block(ask);
      return events(home, 'instance.unhealthy').length >= 4 && answers;
    },
    { why: 'all are found', every: 200 },
  );
  const found = new Set(events(home, 'instance.unhealthy').map(({ instance }) => instance));
  assert.deepEqual([...found].sort(), before.map(({ id }) => id).sort());
});

test('the daemon is killed during the block: the next one ends it', async (t) => {
  const { home, ask } = await start(t, { watchdog: '2s' });
  const [before] = await home.ready('web');
  block(ask);
  await until(() => usesCpu(before?.pid ?? 0), { why: 'it is at work' });
  process.kill(home.daemonPid(), 'SIGKILL');
  const { reason } = await happened(home, 'instance.unhealthy', { about: 'web.0' });
  assert.match(reason ?? '', /^the event loop was blocked for 2s at work\.js:5 \(hash\)/);
  await until(async () => /^pid \d+$/.test(await ask('/')), { why: 'it answers again' });
  const [after] = await home.ready('web');
  assert.notEqual(after?.pid, before?.pid);
});

test('a synchronous call of Node has no stack to show, and the record says so', async (t) => {
  const { home, ask } = await start(t, {});
  block(ask, '/sleep/1000');
  const [crash] = await crashes(home);
  assert.equal(crash?.cause, 'the event loop was blocked for 1s');
  assert.match(crash.diagnosis ?? '', /synchronous call of Node, such as execSync/);
});

/** It has used half a second of CPU time, see proc(5). */
function usesCpu(pid: number): boolean {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[11]) > 50;
}
