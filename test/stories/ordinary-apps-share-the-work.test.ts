/** Promise 1: instances of an app as people write it share the work on one port. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startLoad } from '../support/load.ts';
import { freePort } from '../support/ports.ts';
import { app } from '../support/root.ts';
import { testHome } from '../support/test-home.ts';
import { until } from '../support/until.ts';

const text = async (url: string): Promise<string> => (await fetch(url)).text();

test('Express sees its client, takes a body, and shares the work', async (t) => {
  const home = testHome(t);
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  await home.ok(['start', app('express.js'), '-n', 'web', '-i', '2', '-p', String(port)]);
  assert.deepEqual(JSON.parse(await text(`${url}/client`)), {
    ip: '::ffff:127.0.0.1',
    protocol: 'http',
    secure: false,
  });
  const load = await startLoad(t, {
    url: `${url}/echo`,
    bodyBytes: 200_000,
    expect: 'body',
    headers: { 'content-type': 'text/plain' },
  });
  const others = await startLoad(t, { url, keepAlive: false });
  await until(async () => Object.keys((await others.report()).byPid).length === 2, {
    why: 'both instances answer',
  });
  for (const report of [await load.stop(), await others.stop()])
    assert.equal(report.failed, 0, JSON.stringify(report));
});
