/** What is stopped is gone, with everything that it has started. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readStat } from '../../src/kit/proc.ts';
import { cleanup } from '../support/cleanup.ts';
import { configure } from '../support/config-file.ts';
import { events, happened } from '../support/journal.ts';
import { logged } from '../support/log-file.ts';
import { freePort } from '../support/ports.ts';
import { isAlive } from '../support/processes.ts';
import { app } from '../support/root.ts';
import { script } from '../support/scripts.ts';
import { testHome } from '../support/test-home.ts';
import { until } from '../support/until.ts';

describe('stop', () => {
  test('kills what ignores SIGTERM when its time is up', async (t) => {
    const home = testHome(t);
    const web = { run: app('ignores-sigterm.js'), port: await freePort(), stop: { timeout: '300ms' } };
    configure(home, { apps: { web } });
    await home.ok(['up']);
    const [instance] = await home.ready('web', 1);
    await home.ok(['stop', 'web']);
    assert.equal(isAlive(instance?.pid ?? 0), false);
    assert.deepEqual(
      logged(home, 'web').map(({ text }) => text),
      ['SIGTERM ignored'],
    );
    assert.equal(events(home, 'instance.killed', 'web').length, 1);
    assert.match(events(home, 'instance.stopped', 'web')[0]?.reason ?? '', /SIGKILL/);
    assert.equal(events(home, 'instance.crashed', 'web').length, 0);
    assert.equal((await home.apps())[0]?.status, 'stopped');
  });

  test('sends the signal that the plan names', async (t) => {
    const home = testHome(t);
    const stop = { signal: 'SIGHUP' as const, timeout: '2s' };
    configure(home, { apps: { web: { run: app('ignores-sigterm.js'), port: await freePort(), stop } } });
    await home.ok(['up']);
    await home.ok(['stop', 'web']);
    assert.deepEqual(
      logged(home, 'web').map(({ text }) => text),
      ['SIGHUP ignored'],
    );
  });

  test('waits for the answers that are under way', async (t) => {
    const home = testHome(t);
    const port = await freePort();
    const answers = "console.log('asked'); setTimeout(() => response.end('late, but whole'), 1500);";
    script(
      home,
      'slow.js',
      `require('node:http').createServer((_, response) => { ${answers} }).listen(process.env.PORT);`,
    );
    await home.ok(['start', 'slow.js', '-n', 'web', '-p', String(port)]);
    const answer = fetch(`http://127.0.0.1:${port}/`);
    await until(() => logged(home, 'web').length === 1, { why: 'the app is asked' });
    await home.ok(['stop', 'web']);
    assert.equal(await (await answer).text(), 'late, but whole');
    await assert.rejects(fetch(`http://127.0.0.1:${port}/0`));
  });

  test('takes children and grandchildren along, whatever they ignore', async (t) => {
    const home = testHome(t);
    const run = app('spawns-grandchildren.js');
    configure(home, { apps: { web: { run, port: await freePort(), stop: { timeout: '300ms' } } } });
    await home.ok(['up']);
    await home.ready('web', 1);
    const pids = await until(() => relativesOf(home).length === 2 && relativesOf(home), {
      why: 'all are there',
    });
    assert.deepEqual(pids.filter(isAlive), pids);
    await home.ok(['stop', 'web']);
    assert.deepEqual(pids.filter(isAlive), []);
  });

  test('a crash takes them along, too, before the next one starts', async (t) => {
    const home = testHome(t);
    const run = app('spawns-grandchildren.js');
    configure(home, { apps: { web: { run, port: await freePort(), stop: { timeout: '300ms' } } } });
    await home.ok(['up']);
    const [instance] = await home.ready('web', 1);
    const pids = await until(() => relativesOf(home).length === 2 && relativesOf(home), {
      why: 'all are there',
    });
    process.kill(instance?.pid ?? 0, 'SIGKILL');
    await happened(home, 'instance.spawned', { about: 'web', after: 1 });
    assert.deepEqual(pids.filter(isAlive), []);
  });

  test('takes those along that left the session, unless only the process itself is to end', async (t) => {
    const home = testHome(t);
    const child = "spawn('sleep', ['1000'], { detached: true, stdio: 'ignore' })";
    const code = `console.log('child', ${child}.pid); setInterval(() => {}, 1000);`;
    script(home, 'leaves.js', `const { spawn } = require('node:child_process');\n${code}\n`);
    configure(home, {
      apps: { web: { run: 'leaves.js' }, spare: { run: 'leaves.js', stop: { ends: 'process' } } },
    });
    await home.ok(['up']);
    const childOf = async (name: string, nth: number) =>
      Number(
        (await until(() => logged(home, name)[nth]?.text, { why: `${name} has its child` })).replace(
          'child ',
          '',
        ),
      );
    const [first, spared] = [await childOf('web', 0), await childOf('spare', 0)];
    cleanup(t, () => isAlive(spared) && process.kill(spared, 'SIGKILL'));
    const [instance] = await home.ready('web', 1);
    process.kill(instance?.pid ?? 0, 'SIGKILL');
    const second = await childOf('web', 1);
    assert.equal(isAlive(first), false, 'a crash takes it along');
    await home.ok(['stop', 'all']);
    assert.deepEqual([isAlive(second), isAlive(spared)], [false, true]);
  });

  test('is finished by the next daemon when this one is killed in the middle of it', async (t) => {
    const home = testHome(t);
    const web = { run: app('ignores-sigterm.js'), port: await freePort(), stop: { timeout: '1500ms' } };
    configure(home, { apps: { web } });
    await home.ok(['up']);
    const [instance] = await home.ready('web', 1);
    const stop = home.background(['stop', 'web']);
    await happened(home, 'instance.stopping', { about: 'web' });
    process.kill(home.daemonPid(), 'SIGKILL');
    await until(() => stop.child.exitCode !== null, { why: 'the command ends' });
    await until(() => !isAlive(instance?.pid ?? 0), { why: 'it is gone' });
    await until(async () => (await home.apps())[0]?.status === 'stopped', {
      why: 'it is stopped',
      every: 100,
    });
    assert.equal(events(home, 'instance.killed', 'web').length, 1);
    assert.equal(events(home, 'instance.spawned', 'web').length, 1);
  });

  test('ends an app that is still starting', async (t) => {
    const home = testHome(t);
    configure(home, {
      apps: { web: { run: app('never-listens.js'), ready: 'listen', port: await freePort() } },
    });
    const up = home.background(['up']);
    const { pid } = await happened(home, 'instance.spawned', { about: 'web' });
    await home.ok(['stop', 'web']);
    assert.equal(isAlive(pid ?? 0), false);
    await until(() => up.child.exitCode !== null, { why: 'the waiting `up` ends' });
    assert.equal((await home.apps())[0]?.status, 'stopped');
  });
});

/** Child and grandchild, by what they say. */
function relativesOf(home: ReturnType<typeof testHome>): number[] {
  return logged(home, 'web')
    .map(({ text }) => /^(?:grand)?child (\d+)$/.exec(text)?.[1])
    .filter((pid) => pid !== undefined)
    .map(Number);
}

test('an instance that never gets ready is ended and tried again, and `up` says why', async (t) => {
  const home = testHome(t);
  const web = { run: app('never-listens.js'), ready: 'listen' as const, readyTimeout: '3s' };
  configure(home, { apps: { web: { ...web, port: await freePort() } } });
  const { code, stderr } = await home.run(['up']);
  assert.equal(code, 1);
  assert.match(stderr, /web\.0 did not start: not ready within 3 s/);
  assert.match(stderr, /warming up/);
  const first = await happened(home, 'instance.spawned', { about: 'web' });
  await happened(home, 'instance.spawned', { about: 'web', after: 1 });
  assert.equal(isAlive(first.pid ?? 0), false);
});

test('every process has a session of its own', async (t) => {
  const home = testHome(t);
  await home.ok(['start', app('hello.js'), '-n', 'web', '-i', '2', '-p', String(await freePort())]);
  const pids = (await home.ready('web', 2)).map(({ pid }) => pid ?? 0);
  const all = [...pids, home.daemonPid()];
  assert.deepEqual(
    all.map((pid) => readStat(pid)?.session),
    all,
  );
});
