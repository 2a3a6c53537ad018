/** A release goes to several hosts, and all of them serve it, or none. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { startLoad } from '../support/load.ts';
import { server, shopOnHosts } from '../support/shop-on-hosts.ts';

test('two hosts change together, under load, and the first goes back when the second fails', async (t) => {
  const note = (when: string) => [
    process.execPath,
    '-e',
    `require('node:fs').appendFileSync('../around', '${when} ' + process.env.HOLDFAST_HOST + '\\n')`,
  ];
  const hooks = { 'before host': note('before'), 'after host': note('after') };
  const shop = await shopOnHosts(t, ['app1', 'app2'], { production: { hooks } });
  if (!shop) return;
  const { hosts, project, deploy, answers, home, env } = shop;
  const first = await deploy('production');
  assert.equal(first.code, 0, first.stderr);
  assert.deepEqual(await answers(), ['one', 'one']);
  assert.match(first.stdout, /✔ shop serves on app1, app2/);
  const around = readFileSync(join(home.dir, 'around'), 'utf8').trim().split('\n');
  assert.deepEqual(around, ['before app1', 'after app1', 'before app2', 'after app2']);
  const load = await startLoad(t, { url: `http://127.0.0.1:${hosts[0]?.port}/`, connections: 2 });

  // What has not changed is there already.
  project.commit({ 'server.js': server('two') });
  const second = await deploy('production', '--verbose');
  assert.equal(second.code, 0, second.stderr);
  assert.deepEqual(await answers(), ['two', 'two']);
  const sent = [...second.stderr.matchAll(/sent (\d+) files?, (\d+) bytes/g)];
  assert.deepEqual(
    sent.map(([, files]) => files),
    ['1', '1'],
  );
  assert.ok(
    sent.every(([, , bytes]) => Number(bytes) < 1000),
    second.stderr,
  );

  project.commit({ 'server.js': server('ill on app2') });
  const third = await deploy('production');
  assert.equal(third.code, 1);
  assert.match(third.stderr, /hold: app2: /);
  assert.match(third.stderr, /Went back to the release before: app1/);
  assert.deepEqual(await answers(), ['two', 'two']);

  const back = await home.run(['rollback', '--target', 'production'], { cwd: project.dir, env });
  assert.equal(back.code, 0, back.stderr);
  assert.deepEqual(await answers(), ['one', 'one']);
  assert.deepEqual((await load.stop()).failures, []);
});
