/** Promise 3: reload and scale fail no request and drop no WebSocket before its time. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { configure } from '../support/config-file.ts';
import { events, happened } from '../support/journal.ts';
import { startLoad, startWebSockets } from '../support/load.ts';
import { freePort } from '../support/ports.ts';
import { isAlive } from '../support/processes.ts';
import { app } from '../support/root.ts';
import { script, versioned } from '../support/scripts.ts';
import { type TestHome, testHome } from '../support/test-home.ts';
import { until } from '../support/until.ts';

async function pidsOf(home: TestHome, count: number): Promise<number[]> {
  return (await home.ready('web', count)).map(({ pid }) => pid ?? 0);
}

describe('under load, no request fails', () => {
  test('in reloads and scale changes', async (t) => {
    const home = testHome(t);
    const port = await freePort();
    const url = `http://127.0.0.1:${port}/`;
    await home.ok(['start', app('hello.js'), '-n', 'web', '-i', '2', '-p', String(port)]);
    const first = await pidsOf(home, 2);
    const loads = [
      await startLoad(t, { url, expect: 'url', keepAlive: true }),
      await startLoad(t, { url, expect: 'url', keepAlive: false }),
    ];

    await home.ok(['reload', 'web']);
    const second = await pidsOf(home, 2);
    assert.deepEqual(
      second.filter((pid) => first.includes(pid)),
      [],
    );
    assert.deepEqual(first.filter(isAlive), []);

    await home.ok(['scale', 'web', '4']);
    const third = await pidsOf(home, 4);
    assert.deepEqual(third.slice(0, 2), second);
    await home.ok(['reload', 'web']);
    await home.ok(['scale', 'web', '1']);
    const [last] = await pidsOf(home, 1);
    for (const load of loads) {
      const report = await load.stop();
      assert.equal(report.failed, 0, JSON.stringify(report));
      assert.ok((report.byPid[last ?? 0] ?? 0) > 0, 'the last one has served');
      assert.ok(
        first.some((pid) => (report.byPid[pid] ?? 0) > 0),
        'the first ones have served',
      );
    }
    assert.equal(events(home, 'rollout.done', 'web').length, 2);
    assert.equal(events(home, 'instance.crashed', 'web').length, 0);
  });

  test('in a restart: requests wait until the new instances are there', async (t) => {
    const home = testHome(t);
    const port = await freePort();
    const url = `http://127.0.0.1:${port}/`;
    const env = ['-e', 'START_MS=300'];
    await home.ok(['start', app('slow-start.js'), '-n', 'web', '-i', '2', '-p', String(port), ...env]);
    const before = await pidsOf(home, 2);
    const loads = [
      await startLoad(t, { url, expect: 'url', keepAlive: true }),
      await startLoad(t, { url, expect: 'url', keepAlive: false }),
    ];
    await home.ok(['restart', 'web']);
    const after = await pidsOf(home, 2);
    assert.deepEqual(
      after.filter((pid) => before.includes(pid)),
      [],
    );
    for (const load of loads) {
      const report = await load.stop();
      assert.equal(report.failed, 0, JSON.stringify(report));
      assert.ok(
        after.some((pid) => (report.byPid[pid] ?? 0) > 0),
        'the new ones have served',
      );
    }
  });

  test('of a single instance, whose slow answers are finished', async (t) => {
    const home = testHome(t);
    const port = await freePort();
    await home.ok(['start', app('slow-answer.js'), '-n', 'web', '-p', String(port)]);
    const url = `http://127.0.0.1:${port}/300`;
    const load = await startLoad(t, { url, expect: 'url', keepAlive: true, connections: 6 });
    await home.ok(['reload', 'web']);
    await pidsOf(home, 1);
    const report = await load.stop();
    assert.equal(report.failed, 0, JSON.stringify(report));
    assert.equal(Object.keys(report.byPid).length, 2);
  });
});

test('WebSockets live on through their drain time, and end with a close frame', async (t) => {
  const home = testHome(t);
  const port = await freePort();
  const web = { run: app('echo-ws.js'), instances: 2, port, drain: '2s' };
  configure(home, { apps: { web } });
  await home.ok(['up']);
  const sockets = await startWebSockets(t, { url: `ws://127.0.0.1:${port}/`, count: 10, everyMs: 20 });
  await home.ok(['reload', 'web']);

  // The command is done, new work goes to the new ones, and the old ones still talk.
  const { echoed, openNow } = await sockets.report();
  assert.equal(openNow, 10);
  await until(async () => (await sockets.report()).echoed > echoed + 50, { why: 'the talk goes on' });
  assert.ok((await home.apps())[0]?.instances.some(({ status }) => status === 'draining'));

  await until(async () => (await sockets.report()).closed.length === 10, { why: 'all are closed' });
  const { closes, wrong, sent, echoed: answered } = await sockets.stop();
  assert.deepEqual(closes, { 1012: 10 });
  assert.equal(wrong, 0);
  // What was said in the last moment before the close is not answered: of ten sockets, on a machine that is half a second behind.
  assert.ok(sent - answered <= 250, `${sent} messages, ${answered} answers`);
  await pidsOf(home, 2);
});

describe('a new version that does not work', () => {
  for (const [what, broken, says] of [
    [
      'crashes',
      "console.log('about to break'); throw new Error('version 2 is broken');",
      /Error: version 2 is broken/,
    ],
    [
      'never listens',
      "console.log('waiting for the database'); setInterval(() => {}, 1000);",
      /waiting for the database/,
    ],
  ] as const) {
    test(`because it ${what} fails the reload, and the old one serves on`, async (t) => {
      const home = testHome(t);
      const port = await freePort();
      script(home, 'app.js', versioned('1'));
      configure(home, { apps: { web: { run: 'app.js', instances: 2, port, readyTimeout: '4s' } } });
      await home.ok(['up']);
      const before = await pidsOf(home, 2);
      const load = await startLoad(t, { url: `http://127.0.0.1:${port}/`, expect: { text: 'version 1' } });

      script(home, 'app.js', broken);
      const { code, stderr } = await home.run(['reload', 'web']);
      assert.equal(code, 1);
      assert.match(stderr, /The new web\.\d did not get ready/);
      assert.match(stderr, says);
      assert.match(stderr, /The old instances still serve/);
      assert.deepEqual(await pidsOf(home, 2), before);
      assert.equal(events(home, 'rollout.failed', 'web').length, 1);

      script(home, 'app.js', versioned('2').replace('version 2 pid', 'version 1 (2) pid'));
      await home.ok(['reload', 'web']);
      const after = await pidsOf(home, 2);
      assert.deepEqual(
        after.filter((pid) => before.includes(pid)),
        [],
      );
      const report = await load.stop();
      assert.equal(report.failed, 0, JSON.stringify(report));
    });
  }
});

test('a daemon that is killed in the middle of a reload finishes it', async (t) => {
  const home = testHome(t);
  const port = await freePort();
  const env = ['-e', 'START_MS=400'];
  await home.ok(['start', app('slow-start.js'), '-n', 'web', '-i', '3', '-p', String(port), ...env]);
  const before = await pidsOf(home, 3);
  const load = await startLoad(t, { url: `http://127.0.0.1:${port}/`, expect: 'url' });
  const reload = home.background(['reload', 'web']);
  await happened(home, 'instance.draining', { about: 'web' });
  process.kill(home.daemonPid(), 'SIGKILL');
  await until(() => reload.child.exitCode !== null, { why: 'the command ends' });
  const after = await until(
    async () => {
      const pids = await pidsOf(home, 3);
      return pids.every((pid) => !before.includes(pid)) && pids;
    },
    { why: 'all are new', deadline: 30_000 },
  );
  assert.equal(after.length, 3);
  assert.deepEqual(before.filter(isAlive), []);
  const report = await load.stop();
  assert.equal(report.failed, 0, JSON.stringify(report));
});
