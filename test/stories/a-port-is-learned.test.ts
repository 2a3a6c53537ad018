/** A port that only the app knows is held from its first instance on. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { happened } from '../support/journal.ts';
import { startLoad } from '../support/load.ts';
import { freePort } from '../support/ports.ts';
import { app } from '../support/root.ts';
import { testHome } from '../support/test-home.ts';
import { until } from '../support/until.ts';

test('a port that nobody named is learned from the first instance, shared by all, and held when all are gone', async (t) => {
  const home = testHome(t);
  const port = await freePort();
  const args = ['-n', 'web', '-i', '3', '-e', `OTHER_PORT=${port}`];
  await home.ok(['start', app('listens-elsewhere.js'), ...args]);
  const instances = await home.ready('web', 3);
  const url = `http://127.0.0.1:${port}/`;
  const load = await startLoad(t, { url, keepAlive: false, connections: 8 });
  await until(async () => Object.keys((await load.report()).byPid).length === 3, {
    why: 'all three answer',
  });
  const { ports, notes, urls } = await home.show('web');
  assert.deepEqual(ports, [{ host: null, port, held: true, tls: false }]);
  assert.deepEqual(notes, []);
  assert.deepEqual(urls, [`http://localhost:${port}`]);

  for (const { pid } of instances) process.kill(pid ?? 0, 'SIGKILL');
  await happened(home, 'instance.crashed', { about: 'web', after: 2 });
  await home.ready('web', 3);
  const { refused, failed } = await load.stop();
  assert.equal(refused, 0);
  assert.ok(failed <= 8);
});
