/** The edge's address can be changed like any setting, and a change that fails leaves everything as it was. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Change } from '../../src/protocol/api.ts';
import { configure } from '../support/config-file.ts';
import { events, happened } from '../support/journal.ts';
import { freePort } from '../support/ports.ts';
import { app } from '../support/root.ts';
import { type TestHome, testHome } from '../support/test-home.ts';
import { until } from '../support/until.ts';

function site(home: TestHome, http: string | number, hosts: readonly string[] = ['*']): void {
  const sites = Object.fromEntries(hosts.map((host) => [host, { routes: { '/': 'web' } }]));
  configure(home, { apps: { web: { run: app('hello.js') } }, sites, listen: { http } });
}

async function answer(url: string): Promise<string> {
  // Each time a new connection: an open one may live on in an edge that drains.
  return (await fetch(url, { headers: { connection: 'close' } })).text();
}

test('from all addresses to one of the same port, and back', async (t) => {
  const home = testHome(t);
  const port = await freePort();
  site(home, port);
  await home.ok(['up']);
  assert.match(await answer(`http://127.0.0.2:${port}/`), /^hello/);

  site(home, `127.0.0.1:${port}`);
  await home.ok(['up']);
  assert.match(await answer(`http://127.0.0.1:${port}/`), /^hello/);
  await assert.rejects(answer(`http://127.0.0.2:${port}/`), 'it listens on one only');
  assert.equal(events(home, 'instance.crashed').length, 0);

  site(home, port);
  await home.ok(['up']);
  assert.match(await answer(`http://127.0.0.2:${port}/`), /^hello/);
  assert.deepEqual(
    (await home.ok(['up', '--plan', '--json'])).json<{ changes: Change[] }>().changes,
    [],
    'it is as the file says',
  );
});

test('to a port where it cannot start: the old one serves on, with the sites as they were', async (t) => {
  const home = testHome(t);
  const [old, other] = [await freePort(), await freePort()];
  site(home, `127.0.0.1:${old}`);
  await home.ok(['up']);

  site(home, `127.0.0.1:${other}`, ['*', 'new.example']);
  const up = home.background(['up']);
  const { pid } = await happened(home, 'instance.spawned', { about: '@edge', after: 1 });
  process.kill(pid ?? 0, 'SIGKILL');
  await until(() => up.child.exitCode !== null, { why: '`up` ends' });
  assert.equal(up.child.exitCode, 1);
  assert.match(up.stderr(), /The new @edge\.0 did not get ready/);
  assert.match(await answer(`http://127.0.0.1:${old}/`), /^hello/);

  const { changes } = (await home.ok(['up', '--plan', '--json'])).json<{ changes: Change[] }>();
  assert.deepEqual(
    changes.map(({ kind, what, name }) => `${kind} ${what} ${name}`),
    ['add site new.example', 'change edge edge'],
  );
  await home.ok(['up']);
  assert.match(await answer(`http://127.0.0.1:${other}/`), /^hello/);
  await until(
    () =>
      answer(`http://127.0.0.1:${old}/`).then(
        () => false,
        () => true,
      ),
    { why: 'the old port is closed' },
  );
});
