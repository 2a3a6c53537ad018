/** One instance of an app is stopped, started and restarted by itself, and nobody notices. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { happened } from '../support/journal.ts';
import { startLoad } from '../support/load.ts';
import { freePort } from '../support/ports.ts';
import { isAlive } from '../support/processes.ts';
import { app } from '../support/root.ts';
import { pidsBySlot, viewOf } from '../support/slots.ts';
import { type TestHome, testHome } from '../support/test-home.ts';

async function start(home: TestHome, instances: number): Promise<string> {
  const port = await freePort();
  await home.ok(['start', app('hello.js'), '-n', 'web', '-i', String(instances), '-p', String(port)]);
  return `http://127.0.0.1:${port}/`;
}

describe('one instance', () => {
  test('is stopped and started, and the others do not notice', async (t) => {
    const home = testHome(t);
    const url = await start(home, 3);
    const before = await pidsBySlot(home);
    const load = await startLoad(t, { url, keepAlive: false, connections: 4 });
    await home.ok(['stop', 'web.1']);
    assert.equal(isAlive(before[1] ?? 0), false);
    const stopped = await viewOf(home, 'web');
    assert.deepEqual([stopped.status, stopped.wanted], ['running', 2]);
    assert.deepEqual(
      stopped.instances.map(({ id, status }) => [id, status]),
      [
        ['web.0', 'ready'],
        ['web.1', 'down'],
        ['web.2', 'ready'],
      ],
    );

    process.kill(home.daemonPid(), 'SIGKILL');
    await happened(home, 'daemon.started', { after: 1 });
    await home.ok(['reload', 'web']);
    assert.equal((await viewOf(home, 'web')).instances[1]?.status, 'down', 'it stays stopped');

    await home.ok(['start', 'web.1']);
    await home.ready('web', 3);
    assert.equal((await load.stop()).failed, 0);
  });

  test('is restarted without a gap', async (t) => {
    const home = testHome(t);
    const url = await start(home, 2);
    const before = await pidsBySlot(home);
    const load = await startLoad(t, { url, keepAlive: false, connections: 4 });
    await home.ok(['restart', 'web.1']);
    assert.equal((await load.stop()).failed, 0);
    const [first, second] = await home.ready('web', 2);
    assert.equal(first?.pid, before[0]);
    assert.notEqual(second?.pid, before[1]);
    const { reason } = await happened(home, 'rollout.started', { about: 'web' });
    assert.equal(reason, 'a restart was asked for');
  });
});
