/** `edge.processes`: several edges share one port; each may come and go, and what they have counted stays. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TrafficView } from '../../src/protocol/api.ts';
import { happened } from '../support/journal.ts';
import { startLoad, startWebSockets } from '../support/load.ts';
import { startSite } from '../support/site.ts';
import type { TestHome } from '../support/test-home.ts';
import { until } from '../support/until.ts';

const EDGE = '@edge';

async function traffic(home: TestHome): Promise<TrafficView> {
  return (await home.ok(['traffic', '--json'])).json<TrafficView>();
}

test('several edges are scaled, reloaded and killed: nobody is refused, and every answer is counted', async (t) => {
  const edge = { processes: 2, drain: '1s' };
  const { home, url } = await startSite(t, 'hello.js', { instances: 2 }, { edge });
  const connections = 6;
  const kept = await startLoad(t, { url: `${url}/`, expect: 'url', connections });
  const fresh = await startLoad(t, { url: `${url}/`, expect: 'url', connections, keepAlive: false });
  await home.ok(['scale', EDGE, '3']);
  // The file says 2: that is a change.
  assert.match((await home.ok(['up'])).stdout, /edge\.processes {1,2}3 -> 2/);
  await home.ready(EDGE, 2);
  await home.ok(['reload', EDGE]);
  const calm = [await kept.report(), await fresh.report()];
  for (const report of calm) assert.equal(report.failed, 0, JSON.stringify(report));
  const [one] = await home.ready(EDGE, 2);
  process.kill(one?.pid as number, 'SIGKILL');
  await happened(home, 'instance.crashed', { about: EDGE });
  await home.ready(EDGE, 2);
  const reports = [await kept.stop(), await fresh.stop()];
  for (const report of reports) {
    assert.equal(report.refused, 0, JSON.stringify(report));
    assert.ok(report.failed <= connections, JSON.stringify(report));
  }
  const ok = reports.reduce((sum, report) => sum + report.ok, 0);
  // What the killed one had not told yet is lost: it tells once a second.
  const least = calm.reduce((sum, report) => sum + report.ok, 0);
  await until(async () => (await traffic(home)).sites.every(({ openRequests }) => openRequests === 0), {
    why: 'nothing is open',
  });
  const { routes, instances, edge: counted } = await traffic(home);
  const requests = routes.reduce((sum, { counts }) => sum + counts.requests, 0);
  assert.ok(requests <= ok + 2 * connections, `${requests} of ${ok}`);
  assert.ok(requests >= least / 2, `${requests} of ${least}, although edges have ended`);
  assert.deepEqual(instances.map(({ instance }) => instance).sort(), ['web.0', 'web.1']);
  assert.ok(counted.connections > connections);
  assert.match((await home.ok(['traffic', 'web'])).stdout, /^\* \(any host\) +web .*\n\ninstance.*\nweb\.0/m);
});

test('WebSockets live through a reload of several edges for the drain time', async (t) => {
  const edge = { processes: 2, drain: '2s' };
  const { home, url } = await startSite(t, 'echo-ws.js', { instances: 2 }, { edge });
  const sockets = await startWebSockets(t, { url: url.replace('http', 'ws'), count: 8, everyMs: 50 });
  const reload = home.ok(['reload', EDGE]);
  await happened(home, 'instance.ready', { about: EDGE, after: 2 });
  assert.equal((await sockets.report()).openNow, 8, 'there is another edge for new ones; these stay');
  await until(async () => (await sockets.report()).closed.length === 8, { why: 'the drain time is over' });
  const { closes, wrong } = await sockets.stop();
  assert.deepEqual([closes, wrong], [{ 1012: 8 }, 0]);
  await reload;
});
