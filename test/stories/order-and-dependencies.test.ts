/** An app starts after those that it needs, and ends before them. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { AppConfig } from '../../src/config/config-types.ts';
import type { AppView } from '../../src/protocol/api.ts';
import type { EventType } from '../../src/protocol/events.ts';
import { configure } from '../support/config-file.ts';
import { events, happened } from '../support/journal.ts';
import { freePort } from '../support/ports.ts';
import { script } from '../support/scripts.ts';
import { type TestHome, testHome } from '../support/test-home.ts';
import { until } from '../support/until.ts';

/** Listens on PORT when there is a file that says it may. */
const whenAllowed = `const look = () => {
  if (!require('node:fs').existsSync('allowed')) return setTimeout(look, 20);
  require('node:http').createServer((_, res) => res.end('db')).listen(process.env.PORT);
};
look();
`;

/** Takes its time to end, and says whether that which it needs was still there at the end. */
const needsDb = `const ask = () => fetch('http://127.0.0.1:' + process.env.DB).then((res) => res.text());
ask().then((text) => console.log('began with', text), () => console.log('began without'));
const last = () =>
  ask().then((text) => console.log('ended with', text), () => console.log('ended without')).then(() => process.exit());
process.on('SIGTERM', () => setTimeout(last, 700));
setInterval(() => {}, 1000);
`;

async function dbAndWeb(home: TestHome, web: Partial<AppConfig> = {}): Promise<Record<string, AppConfig>> {
  const port = await freePort();
  script(home, 'db.js', whenAllowed);
  script(home, 'web.js', needsDb);
  const apps = {
    // Listed first, so that the order of the file is not what makes it work.
    web: { run: 'web.js', after: 'db', env: { DB: String(port) }, ...web },
    db: { run: 'db.js', port, ready: 'listen' as const, readyTimeout: '1m' },
  };
  configure(home, { apps });
  return apps;
}

function seqOf(home: TestHome, type: EventType, app: string): number {
  const found = events(home, type, app)[0]?.seq;
  assert.ok(found, `${type} of ${app}`);
  return found;
}

async function viewOf(home: TestHome, name: string): Promise<AppView> {
  const found = (await home.apps()).find((app) => app.name === name);
  assert.ok(found, name);
  return found;
}

/** What the app said, one line each. */
async function said(home: TestHome, app: string): Promise<string> {
  return (await home.ok(['logs', app])).stdout;
}

describe('start order', () => {
  test('an app waits until what it needs is ready, and ends before it', async (t) => {
    const home = testHome(t);
    await dbAndWeb(home);
    const up = home.background(['up']);
    await happened(home, 'instance.spawned', { about: 'db' });
    const waiting = await viewOf(home, 'web');
    assert.equal(waiting.status, 'waiting');
    assert.deepEqual(
      waiting.instances.map(({ status, reason }) => [status, reason]),
      [['down', 'waits for db, which is not ready yet']],
    );
    assert.equal(events(home, 'instance.spawned', 'web').length, 0);
    script(home, 'allowed', '');
    await until(() => up.child.exitCode !== null, { why: '`up` ends' });
    assert.equal(up.child.exitCode, 0, up.stderr());
    assert.ok(seqOf(home, 'instance.ready', 'db') < seqOf(home, 'instance.spawned', 'web'));
    await until(async () => /began with db/.test(await said(home, 'web')), {
      why: 'web has asked',
      every: 50,
    });

    await home.ok(['down']);
    assert.ok(seqOf(home, 'instance.stopped', 'web') < seqOf(home, 'instance.stopping', 'db'));
    assert.match(await said(home, 'web'), /ended with db/);
  });

  test('holds when the daemon is killed meanwhile, and when it is told to end by a signal', async (t) => {
    const home = testHome(t);
    await dbAndWeb(home);
    const up = home.background(['up']);
    const { pid } = await happened(home, 'instance.spawned', { about: 'db' });
    process.kill(home.daemonPid(), 'SIGKILL');
    await until(() => up.child.exitCode !== null, { why: '`up` ends' });
    await happened(home, 'daemon.started', { after: 1 });
    assert.equal((await viewOf(home, 'web')).status, 'waiting');
    script(home, 'allowed', '');
    await home.ready('web', 1);
    assert.equal((await viewOf(home, 'db')).instances[0]?.pid, pid, 'it is the same process');
    assert.ok(seqOf(home, 'instance.ready', 'db') < seqOf(home, 'instance.spawned', 'web'));
    await until(async () => /began with db/.test(await said(home, 'web')), {
      why: 'web has asked',
      every: 50,
    });

    const daemon = home.daemonPid();
    process.kill(daemon, 'SIGTERM');
    await happened(home, 'instance.stopped', { about: 'db' });
    assert.ok(seqOf(home, 'instance.stopped', 'web') < seqOf(home, 'instance.stopping', 'db'));
    assert.match(await said(home, 'web'), /ended with db/);

    await until(() => events(home, 'instance.ready', 'web').length === 1, { why: 'it is over' });
    await home.run(['ls']);
    await happened(home, 'instance.ready', { about: 'web', after: 1 });
    const [, db] = events(home, 'instance.ready', 'db');
    const [, web] = events(home, 'instance.spawned', 'web');
    assert.ok(db && web && db.seq < web.seq, 'the order holds at the next start, too');
  });

  test('through several steps, and each once', async (t) => {
    const home = testHome(t);
    script(home, 'run.js', 'setInterval(() => {}, 1000)');
    const run = 'run.js';
    configure(home, {
      apps: { c: { run, after: ['a', 'b'] }, b: { run, after: 'a', instances: 2 }, a: { run } },
    });
    await home.ok(['up']);
    assert.ok(seqOf(home, 'instance.ready', 'a') < seqOf(home, 'instance.spawned', 'b'));
    assert.ok(seqOf(home, 'instance.ready', 'b') < seqOf(home, 'instance.spawned', 'c'));
    await home.ok(['stop', 'all']);
    const stopped = (name: string) =>
      Math.max(...events(home, 'instance.stopped', name).map(({ seq }) => seq));
    assert.ok(stopped('c') < seqOf(home, 'instance.stopping', 'b'));
    assert.ok(stopped('b') < seqOf(home, 'instance.stopping', 'a'));
  });

  test('a crash does not wait: only the first start does', async (t) => {
    const home = testHome(t);
    await dbAndWeb(home);
    script(home, 'allowed', '');
    await home.ok(['up']);
    await home.ok(['stop', 'db']);
    const { pid } = (await viewOf(home, 'web')).instances[0] ?? {};
    process.kill(pid ?? 0, 'SIGKILL');
    await happened(home, 'instance.ready', { about: 'web', after: 1 });
  });
});

describe('what will not come', () => {
  test('fails `up`, which says what failed and who waits for it', async (t) => {
    const home = testHome(t);
    await dbAndWeb(home);
    script(home, 'db.js', 'throw new Error("no disk")');
    const { code, stderr } = await home.run(['up']);
    assert.equal(code, 1);
    assert.match(stderr, /hold: db\.0 did not start: exited with code 1/);
    assert.match(stderr, /no disk/);
    assert.match(stderr, /web waits for db, which is not ready: exited with code 1/);
    assert.equal(events(home, 'instance.spawned', 'web').length, 0);

    script(home, 'db.js', whenAllowed);
    script(home, 'allowed', '');
    await home.ok(['start', 'db']);
    await home.ready('web', 1);
  });

  test('fails `start`, because it is stopped', async (t) => {
    const home = testHome(t);
    await dbAndWeb(home);
    script(home, 'allowed', '');
    await home.ok(['up']);
    await home.ok(['stop', 'all']);
    const { code, stderr } = await home.run(['start', 'web']);
    assert.equal(code, 1);
    assert.match(stderr, /hold: web waits for db, which is stopped/);
    assert.match(stderr, /When db is ready, web is started/);
    await home.ok(['start', 'db']);
    await home.ready('web', 1);
  });
});

test('what has done its work, such as a migration, is as good as one that runs; when it failed it is not', async (t) => {
  const home = testHome(t);
  script(home, 'migrate.js', "process.exit(require('node:fs').existsSync('allowed') ? 0 : 1)");
  script(home, 'web.js', 'setInterval(() => {}, 1000)');
  configure(home, {
    apps: { web: { run: 'web.js', after: 'migrate' }, migrate: { run: 'migrate.js', restart: 'never' } },
  });
  const { code, stderr } = await home.run(['up']);
  assert.equal(code, 1);
  assert.match(stderr, /migrate\.0 did not start: exited with code 1/);
  assert.equal((await viewOf(home, 'web')).status, 'waiting');
  script(home, 'allowed', '');
  await home.ok(['start', 'migrate']);
  await home.ready('web', 1);
  assert.deepEqual(
    (await home.apps()).map(({ name, status }) => [name, status]),
    [
      ['web', 'running'],
      ['migrate', 'done'],
    ],
  );
});
