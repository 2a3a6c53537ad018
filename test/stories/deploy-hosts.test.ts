/** A release goes to several hosts, and all of them serve it, or none. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { plainEnv } from '../support/hold.ts';
import { startLoad } from '../support/load.ts';
import { processesWith } from '../support/processes.ts';
import { runCli } from '../support/run-cli.ts';
import { type Shop, server, shopOnHosts } from '../support/shop-on-hosts.ts';
import { until } from '../support/until.ts';

test('two hosts change together, under load, and the first goes back when the second fails', async (t) => {
  const note = (when: string) => [
    process.execPath,
    '-e',
    `require('node:fs').appendFileSync('../around', '${when} ' + process.env.HOLDFAST_HOST + '\\n')`,
  ];
  const hooks = { 'before host': note('before'), 'after host': note('after') };
  const shop = await shopOnHosts(t, ['app1', 'app2'], {
    production: { hooks },
    targets: { mixed: { hosts: ['app1', 'stranger'] } },
  });
  if (!shop) return;
  const { hosts, project, deploy, answers, home, env } = shop;
  const first = await deploy('production');
  assert.equal(first.code, 0, first.stderr);
  assert.deepEqual(await answers(), ['one', 'one']);
  assert.match(first.stdout, /✔ shop serves on app1, app2/);
  const around = readFileSync(join(home.dir, 'around'), 'utf8').trim().split('\n');
  assert.deepEqual(around, ['before app1', 'after app1', 'before app2', 'after app2']);
  const load = await startLoad(t, { url: `http://127.0.0.1:${hosts[0]?.port}/`, connections: 2 });

  await looks(shop);

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

  // Nothing serves on a host that was taken down, wherever its `current` leads.
  await hosts[1]?.home.ok(['down']);
  const again = await deploy('production', '--ref', 'HEAD~2');
  assert.equal(again.code, 0, again.stderr);
  assert.match(again.stderr, /app1 +✔ nothing to do/);
  assert.deepEqual(await answers(), ['one', 'one']);
});

/** What is looked at, and changed, on the hosts as it is here. */
async function looks({ home, project, env, hosts }: Shop): Promise<void> {
  const options = { cwd: project.dir, env };
  const there = (args: string[]) =>
    runCli(home.paths.home, args, { ...options, env: { ...plainEnv(), ...env } });
  const apps = await there(['ls', '-t', 'production', '--json']);
  assert.equal(apps.code, 0, apps.err);
  assert.deepEqual(
    apps.json<{ host: string; name: string }[]>().map(({ host, name }) => [host, name]),
    [
      ['app1', 'web'],
      ['app2', 'web'],
    ],
  );
  const table = await there(['ls', 'production']);
  assert.match(table.out, /^HOST +NAME.*\napp1 +web +running.*\napp2 +web +running/);

  const scaled = await there(['scale', 'web', '+1', '--target', 'production', '--json']);
  assert.deepEqual(
    scaled.json<{ host: string; wanted: number }[]>().map(({ host, wanted }) => [host, wanted]),
    [
      ['app1', 2],
      ['app2', 2],
    ],
  );
  const lines = await there(['logs', '-t', 'production', '--lines', '3']);
  assert.match(lines.out, /^(app[12] \S+ web\.\d \| serves one\n){3}$/);
  const events = await there(['events', 'web', '-t', 'production', '--since', '1h', '--json']);
  const told = events.out
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { host: string; time: string });
  assert.deepEqual([...new Set(told.map(({ host }) => host))].sort(), ['app1', 'app2']);
  assert.deepEqual(
    told,
    told.toSorted((a, b) => Date.parse(a.time) - Date.parse(b.time)),
  );

  // Those that cannot say so, and the others are shown all the same.
  const mixed = await there(['ls', '-t', 'mixed']);
  assert.equal(mixed.code, 1);
  assert.match(mixed.out, /app1 +web +running/);
  assert.match(mixed.err, /hold: stranger: its host key is not the one that is known/);
  const unknown = await there(['restart', 'wbe', '-t', 'production', '--json']);
  assert.equal(unknown.code, 1);
  assert.match(
    unknown.err,
    /^\{"host":"app1","code":"APP_UNKNOWN","message":"app1: There is no app \\"wbe\\"/,
  );
  assert.doesNotMatch(unknown.err, /app2/);

  // The dashboard of a host, as long as somebody wants it.
  const which = await there(['open', 'production']);
  assert.match(which.err, /one at a time\n.*hold open production --host app1 \(or app2\)/);
  const dashboard = home.background(['open', 'production', '--host', 'app2', '--viewer', '--json'], options);
  await until(() => dashboard.stdout().endsWith('}\n'), { why: `there is a link: ${dashboard.stderr()}` });
  const { origin, hash } = new URL((JSON.parse(dashboard.stdout()) as { url: string }).url);
  const begun = await fetch(`${origin}/api/session`, {
    method: 'POST',
    headers: { origin, 'content-type': 'application/json' },
    body: JSON.stringify({ ticket: hash.replace('#ticket=', '') }),
  });
  assert.deepEqual([begun.status, ((await begun.json()) as { role: string }).role], [200, 'viewer']);
  await dashboard.stop('SIGINT');
  await assert.rejects(fetch(`${origin}/api/session`));

  // What follows ends on the hosts when nobody follows any more.
  const follow = home.background(['logs', '--follow', '-n', '0', '-t', 'production'], options);
  const followers = () =>
    hosts.flatMap((host) =>
      processesWith(host.home.paths.home).filter(({ command }) => / logs .*--follow/.test(command)),
    ).length;
  await until(() => followers() >= 4, { why: 'both hosts are followed, each through a shell' });
  const again = await there(['restart', 'web.0', '-t', 'production']);
  assert.equal(again.code, 0, again.err);
  assert.match(again.err, /^app1 .*web\.0 is restarted\n(app2 .*\n)*app2 .*web\.0 is restarted\n$/m);
  await until(
    () => /^app1 .*serves one$/m.test(follow.stdout()) && /^app2 .*serves one$/m.test(follow.stdout()),
    {
      why: `lines of both hosts come: ${follow.stderr()}`,
    },
  );
  await follow.stop('SIGKILL');
  await until(() => followers() === 0, { why: 'nobody follows on the hosts' });
}
