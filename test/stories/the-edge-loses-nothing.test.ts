/** Promises 2 and 3 behind the edge: reloads, scaling, settings and kills, under load. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { LoadReport } from '../support/http-load.ts';
import { happened } from '../support/journal.ts';
import { startLoad, startWebSockets } from '../support/load.ts';
import { startSite } from '../support/site.ts';
import type { TestHome } from '../support/test-home.ts';
import { until } from '../support/until.ts';

const EDGE = '@edge';

async function pidOf(home: TestHome, app: string): Promise<number> {
  const [first] = await home.ready(app);
  assert.ok(first?.pid, `${app} runs`);
  return first.pid;
}

/** Waits until the load has had this many more right answers. */
async function goesOn(load: { report(): Promise<LoadReport> }): Promise<void> {
  const { ok } = await load.report();
  await until(async () => (await load.report()).ok > ok + 50, { why: 'answers go on', deadline: 30_000 });
}

function assertNothingLost(report: LoadReport): void {
  assert.equal(report.failed, 0, JSON.stringify(report));
}

describe('behind the edge no request fails', () => {
  for (const keepAlive of [true, false]) {
    const how = keepAlive ? 'with keep-alive' : 'without keep-alive';

    test(`while apps and the edge are reloaded, scaled and configured, ${how}`, async (t) => {
      const { home, url, configure } = await startSite(t, 'hello.js');
      const load = await startLoad(t, { url: `${url}/`, expect: 'url', keepAlive });
      await home.ok(['reload', 'web']);
      await home.ok(['scale', 'web', '5']);
      await home.ok(['scale', 'web', '2']);
      configure({ env: { VERSION: '2' }, instances: 3 });
      assert.match((await home.ok(['up'])).stdout, /env\.VERSION/);
      await home.ok(['reload', EDGE]);
      await goesOn(load);
      assertNothingLost(await load.stop(50));
      assert.match(await (await fetch(url)).text(), /version 2/);
    });

    test(`while instances and the daemon are killed, ${how}`, async (t) => {
      const { home, url } = await startSite(t, 'hello.js');
      const load = await startLoad(t, { url: `${url}/`, expect: 'url', keepAlive });
      process.kill(await pidOf(home, 'web'), 'SIGKILL');
      await happened(home, 'instance.crashed', { about: 'web' });
      await home.ready('web', 3);
      const before = (await home.apps()).flatMap(({ instances }) => instances.map(({ pid }) => pid));
      process.kill(home.daemonPid(), 'SIGKILL');
      await happened(home, 'instance.adopted', { about: EDGE });
      await goesOn(load);
      const after = (await home.apps()).flatMap(({ instances }) => instances.map(({ pid }) => pid));
      assert.deepEqual(after, before);
      process.kill(await pidOf(home, 'web'), 'SIGKILL');
      await happened(home, 'instance.crashed', { about: 'web', after: 1 });
      await goesOn(load);
      assertNothingLost(await load.stop(50));
    });
  }

  test('while the edge is killed nobody is refused; only what was under way in it is lost', async (t) => {
    const { home, url } = await startSite(t, 'hello.js');
    const connections = 8;
    const load = await startLoad(t, { url: `${url}/`, expect: 'url', connections });
    for (let kill = 0; kill < 3; kill++) {
      // The second time the sockets are those that the holder has kept.
      if (kill === 1) {
        process.kill(home.daemonPid(), 'SIGKILL');
        await happened(home, 'instance.adopted', { about: EDGE });
      }
      process.kill(await pidOf(home, EDGE), 'SIGKILL');
      await happened(home, 'instance.crashed', { about: EDGE, after: kill });
      await home.ready(EDGE, 1);
      await goesOn(load);
    }
    const report = await load.stop();
    assert.equal(report.refused, 0, JSON.stringify(report));
    assert.ok(report.failed <= 3 * connections, JSON.stringify(report));
  });

  test('when the last instance is being replaced after a crash: requests wait for it', async (t) => {
    const { home, url } = await startSite(t, 'hello.js', { instances: 1 });
    const load = await startLoad(t, { url: `${url}/`, expect: 'url' });
    for (let kill = 0; kill < 2; kill++) {
      process.kill(await pidOf(home, 'web'), 'SIGKILL');
      await happened(home, 'instance.crashed', { about: 'web', after: kill });
      await home.ready('web', 1);
    }
    await goesOn(load);
    assertNothingLost(await load.stop(50));
  });
});

describe('WebSockets', () => {
  test('live through a reload for the drain time, then get close 1012', async (t) => {
    const { home, url } = await startSite(t, 'echo-ws.js', { drain: '2s', instances: 2 });
    const sockets = await startWebSockets(t, { url: url.replace('http', 'ws'), count: 10, everyMs: 50 });
    await home.ok(['reload', 'web']);
    const during = await sockets.report();
    assert.equal(during.openNow, 10, 'the reload itself closes none');
    await until(async () => (await sockets.report()).closed.length === 10, { why: 'the drain time is over' });
    const { closes, wrong, echoed } = await sockets.stop();
    assert.deepEqual(closes, { 1012: 10 });
    assert.equal(wrong, 0);
    assert.ok(echoed > 0);
  });

  test('live through the death of the daemon, twice, and through a reload of another app', async (t) => {
    const { home, url } = await startSite(t, 'echo-ws.js', { instances: 2 });
    const sockets = await startWebSockets(t, { url: url.replace('http', 'ws'), count: 10, everyMs: 50 });
    for (let kill = 0; kill < 2; kill++) {
      process.kill(home.daemonPid(), 'SIGKILL');
      await happened(home, 'instance.adopted', { about: EDGE, after: kill });
    }
    const { echoed } = await sockets.report();
    await until(async () => (await sockets.report()).echoed > echoed + 20, { why: 'they go on' });
    const report = await sockets.stop();
    assert.deepEqual([report.closes, report.wrong, report.opened], [{}, 0, 10]);
  });

  test('of an app that is stopped for good get close 1012 at once', async (t) => {
    const { home, url } = await startSite(t, 'echo-ws.js', { instances: 2 });
    const sockets = await startWebSockets(t, { url: url.replace('http', 'ws'), count: 5, everyMs: 50 });
    await home.ok(['stop', 'web']);
    await until(async () => (await sockets.report()).closed.length === 5, { why: 'all are told' });
    assert.deepEqual((await sockets.stop()).closes, { 1012: 5 });
  });
});

describe('a reload that fails', () => {
  test('keeps the old instances, says why with the last output, and loses no request', async (t) => {
    const { home, url, configure } = await startSite(t, 'hello.js', { instances: 2 });
    const load = await startLoad(t, { url: `${url}/`, expect: 'url' });
    const before = (await home.ready('web', 2)).map(({ pid }) => pid);
    configure({
      instances: 2,
      run: new URL('never-listens.js', `file://${home.dir}/`).pathname,
      readyTimeout: '3s',
    });
    const { script } = await import('../support/scripts.ts');
    script(home, 'never-listens.js', "console.log('waiting for the database'); setInterval(() => {}, 1000);");
    const { code, stderr } = await home.run(['up']);
    assert.equal(code, 1);
    assert.match(stderr, /web\.0 did not get ready: not ready within 3 s/);
    assert.match(stderr, /waiting for the database/);
    const after = (await home.ready('web', 2)).map(({ pid }) => pid);
    assert.deepEqual(after, before);
    assertNothingLost(await load.stop(50));
  });
});
