/** Promise 3, the last part: another version of Holdfast takes over, and nobody outside notices. */
import assert from 'node:assert/strict';
import { appendFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { DaemonView } from '../../src/protocol/api.ts';
import { installed } from '../support/installed.ts';
import { events } from '../support/journal.ts';
import { startLoad, startWebSockets } from '../support/load.ts';
import { allNodes, thisNode } from '../support/nodes.ts';
import { freePort } from '../support/ports.ts';
import { processesWith } from '../support/processes.ts';
import { app } from '../support/root.ts';
import { startSite } from '../support/site.ts';
import { tempDir } from '../support/temp-dir.ts';
import { testHome } from '../support/test-home.ts';

interface Upgrade {
  readonly before: DaemonView;
  readonly after: DaemonView;
}

describe('an upgrade drops nothing', () => {
  test('daemon and edge are replaced under load: same instances, no request lost, WebSockets closed in order', async (t) => {
    const { home, url } = await startSite(t, 'echo-ws.js', { instances: 2 }, { edge: { drain: '1s' } });
    const pids = (await home.ready('web', 2)).map(({ pid }) => pid);
    const [edge] = await home.ready('@edge', 1);
    const kept = await startLoad(t, { url: `${url}/`, keepAlive: true, connections: 4 });
    const fresh = await startLoad(t, { url: `${url}/`, keepAlive: false, connections: 4 });
    const sockets = await startWebSockets(t, { url: url.replace('http', 'ws'), count: 5, everyMs: 50 });
    const { bin, dir } = installed(tempDir(t), '99.0.0');
    const { before, after } = (await home.ok(['upgrade', '--json'], { bin })).json<Upgrade>();
    assert.equal(after.version, '99.0.0');
    assert.notEqual(after.pid, before.pid);
    assert.deepEqual(
      (await home.ready('web', 2)).map(({ pid }) => pid),
      pids,
      'no app was touched',
    );
    const [newEdge] = await home.ready('@edge', 1);
    assert.notEqual(newEdge?.pid, edge?.pid);
    const program = processesWith(home.paths.home).find(({ pid }) => pid === newEdge?.pid)?.command;
    const its = join(realpathSync(dir), 'dist', 'edge', 'main.js');
    if (process.platform === 'linux') assert.ok(program?.includes(its), program);
    assert.equal(events(home, 'rollout.started').length, 1, 'it is replaced once');
    for (const load of [kept, fresh]) {
      const report = await load.stop(50);
      assert.equal(report.failed, 0, JSON.stringify(report));
    }
    // Those of the old edge, when its drain time was over, as a restart of a server says it: 1012.
    const { wrong, closes } = await sockets.report();
    assert.deepEqual({ wrong, closes }, { wrong: 0, closes: { 1012: 5 } });
    const [change] = events(home, 'daemon.upgrading');
    const { by, ...versions } = change?.data ?? {};
    assert.deepEqual(versions, { from: before.version, to: '99.0.0' });
    assert.match(String(by), /.@./);
  });

  test('and back, as often as one likes; also to another Node', async (t) => {
    const home = testHome(t);
    const port = await freePort();
    await home.ok(['start', app('hello.js'), '-n', 'web', '-p', String(port)]);
    const [first] = await home.ready('web', 1);
    const load = await startLoad(t, { url: `http://127.0.0.1:${port}/`, keepAlive: false, connections: 2 });
    const other = allNodes().find(({ major }) => major !== thisNode.major) ?? thisNode;
    for (const node of [other.path, thisNode.path]) {
      const { after } = (await home.ok(['upgrade', '--json'], { node })).json<Upgrade>();
      assert.equal(after.pid, home.daemonPid());
    }
    assert.equal((await home.ready('web', 1))[0]?.pid, first?.pid);
    assert.equal((await load.stop()).failed, 0);
  });

  test('a version that does not start, or cannot read the state, changes nothing', async (t) => {
    const home = testHome(t);
    await home.ok(['start', 'sleep 1000', '-n', 'web']);
    const pid = home.daemonPid();
    const broken = installed(tempDir(t), '99.0.0');
    appendFileSync(join(broken.dir, 'dist', 'daemon', 'state.js'), "\nthrow new Error('a broken build');\n");
    const result = await home.run(['upgrade'], { bin: broken.bin });
    assert.equal(result.code, 1);
    assert.match(result.stderr, /Cannot change to ".+main\.js": it does not start/);
    assert.match(result.stderr, /a broken build/);
    assert.match(result.stderr, /Nothing was changed/);
    assert.equal(home.daemonPid(), pid);
    await home.ready('web', 1);
    assert.deepEqual(events(home, 'daemon.upgrading'), []);
  });

  test('with nothing running it says so, and starts nothing', async (t) => {
    const home = testHome(t);
    const { code, stderr } = await home.run(['upgrade']);
    assert.equal(code, 0);
    assert.match(stderr, /nothing is running/);
  });
});
