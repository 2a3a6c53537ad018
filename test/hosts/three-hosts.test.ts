/** Three hosts behind a balancer: deploys fail no request, a power cut in the middle leaves all on one release, and who comes back is brought to it. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { releasePaths } from '../../src/release/paths.ts';
import { RecordFiles } from '../../src/release/records.ts';
import { gitProject } from '../support/git-project.ts';
import { startLoad } from '../support/load.ts';
import { netHosts } from '../support/net-hosts.ts';
import { requireProgram } from '../support/programs.ts';
import { tempDir } from '../support/temp-dir.ts';
import { testHome } from '../support/test-home.ts';
import { until } from '../support/until.ts';

const PORT = 3000;

/** Says what it is, and by `/readyz` that it may have requests. */
const server = (answer: string, before = '') => `${before}
require('node:http').createServer((req, res) => res.end('${answer}')).listen(process.env.PORT);
`;

/** On app2 it does not listen, until the file is there: then it ends. */
const stuck = (file: string) => `const fs = require('node:fs');
if (process.env.NAME === 'app2') {
  setInterval(() => fs.existsSync(${JSON.stringify(file)}) && process.exit(3), 20);
  return;
}`;

/** As the guide has it. A host that is off is noticed sooner here. */
const haproxy = (address: string, servers: readonly string[]) => `defaults
  mode http
  timeout connect 1s
  timeout client 30s
  timeout server 5s
  timeout check 1s
  option httpchk GET /readyz
  option redispatch 1
  retries 3
  retry-on conn-failure empty-response response-timeout
  default-server check inter 300ms fall 2 rise 2
frontend web
  bind ${address}:80
  http-request disable-l7-retry unless METH_GET
  default_backend shop
backend shop
${servers.map((one, index) => `  server app${index + 1} ${one}:${PORT}\n`).join('')}`;

test('three hosts behind a balancer, and a power cut in the middle of a deploy', async (t) => {
  const program = requireProgram(t, 'haproxy');
  if (!program) return;
  const names = ['app1', 'app2', 'app3'];
  const net = await netHosts(t, names);
  if (!net) return;
  const { hosts, env, command } = net;
  const dir = tempDir(t);
  const home = testHome(t);
  const config = `export default {
    name: 'shop',
    apps: { web: { run: 'server.js', port: ${PORT}, env: { NAME: process.env.SHOP_NAME ?? '' } } },
    release: { bake: 0 },
    deploy: { production: ${JSON.stringify({ hosts: names, command })} },
  };`;
  const project = gitProject(join(home.dir, 'shop'), {
    'holdfast.config.mjs': config,
    'server.js': server('one'),
  });
  const options = { cwd: project.dir, env };
  const run = (...args: string[]) => home.run(args, options);
  const answers = (of = hosts) =>
    Promise.all(
      of.map(async ({ address }) => {
        const answer = await fetch(`http://${address}:${PORT}/`, { headers: { connection: 'close' } });
        return answer.text();
      }),
    );
  const [app1, app2, app3] = hosts;
  assert.ok(app1 && app2 && app3);

  const first = await run('deploy', 'production');
  assert.equal(first.code, 0, first.stderr);
  const file = join(dir, 'haproxy.cfg');
  const balancer = net.alongside((address) => {
    writeFileSync(
      file,
      haproxy(
        address,
        hosts.map((host) => host.address),
      ),
    );
    return [program, '-db', '-f', file];
  });
  const url = `http://${balancer}/`;
  await until(async () => (await fetch(url)).status === 200, { why: 'the balancer answers' });
  const load = await startLoad(t, { url, connections: 3, pauseMs: 10 });

  project.commit({ 'server.js': server('two') });
  const second = await run('deploy', 'production');
  assert.equal(second.code, 0, second.stderr);
  assert.deepEqual(await answers(), ['two', 'two', 'two']);

  // In the middle of the promotion on the second host its power is gone.
  const ends = join(dir, 'ends');
  project.commit({ 'server.js': server('three', stuck(ends)) });
  const third = home.background(['deploy', 'production'], options);
  const records = new RecordFiles(releasePaths(app2.paths.home, 'shop').records);
  await until(() => records.list()[0]?.outcome === 'promoting' || third.child.exitCode !== null, {
    why: 'app2 tries it',
  });
  assert.equal(third.child.exitCode, null, third.stderr());
  await app2.powerCut();
  await until(() => third.child.exitCode !== null, { why: 'the deploy notices' });
  assert.equal(third.child.exitCode, 1);
  assert.match(third.stderr(), /hold: app2: ssh cannot reach it, or was cut off/);
  assert.match(third.stderr(), /Went back to the release before: app1/);
  assert.deepEqual(await answers([app1, app3]), ['two', 'two']);

  // The others are seen, and can be changed.
  project.commit({ 'server.js': server('four') });
  const [looked, refused] = await Promise.all([
    run('ls', 'production', '--json'),
    run('deploy', 'production'),
  ]);
  assert.equal(looked.code, 1);
  assert.deepEqual(
    looked.json<{ host: string }[]>().map(({ host }) => host),
    ['app1', 'app3'],
  );
  assert.match(looked.stderr, /^\{"host":"app2","code":"HOST_FAILED"/);
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /`--without app2`/);
  const without = await run('deploy', 'production', '--without', 'app2');
  assert.equal(without.code, 0, without.stderr);
  assert.deepEqual(await answers([app1, app3]), ['four', 'four']);

  // It comes back with what it served; the release that was tried there fails for good.
  writeFileSync(ends, '');
  await app2.boot();
  await until(async () => (await answers([app2]))[0] === 'two', { why: 'app2 serves again' });
  await until(() => records.list()[0]?.outcome === 'failed', { why: 'the trial is over' });
  const differing = await run('releases', '-t', 'production');
  assert.equal(differing.code, 0, differing.stderr);
  assert.match(differing.stderr, /The hosts serve different releases: app1 \S+ .*, app2 \S+ .*, app3 /);
  const inLine = await run('deploy', 'production');
  assert.equal(inLine.code, 0, inLine.stderr);
  assert.match(inLine.stderr, /app1 +✔ nothing to do/);
  assert.deepEqual(await answers(), ['four', 'four', 'four']);
  assert.deepEqual((await load.stop()).failures, []);
});
