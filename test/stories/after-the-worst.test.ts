/** What is left when more than one thing went wrong at once: nothing runs unseen, and nothing gives up for a reason that will pass. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { cleanup } from '../support/cleanup.ts';
import { configure } from '../support/config-file.ts';
import { events, happened } from '../support/journal.ts';
import { freePort } from '../support/ports.ts';
import { isAlive } from '../support/processes.ts';
import { app } from '../support/root.ts';
import { script } from '../support/scripts.ts';
import { type TestHome, testHome } from '../support/test-home.ts';
import { until } from '../support/until.ts';

/** Ends the holder, too, so that nobody brings the daemon back. */
async function killAll(home: TestHome): Promise<void> {
  const holder: number = JSON.parse(readFileSync(home.paths.holderPid, 'utf8')).pid;
  const daemon = home.daemonPid();
  process.kill(holder, 'SIGKILL');
  process.kill(daemon, 'SIGKILL');
  await until(() => !isAlive(daemon), { why: 'the daemon is dead' });
}

describe('processes of an app that is no longer known', () => {
  async function orphaned(home: TestHome): Promise<{ pid: number; port: number }> {
    const port = await freePort();
    await home.ok(['start', app('hello.js'), '-n', 'kept', '-p', String(await freePort())]);
    await home.ok(['start', app('hello.js'), '-n', 'web', '-p', String(port)]);
    const [instance] = await home.ready('web', 1);
    await killAll(home);
    const file = join(home.paths.state, 'desired.json');
    // As it was before there was `web`.
    const { apps, ...rest } = JSON.parse(readFileSync(file, 'utf8'));
    for (const generation of ['', '.1', '.2']) rmSync(`${file}${generation}`, { force: true });
    writeFileSync(file, JSON.stringify({ ...rest, apps: { kept: apps.kept } }));
    return { pid: instance?.pid ?? 0, port };
  }

  test('are told of, go on serving, and end with `down`', async (t) => {
    const home = testHome(t);
    const { pid, port } = await orphaned(home);
    assert.deepEqual(
      (await home.apps()).map(({ name, status }) => [name, status]),
      [['kept', 'running']],
    );
    const repaired = await happened(home, 'state.repaired', { about: 'web.0' });
    assert.equal(repaired.pid, pid);
    assert.match(repaired.reason ?? '', /"web\.0" runs, but what was stored of its app is lost/);
    assert.match(await (await fetch(`http://127.0.0.1:${port}/`)).text(), /^hello/);
    await home.ok(['down']);
    assert.equal(isAlive(pid), false);
  });

  test('end when an app of their name is started, which then has their port', async (t) => {
    const home = testHome(t);
    const { pid, port } = await orphaned(home);
    await home.ok(['start', app('hello.js'), '-n', 'web', '-p', String(port)]);
    assert.equal(isAlive(pid), false);
    assert.match(await (await fetch(`http://127.0.0.1:${port}/`)).text(), /^hello/);
  });
});

test('an instance that cannot share its port since daemon and holder were killed waits for help, and says which', async (t) => {
  const home = testHome(t);
  const port = await freePort();
  const restart = {
    backoff: ['10ms', '50ms'] as [string, string],
    giveUpAfter: { crashes: 2, within: '1m' },
    max: 2,
  };
  configure(home, { apps: { web: { run: app('hello.js'), instances: 2, port, restart } } });
  await home.ok(['up']);
  const [, second] = await home.ready('web', 2);
  await killAll(home);
  await home.apps();
  process.kill(second?.pid ?? 0, 'SIGKILL');
  await happened(home, 'instance.crashed', { about: 'web.1', after: 4 });
  assert.deepEqual(events(home, 'instance.failed'), []);
  const why = new RegExp(`exited with code 1; port ${port} is not held since the daemon was killed`);
  const shown = await until(
    async () => (await home.show('web')).instances.find(({ reason }) => why.test(reason ?? '')),
    { why: 'it says what the matter is', every: 50 },
  );
  assert.equal(shown.id, 'web.1');
  assert.match(shown.reason ?? '', /`hold restart web` mends it/);
  assert.match(await (await fetch(`http://127.0.0.1:${port}/`)).text(), /^hello/);
  await home.ok(['restart', 'web']);
  await home.ready('web', 2);
});

test('what an instance has started in sessions of their own is no second instance, and ends with it', async (t) => {
  const home = testHome(t);
  const port = await freePort();
  const run = script(
    home,
    'parent.js',
    `const { spawn } = require('node:child_process');
const child = spawn('sleep', ['1000'], { detached: true, stdio: 'ignore' });
require('node:http').createServer((_request, response) => {
  console.log('asked');
  response.end(String(child.pid));
}).listen(process.env.PORT);`,
  );
  await home.ok(['start', run, '-n', 'web', '-p', String(port)]);
  const [instance] = await home.ready('web', 1);
  const ask = async () => Number(await (await fetch(`http://127.0.0.1:${port}/`)).text());
  const child = await ask();
  cleanup(t, () => isAlive(child) && process.kill(child, 'SIGKILL'));
  const isAsked = (times: number) =>
    until(async () => (await home.ok(['logs', 'web'])).stdout.split('asked').length === times + 1, {
      why: 'its output is read',
      every: 50,
    });
  await isAsked(1);
  await killAll(home);
  assert.equal((await home.ready('web', 1))[0]?.pid, instance?.pid);
  assert.equal(events(home, 'instance.adopted').length, 1);
  // A stop of a second one would take the pipes of the first with it.
  await ask();
  await isAsked(2);
  assert.ok(isAlive(child));
  await home.ok(['stop', 'web']);
  assert.equal(isAlive(child), false);
  assert.deepEqual(events(home, 'instance.killed'), []);
});

test('after the machine was off, everything starts anew and in its order, and nothing counts as a crash', async (t) => {
  const home = testHome(t);
  configure(home, {
    apps: { web: { run: app('hello.js'), port: await freePort(), after: 'db' }, db: { run: 'sleep 1000' } },
  });
  await home.ok(['up']);
  const all = (await home.apps()).flatMap(({ instances }) => instances.map(({ pid }) => pid ?? 0));
  await killAll(home);
  for (const pid of all) process.kill(pid, 'SIGKILL');
  await until(() => !all.some(isAlive), { why: 'nothing runs' });
  const file = join(home.paths.state, 'instances.json');
  assert.ok(existsSync(file));
  const records = JSON.parse(readFileSync(file, 'utf8'));
  writeFileSync(file, JSON.stringify({ ...records, boot: 'another one' }));

  await home.ready('web', 1);
  assert.deepEqual(events(home, 'instance.crashed'), []);
  const [, db] = events(home, 'instance.ready', 'db');
  const [, web] = events(home, 'instance.spawned', 'web');
  assert.ok(db && web && db.seq < web.seq, 'db first');
  const [instance] = (await home.show('web')).instances;
  assert.deepEqual([instance?.serial, instance?.restarts], [2, 0]);
});
