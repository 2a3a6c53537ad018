/** Whatever happens between here and a host, the host serves one whole release. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { lockDeploy } from '../../src/release/deploy-lock.ts';
import { releasePaths } from '../../src/release/paths.ts';
import { RecordFiles } from '../../src/release/records.ts';
import { openForward } from '../../src/release/ssh/forward.ts';
import { cleanup } from '../support/cleanup.ts';
import { plainEnv } from '../support/hold.ts';
import { server, shopOnHosts } from '../support/shop-on-hosts.ts';
import { program, type SshHost, sshHosts } from '../support/ssh-hosts.ts';
import { tempDir } from '../support/temp-dir.ts';
import { startProgram, testHome } from '../support/test-home.ts';
import { until } from '../support/until.ts';

const pathsOf = ({ home }: SshHost) => releasePaths(home.paths.home, 'shop');

test('a lost connection gives up what is being made, and leaves what is promoted to the host', async (t) => {
  const shop = await shopOnHosts(t, ['app1']);
  if (!shop) return;
  const { project, config, deploy, inBackground, answers, home } = shop;
  const [host] = shop.hosts;
  assert.ok(host);
  const records = new RecordFiles(pathsOf(host).records);
  const outcome = () => records.list()[0]?.outcome;
  assert.equal((await deploy('production')).code, 0);

  project.commit({
    'holdfast.config.mjs': config({ hooks: { 'before build': 'node wait.js' } }),
    'wait.js': 'setInterval(() => {}, 1000); console.log("waits");',
  });
  const making = inBackground('production', '--verbose');
  await until(() => /waits/.test(making.stderr()) || making.child.exitCode !== null, {
    why: 'it is being built',
  });
  assert.equal(making.child.exitCode, null, making.stderr());
  await making.stop('SIGKILL');
  await until(() => outcome() === 'abandoned', { why: 'the host has given it up' });

  // It does not listen until it may.
  const go = join(home.dir, 'go');
  const slow = `const wait = setInterval(() => {
    if (!require('node:fs').existsSync(${JSON.stringify(go)})) return;
    clearInterval(wait);
    ${server('two')}
  }, 20);`;
  project.commit({ 'holdfast.config.mjs': config(), 'server.js': slow });
  const promoting = inBackground('production');
  await until(() => outcome() === 'promoting' || promoting.child.exitCode !== null, {
    why: 'it is being tried',
  });
  assert.equal(promoting.child.exitCode, null, promoting.stderr());
  await promoting.stop('SIGKILL');
  assert.deepEqual(await answers(), ['one']);
  writeFileSync(go, '');
  await until(() => outcome() === 'serving', { why: 'the host went on with it' });
  assert.deepEqual(await answers(), ['two']);
});

test('one host that cannot is enough for nothing to begin, and it says which and why', async (t) => {
  const dir = tempDir(t);
  const old = join(dir, 'old');
  program(old, `echo '{"type":"hello","version":"0.0.1","host":"x"}'; cat >/dev/null`);
  const older = join(dir, 'older');
  program(older, 'echo "hold: Unknown command" >&2; exit 2');
  const shop = await shopOnHosts(t, ['app1', 'app2'], {
    targets: {
      mistaken: { hosts: ['app1', 'stranger'] },
      old: { hosts: ['app1'], command: old },
      older: { hosts: ['app1'], command: older },
      missing: { hosts: ['app1'], command: "it's $(not) there" },
    },
  });
  if (!shop) return;
  const { deploy, hosts } = shop;
  const [first, second] = hosts;
  assert.ok(first && second);
  const refused = async (target: string, ...says: RegExp[]) => {
    const { code, stderr } = await deploy(target);
    assert.equal(code, 1, stderr);
    for (const said of says) assert.match(stderr, said);
    assert.ok(!existsSync(pathsOf(first).current));
    assert.deepEqual(new RecordFiles(pathsOf(first).records).ids(), []);
  };
  await Promise.all([
    refused('mistaken', /stranger: its host key is not the one that is known/),
    refused('old', /app1: Holdfast 0\.0\.1 is there/, /hold host prepare app1/),
    refused('older', /app1: Holdfast there is too old/),
    refused('missing', /app1: there is no "it's \$\(not\) there"/),
  ]);
  const lock = lockDeploy(pathsOf(second), { user: 'ben', host: 'desk', via: 'local' }, Date.now());
  cleanup(t, () => lock.release());
  await refused('production', /app2: "shop" is being deployed by ben@desk for /);
});

test('a fresh host is prepared once, without root, and only below the home directory', async (t) => {
  const userHome = tempDir(t);
  const ssh = await sshHosts(t, ['app1'], { userHome });
  if (!ssh) return;
  const home = testHome(t, { env: ssh.env });
  const looked = await home.ok(['host', 'prepare', 'app1', '--check']);
  assert.match(looked.stderr, /would put Holdfast/);
  assert.ok(!existsSync(join(userHome, '.local')));
  const lib = join(userHome, '.local/lib/holdfast');
  const earlier = ['0.0.1-aaaaaaaa', '0.0.2-bbbbbbbb'].map((name) => join(lib, name, 'bin', 'holdfast.js'));
  for (const file of earlier) {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, 'setInterval(() => {}, 1000)');
  }
  startProgram(t, process.execPath, [earlier[1] ?? '']);
  const prepared = await home.ok(['host', 'prepare', 'app1']);
  assert.deepEqual(earlier.map(existsSync), [false, true], 'what nothing runs of is gone');
  assert.match(prepared.stderr, /✔ Holdfast .* in .*\.local\/lib\/holdfast/);
  assert.match(prepared.stderr, /command: '~\/\.local\/bin\/holdfast'/);
  assert.match((await home.ok(['host', 'prepare', 'app1'])).stderr, /nothing to do/);
  // Apps of other users must get to it, too.
  assert.equal(statSync(join(userHome, '.local/lib/holdfast/current')).mode & 0o777, 0o755);
  const { stdout } = await home.ok(['--version'], {
    bin: join(userHome, '.local/lib/holdfast/current/bin/holdfast.js'),
  });
  assert.match(stdout, /^\d+\.\d+\.\d+/);
});

test('a port here leads to a port or a socket of a host, until it is closed', async (t) => {
  const ssh = await sshHosts(t, ['app1']);
  if (!ssh) return;
  const env = { ...plainEnv(), ...ssh.env };
  const socket = join(tempDir(t), 'api');
  const servers = [socket, 0].map((at) =>
    createServer((_, response) => response.end(`on ${typeof at}`.repeat(50_000))).listen(at),
  );
  cleanup(t, () => {
    for (const server of servers) server.close();
  });
  await Promise.all(servers.map((server) => server.listening || once(server, 'listening')));
  const address = servers[1]?.address();
  assert.ok(typeof address === 'object' && address);
  for (const to of [{ socket }, { port: address.port }]) {
    const forward = await openForward('app1', to, { env, port: 0 });
    const answer = await fetch(`http://127.0.0.1:${forward.port}/`, { headers: { connection: 'close' } });
    assert.equal((await answer.text()).length, 9 * 50_000);
    await forward.close();
    assert.equal(await forward.ended, null);
    assert.ok(!existsSync(forward.socket));
  }
  await assert.rejects(openForward('stranger', { port: 80 }, { env }), { code: 'HOST_FAILED' });
});
