/** One instance of an app can be started, stopped, restarted and signalled by itself. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Client } from '../../src/client/client.ts';
import { configure } from '../support/config-file.ts';
import { events, happened } from '../support/journal.ts';
import { logged } from '../support/log-file.ts';
import { freePort } from '../support/ports.ts';
import { app } from '../support/root.ts';
import { script } from '../support/scripts.ts';
import { pidsBySlot, viewOf } from '../support/slots.ts';
import { type TestHome, testHome } from '../support/test-home.ts';
import { until } from '../support/until.ts';

async function start(home: TestHome, instances: number, ...more: string[]): Promise<void> {
  const port = await freePort();
  await home.ok([
    'start',
    app('hello.js'),
    '-n',
    'web',
    '-i',
    String(instances),
    '-p',
    String(port),
    ...more,
  ]);
}

describe('one instance', () => {
  test('that is the last one that runs is the app; starting one of a stopped app leaves the others stopped', async (t) => {
    const home = testHome(t);
    await start(home, 2);
    await home.ok(['stop', 'web.0']);
    await home.ok(['stop', 'web.1']);
    assert.equal((await viewOf(home, 'web')).status, 'stopped');
    await home.ok(['start', 'web.1']);
    const { status, instances } = await viewOf(home, 'web');
    assert.deepEqual([status, instances.map((instance) => instance.status)], ['running', ['down', 'ready']]);
    await home.ok(['start', 'web']);
    await home.ready('web', 2);
  });

  test('stays stopped when the app is scaled, unless it would be all', async (t) => {
    const home = testHome(t);
    await start(home, 3);
    await home.ok(['stop', 'web.0']);
    await home.ok(['scale', 'web', '4']);
    const up = await viewOf(home, 'web');
    assert.deepEqual(
      up.instances.map(({ status }) => status),
      ['down', 'ready', 'ready', 'ready'],
    );
    await home.ok(['scale', 'web', '1']);
    await home.ready('web', 1);
  });

  test('that was stopped is started by `up`, which says so', async (t) => {
    const home = testHome(t);
    configure(home, { apps: { web: { run: 'sleep 1000', instances: 2 } } });
    await home.ok(['up']);
    const [first] = await home.ready('web', 2);
    await home.ok(['stop', 'web.1']);
    assert.match((await home.ok(['up'])).stdout, /web.*web\.1 is stopped/);
    assert.equal((await home.ready('web', 2))[0]?.pid, first?.pid);
  });

  test('that does not get ready after a restart leaves the old one serving', async (t) => {
    const home = testHome(t);
    const port = await freePort();
    const good = "require('node:http').createServer((_, res) => res.end('ok')).listen(process.env.PORT)";
    script(home, 'app.js', good);
    await home.ok(['start', 'app.js', '-n', 'web', '-p', String(port)]);
    const before = await pidsBySlot(home);
    script(home, 'app.js', 'process.exit(3)');
    const { code, stderr } = await home.run(['restart', 'web.0']);
    assert.equal(code, 1);
    assert.match(stderr, /The new web\.0 did not get ready: exited with code 3/);
    assert.deepEqual(await pidsBySlot(home), before);
    assert.equal(await (await fetch(`http://127.0.0.1:${port}`)).text(), 'ok');
  });

  test('that is not there is refused', async (t) => {
    const home = testHome(t);
    await start(home, 2);
    const { code, stderr } = await home.run(['stop', 'web.2']);
    assert.equal(code, 1);
    assert.match(stderr, /There is no .*"web\.2"/);
  });
});

describe('a signal', () => {
  const tells = `for (const name of ['SIGUSR2', 'SIGHUP']) process.on(name, () => console.log('got', name));
require('node:child_process').spawn('sleep', ['1000']);
setInterval(() => {}, 1000);
console.log('here');`;

  test('reaches the processes that are meant, and only them', async (t) => {
    const home = testHome(t);
    script(home, 'app.js', tells);
    await home.ok(['start', 'app.js', '-n', 'web', '-i', '2']);
    const lines = () => logged(home, 'web').map(({ instance, text }) => `${instance} ${text}`);
    await until(() => lines().filter((line) => / here$/.test(line)).length === 2, { why: 'both listen' });
    await home.ok(['signal', 'SIGUSR2', 'web.1']);
    await until(() => lines().includes('web.1 got SIGUSR2'), { why: 'it got it' });
    await home.ok(['signal', 'HUP', 'web']);
    await until(() => lines().filter((line) => /got SIGHUP/.test(line)).length === 2, { why: 'both got it' });
    assert.equal(lines().includes('web.0 got SIGUSR2'), false);
    assert.deepEqual(
      events(home, 'instance.signalled').map(({ instance, data }) => [instance, data?.signal]),
      [
        ['web.1', 'SIGUSR2'],
        ['web.0', 'SIGHUP'],
        ['web.1', 'SIGHUP'],
      ],
    );
    assert.equal(events(home, 'instance.crashed').length, 0);
  });

  test('that ends it is answered like any crash', async (t) => {
    const home = testHome(t);
    await start(home, 1);
    await home.ok(['signal', 'KILL', 'web']);
    const { reason } = await happened(home, 'instance.crashed', { about: 'web' });
    assert.equal(reason, 'killed by SIGKILL');
    await home.ready('web', 1);
    assert.equal((await viewOf(home, 'web')).instances[0]?.restarts, 1);
    const client = new Client(home.paths.control);
    await client.reset('web').finally(() => client.close());
    assert.equal((await viewOf(home, 'web')).instances[0]?.restarts, 0);
  });

  test('for what does not run is an error', async (t) => {
    const home = testHome(t);
    await start(home, 1);
    await home.ok(['stop', 'web']);
    const { code, stderr } = await home.run(['signal', 'HUP', 'web']);
    assert.equal(code, 1);
    assert.match(stderr, /Cannot send SIGHUP to "web": it does not run/);
  });
});

describe('numbers', () => {
  test('are unique in the home, kept over restarts, and not soon used again', async (t) => {
    const home = testHome(t);
    script(home, 'app.js', 'setInterval(() => {}, 1000)');
    const add = (name: string, instances: number) =>
      home.ok(['start', 'app.js', '-n', name, '-i', String(instances)]);
    const numbers = async () =>
      Object.fromEntries((await home.apps()).map((each) => [each.name, each.numbers]));
    await add('a', 2);
    await add('b', 1);
    assert.deepEqual(await numbers(), { a: [0, 1], b: [2] });
    await home.ok(['restart', 'a']);
    await home.ok(['stop', 'b']);
    await home.ok(['scale', 'a', '3']);
    assert.deepEqual(await numbers(), { a: [0, 1, 3], b: [2] });
    await home.ok(['delete', 'a']);
    await add('c', 1);
    assert.deepEqual(await numbers(), { b: [2], c: [3] });
    process.kill(home.daemonPid(), 'SIGKILL');
    await happened(home, 'daemon.started', { after: 1 });
    assert.deepEqual(await numbers(), { b: [2], c: [3] });
    await home.ok(['delete', 'all']);
    await add('d', 1);
    assert.deepEqual(await numbers(), { d: [0] });
  });
});

test('a restart can bring other variables, and says which, but never their values', async (t) => {
  const home = testHome(t);
  script(home, 'app.js', "console.log('A', process.env.A, 'B', process.env.B); setInterval(() => {}, 1000)");
  await home.ok(['start', 'app.js', '-n', 'web', '-e', 'A=one', '-e', 'B=two']);
  await home.ok(['restart', 'web', '-e', 'A=secret-value']);
  await until(() => logged(home, 'web').some(({ text }) => text === 'A secret-value B two'), {
    why: 'it has the new one, and the other one still',
  });
  const change = events(home, 'app.changed', 'web').at(-1);
  const { by, ...facts } = change?.data ?? {};
  assert.deepEqual(facts, { change: 'restarted', env: ['A'] });
  assert.match(String(by), /.@./);
  assert.doesNotMatch(JSON.stringify(events(home, 'app.changed')), /secret-value/);

  await home.ok(['restart', 'web', '--update-env'], { env: { FROM_SHELL: 'yes' } });
  const names = events(home, 'app.changed', 'web').at(-1)?.data?.env;
  assert.ok(Array.isArray(names) && names.includes('FROM_SHELL'));
});

test('of several that depend on each other, each is stopped when those that need it have ended', async (t) => {
  const home = testHome(t);
  script(
    home,
    'app.js',
    "process.on('SIGTERM', () => setTimeout(process.exit, 300)); setInterval(() => {}, 1000)",
  );
  configure(home, { apps: { db: { run: 'app.js' }, web: { run: 'app.js', after: 'db' } } });
  await home.ok(['up']);
  await home.ok(['stop', 'db', 'web']);
  const stopped = events(home, 'instance.stopped', 'web')[0]?.seq ?? 0;
  const stopping = events(home, 'instance.stopping', 'db')[0]?.seq ?? 0;
  assert.ok(stopped > 0 && stopped < stopping);
});
