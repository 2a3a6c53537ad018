/** What an exit means is up to the app's policy: the same program, another policy, another end. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { AppConfig } from '../../src/config/config-types.ts';
import type { AppView, CrashRecord } from '../../src/protocol/api.ts';
import { configure } from '../support/config-file.ts';
import { events, happened } from '../support/journal.ts';
import { isAlive } from '../support/processes.ts';
import { script } from '../support/scripts.ts';
import { type TestHome, testHome } from '../support/test-home.ts';
import { until } from '../support/until.ts';

type Restart = NonNullable<AppConfig['restart']>;

/** Runs until it is told to exit, by a signal, with the code in the file `code`. */
const obedient = `process.on('SIGUSR2', () => process.exit(Number(require('node:fs').readFileSync('code', 'utf8'))));
setInterval(() => {}, 1000);
console.log('here');
`;

async function up(home: TestHome, restart: Restart, text = obedient): Promise<void> {
  script(home, 'app.js', text);
  configure(home, { apps: { web: { run: 'app.js', ready: 'started', restart } } });
  await home.ok(['up']);
}

/** Tells the running instance to exit with this code, once it can hear it. */
async function exitWith(home: TestHome, code: number, nth: number): Promise<void> {
  script(home, 'code', String(code));
  const { pid } = await happened(home, 'instance.spawned', { about: 'web', after: nth });
  await until(async () => (await home.ok(['logs', 'web'])).stdout.match(/here/g)?.length === nth + 1, {
    why: 'it listens to signals',
    every: 50,
  });
  process.kill(pid ?? 0, 'SIGUSR2');
  await until(() => !isAlive(pid ?? 0), { why: 'it has read the code and exited' });
}

async function view(home: TestHome): Promise<AppView> {
  const [web] = await home.apps();
  assert.ok(web);
  return web;
}

describe('on-failure', () => {
  test('starts it again after a failure, and leaves it alone after code 0', async (t) => {
    const home = testHome(t);
    await up(home, 'on-failure');
    await exitWith(home, 3, 0);
    const { reason, data } = await happened(home, 'instance.crashed', { about: 'web' });
    assert.deepEqual([reason, data?.code], ['exited with code 3', 3]);

    await exitWith(home, 0, 1);
    await happened(home, 'instance.done', { about: 'web' });
    const { status, instances } = await view(home);
    assert.deepEqual([status, instances[0]?.status, instances[0]?.pid], ['done', 'done', null]);
    assert.equal(instances[0]?.reason, 'exited with code 0');
    assert.equal(instances[0]?.restarts, 1);
    const crashes = (await home.ok(['crashes', 'web', '--json'])).json<CrashRecord[]>();
    assert.deepEqual(
      crashes.map(({ code }) => code),
      [3],
      'to be done is no crash',
    );
  });

  test('what is done stays done when the daemon is killed, and a person starts it again', async (t) => {
    const home = testHome(t);
    await up(home, 'on-failure');
    await exitWith(home, 0, 0);
    await happened(home, 'instance.done', { about: 'web' });
    process.kill(home.daemonPid(), 'SIGKILL');
    await happened(home, 'daemon.started', { after: 1 });
    assert.equal((await view(home)).status, 'done');
    assert.equal(events(home, 'instance.spawned', 'web').length, 1);

    await home.ok(['start', 'web']);
    assert.equal((await view(home)).status, 'running');
    await exitWith(home, 0, 1);
    await happened(home, 'instance.done', { about: 'web', after: 1 });
    await home.ok(['restart', 'web']);
    assert.equal((await view(home)).status, 'running');
    await home.ok(['stop', 'web']);
    assert.equal((await view(home)).status, 'stopped');
  });

  test('is not fooled by a signal: what was killed is started again', async (t) => {
    const home = testHome(t);
    await up(home, 'on-failure');
    const { pid } = await happened(home, 'instance.ready', { about: 'web' });
    process.kill(pid ?? 0, 'SIGKILL');
    await happened(home, 'instance.ready', { about: 'web', after: 1 });
    assert.equal(events(home, 'instance.crashed', 'web')[0]?.reason, 'killed by SIGKILL');
  });
});

test('never: whatever it ends with, it is not started again, and a crash is told', async (t) => {
  const home = testHome(t);
  await up(home, 'never');
  await exitWith(home, 9, 0);
  await happened(home, 'instance.done', { about: 'web' });
  assert.equal((await view(home)).status, 'done');
  assert.equal(events(home, 'instance.crashed', 'web')[0]?.reason, 'exited with code 9');
  assert.equal(events(home, 'instance.spawned', 'web').length, 1);
});

test('codes that mean "I am done" end it under any policy, and are no crash', async (t) => {
  const home = testHome(t);
  await up(home, { when: 'always', stopCodes: [4, 5] });
  await exitWith(home, 0, 0);
  await exitWith(home, 5, 1);
  const { reason } = await happened(home, 'instance.done', { about: 'web' });
  assert.equal(reason, 'exited with code 5');
  assert.equal(events(home, 'instance.crashed', 'web').length, 1, 'only the exit with code 0');
});

test('a maximum of restarts ends in "failed", and a person starts the count anew', async (t) => {
  const home = testHome(t);
  const restart = { max: 2, backoff: ['10ms', '20ms'] as [string, string] };
  script(home, 'app.js', 'process.exit(6)');
  configure(home, { apps: { web: { run: 'app.js', restart } } });
  assert.equal((await home.run(['up'])).code, 1);
  const { reason } = await happened(home, 'instance.failed', { about: 'web' });
  assert.equal(
    reason,
    'gave up after it was started again 2 times (restart.max), the last: exited with code 6',
  );
  assert.equal(events(home, 'instance.spawned', 'web').length, 3);
  assert.equal((await view(home)).status, 'failed');

  assert.equal((await home.run(['start', 'web'])).code, 1);
  await happened(home, 'instance.failed', { about: 'web', after: 1 });
  assert.equal(events(home, 'instance.spawned', 'web').length, 6);
});

test('an early exit ends it at once, when the policy says so', async (t) => {
  const home = testHome(t);
  const restart = { early: 'give-up' as const, minUptime: '1m' };
  script(home, 'app.js', 'process.exit(7)');
  configure(home, { apps: { web: { run: 'app.js', restart } } });
  const { code, stderr } = await home.run(['up']);
  assert.equal(code, 1);
  assert.match(stderr, /web\.0 did not start: exited with code 7/);
  const { reason } = await happened(home, 'instance.failed', { about: 'web' });
  assert.equal(reason, 'gave up because it ended within 60 s (restart.minUptime): exited with code 7');
  assert.equal(events(home, 'instance.spawned', 'web').length, 1);
});

test('a pause comes before each restart, also the first', async (t) => {
  const home = testHome(t);
  await up(home, { delay: '700ms' });
  const { pid } = await happened(home, 'instance.ready', { about: 'web' });
  process.kill(pid ?? 0, 'SIGKILL');
  const { data } = await happened(home, 'instance.backoff', { about: 'web' });
  const planned = Number(data?.delayMs);
  assert.ok(planned > 0 && planned <= 700, `it waits ${planned} ms`);
  const crashed = await happened(home, 'instance.crashed', { about: 'web' });
  const again = await happened(home, 'instance.spawned', { about: 'web', after: 1 });
  const pause = Date.parse(again.time) - Date.parse(crashed.time);
  assert.ok(pause >= 690, `it came back after ${pause} ms`);
});

describe('to stop it', () => {
  test('a message can be sent instead of a signal, and SIGKILL comes all the same', async (t) => {
    const home = testHome(t);
    script(
      home,
      'polite.js',
      `process.on('message', (text) => { console.log('told', text); process.exit(); });
process.on('SIGTERM', () => console.log('SIGTERM'));
setInterval(() => {}, 1000);`,
    );
    script(
      home,
      'deaf.js',
      "process.on('SIGTERM', () => console.log('SIGTERM')); setInterval(() => {}, 1000);",
    );
    const stop = { message: true };
    configure(home, {
      apps: {
        polite: { run: 'polite.js', stop: { ...stop, timeout: '30s' } },
        deaf: { run: 'deaf.js', stop: { ...stop, timeout: '500ms' } },
      },
    });
    await home.ok(['up']);
    await home.ok(['stop', 'all']);
    assert.match((await home.ok(['logs', 'polite'])).stdout, /told shutdown/);
    assert.equal(events(home, 'instance.stopped', 'polite')[0]?.reason, 'exited with code 0');
    assert.equal(events(home, 'instance.stopped', 'deaf')[0]?.reason, 'killed by SIGKILL');
    assert.doesNotMatch((await home.ok(['logs'])).stdout, /SIGTERM/);
  });

  test('its children can be left alone', async (t) => {
    const home = testHome(t);
    script(
      home,
      'parent.js',
      `const child = require('node:child_process').spawn('sleep', ['1000'], { stdio: 'ignore' });
console.log('child', child.pid);
setInterval(() => {}, 1000);`,
    );
    configure(home, { apps: { web: { run: 'parent.js', stop: { ends: 'process' } } } });
    await home.ok(['up']);
    const pid = await until(
      async () => Number(/child (\d+)/.exec((await home.ok(['logs', 'web'])).stdout)?.[1]),
      { why: 'the child is there', every: 50 },
    );
    t.after(() => isAlive(pid) && process.kill(pid));
    await home.ok(['stop', 'web']);
    assert.equal((await view(home)).status, 'stopped');
    assert.ok(isAlive(pid), 'the child lives');
    process.kill(pid);
  });
});

test('what shall not start by itself is listed and stopped, until a person starts it', async (t) => {
  const home = testHome(t);
  script(home, 'app.js', obedient);
  configure(home, { apps: { web: { run: 'app.js', ready: 'started', autostart: false } } });
  await home.ok(['up']);
  assert.equal((await view(home)).status, 'stopped');
  await home.ok(['up']);
  assert.equal((await view(home)).status, 'stopped');
  await home.ok(['start', 'web']);
  assert.equal((await view(home)).status, 'running');
  configure(home, { apps: { web: { run: 'app.js', ready: 'started', autostart: false, env: { A: '1' } } } });
  await home.ok(['up']);
  assert.equal((await view(home)).status, 'running', 'what a person started stays up');
});
