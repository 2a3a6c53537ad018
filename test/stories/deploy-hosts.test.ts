/** A release goes to several hosts, and all of them serve it, or none. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { gitProject } from '../support/git-project.ts';
import { startLoad } from '../support/load.ts';
import { type SshHost, sshHosts } from '../support/ssh-hosts.ts';
import { testHome } from '../support/test-home.ts';

const server = (answer: string) => `const http = require('node:http');
if ('${answer}' === 'ill on ' + process.env.NAME) process.exit(3);
http.createServer((req, res) => res.end('${answer}')).listen(process.env.PORT);
`;

interface Settings {
  readonly release?: object;
  readonly target?: object;
}

async function shop(t: TestContext, names: readonly string[], { release = {}, target = {} }: Settings = {}) {
  const ssh = await sshHosts(t, names);
  if (!ssh) return undefined;
  const home = testHome(t);
  const config = (more: object = {}) => `export default {
    name: 'shop',
    apps: { web: { run: 'server.js', port: Number(process.env.SHOP_PORT ?? 1), env: { NAME: process.env.SHOP_NAME ?? '' } } },
    release: ${JSON.stringify({ bake: 0, ...release, ...more })},
    deploy: { production: ${JSON.stringify({ hosts: names, command: ssh.command, ...target })} },
  };`;
  const project = gitProject(join(home.dir, 'shop'), {
    'holdfast.config.mjs': config(),
    'server.js': server('one'),
    'data.txt': 'x'.repeat(200_000),
  });
  const options = { cwd: project.dir, env: ssh.env };
  return {
    ...ssh,
    home,
    project,
    config,
    options,
    deploy: (...args: string[]) => home.run(['deploy', 'production', ...args], options),
    answers: () => Promise.all(ssh.hosts.map(answer)),
  };
}

const answer = async ({ port }: SshHost) => (await fetch(`http://127.0.0.1:${port}/`)).text();

test('two hosts change together, under load, and the first goes back when the second fails', async (t) => {
  const site = await shop(t, ['app1', 'app2']);
  if (!site) return;
  const { hosts, project, deploy, answers, home, options } = site;
  const first = await deploy();
  assert.equal(first.code, 0, first.stderr);
  assert.deepEqual(await answers(), ['one', 'one']);
  assert.match(first.stdout, /✔ shop serves on app1, app2/);
  const loads = await Promise.all(
    hosts.map(({ port }) => startLoad(t, { url: `http://127.0.0.1:${port}/`, connections: 2 })),
  );

  // What has not changed is there already.
  project.commit({ 'server.js': server('two') });
  const second = await deploy('--verbose');
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
  assert.match((await deploy()).stderr, /nothing to do/);

  project.commit({ 'server.js': server('ill on app2') });
  const third = await deploy();
  assert.equal(third.code, 1);
  assert.match(third.stderr, /hold: app2: /);
  assert.match(third.stderr, /went back to the release before: app1/);
  assert.deepEqual(await answers(), ['two', 'two']);

  const back = await home.run(['rollback', '--target', 'production'], options);
  assert.equal(back.code, 0, back.stderr);
  assert.deepEqual(await answers(), ['one', 'one']);
  const listed = await home.ok(['releases', '--target', 'production'], options);
  assert.match(listed.stdout, /app1\n(.*\n)*.* serves .*\n(.*\n)*app2\n(.*\n)*.* serves /);
  for (const load of loads) assert.deepEqual((await load.stop()).failures, []);
});
