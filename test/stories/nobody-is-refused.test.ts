/** Promise 2: while instances are killed, connections wait instead of being refused. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, test } from 'node:test';
import type { InstanceView } from '../../src/protocol/api.ts';
import type { LoadReport } from '../support/http-load.ts';
import { events, happened } from '../support/journal.ts';
import { startLoad } from '../support/load.ts';
import { freePort } from '../support/ports.ts';
import { app } from '../support/root.ts';
import { testHome } from '../support/test-home.ts';
import { until } from '../support/until.ts';

/** Only what was under way in a process that was killed may fail: one request of each connection, at most. */
function assertOnlyInFlightLost(report: LoadReport, kills: number, connections: number): void {
  const said = JSON.stringify(report);
  assert.equal(report.refused, 0, said);
  assert.ok(report.failed <= kills * connections, said);
  for (const kind of Object.keys(report.kinds)) assert.match(kind, /^(closed|reset|truncated)$/, said);
}

function pidOf({ pid }: InstanceView | undefined = {} as InstanceView): number {
  assert.ok(pid, 'the instance runs');
  return pid;
}

describe('nobody is refused', () => {
  for (const keepAlive of [true, false]) {
    test(`while instances are killed, ${keepAlive ? 'with' : 'without'} keep-alive`, async (t) => {
      const home = testHome(t);
      const port = await freePort();
      await home.ok(['start', app('hello.js'), '-n', 'web', '-i', '3', '-p', String(port)]);
      const load = await startLoad(t, { url: `http://127.0.0.1:${port}/`, expect: 'url', keepAlive });

      for (let round = 0; round < 3; round++) {
        const instances = await home.ready('web', 3);
        process.kill(pidOf(instances[round]), 'SIGKILL');
        await happened(home, 'instance.crashed', { about: 'web', after: round });
      }
      const replaced = await home.ready('web', 3);
      const served = (await load.report()).ok;
      await until(async () => (await load.report()).ok > served + 100, { why: 'it goes on' });
      assertOnlyInFlightLost(await load.stop(100), 3, 8);
      assert.deepEqual(
        replaced.map(({ restarts }) => restarts),
        [1, 1, 1],
      );
      assert.match(events(home, 'instance.crashed')[0]?.reason ?? '', /killed by SIGKILL/);
    });
  }

  test('while all instances are killed at once', async (t) => {
    const home = testHome(t);
    const port = await freePort();
    await home.ok(['start', app('hello.js'), '-n', 'web', '-i', '2', '-p', String(port)]);
    const load = await startLoad(t, { url: `http://127.0.0.1:${port}/`, keepAlive: false, connections: 4 });
    for (const instance of await home.ready('web', 2)) process.kill(pidOf(instance), 'SIGKILL');
    const { ok } = await load.report();
    await until(async () => (await load.report()).ok > ok + 100, { why: 'it answers again' });
    assertOnlyInFlightLost(await load.stop(100), 2, 4);
  });

  test('while the only instance throws, exits and is killed', async (t) => {
    const home = testHome(t);
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    await home.ok(['start', app('crash-on-request.js'), '-n', 'web', '-p', String(port)]);
    const load = await startLoad(t, { url, expect: 'url', keepAlive: false, connections: 4 });

    await assert.rejects(fetch(`${url}/crash`));
    await happened(home, 'instance.ready', { about: 'web', after: 1 });
    await assert.rejects(fetch(`${url}/exit`));
    await happened(home, 'instance.ready', { about: 'web', after: 2 });
    process.kill(pidOf((await home.ready('web'))[0]), 'SIGKILL');
    const { ok } = await load.report();
    await until(async () => (await load.report()).ok > ok + 100, { why: 'it answers again' });
    assertOnlyInFlightLost(await load.stop(100), 3, 4);
    assert.deepEqual(
      events(home, 'instance.crashed').map(({ reason }) => reason),
      ['exited with code 1', 'exited with code 3', 'killed by SIGKILL'],
    );
  });

  test('a request that comes while nothing runs is answered by the next instance', async (t) => {
    const home = testHome(t);
    const port = await freePort();
    // It is away for so long that the request below certainly comes in between.
    const env = ['-e', 'START_MS=1500'];
    await home.ok(['start', app('slow-start.js'), '-n', 'web', '-p', String(port), ...env]);
    const [before] = await home.ready('web', 1);
    process.kill(pidOf(before), 'SIGKILL');
    await happened(home, 'instance.spawned', { about: 'web', after: 1 });

    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    socket.end('GET /waited HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    const answer: Buffer[] = [];
    for await (const chunk of socket) answer.push(chunk as Buffer);
    const [after] = await home.ready('web', 1);
    assert.match(String(Buffer.concat(answer)), new RegExp(`pid ${pidOf(after)} /waited`));
  });
});
