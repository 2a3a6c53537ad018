/** A fresh server with systemd: prepared over ssh, deployed to, and after a power cut it serves the release again. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { shellQuote } from '../../src/kit/quote.ts';
import { cleanup } from '../support/cleanup.ts';
import { gitProject } from '../support/git-project.ts';
import { initHost } from '../support/init-host.ts';
import { requireProgram, unavailable } from '../support/programs.ts';
import { program } from '../support/ssh-hosts.ts';
import { tempDir } from '../support/temp-dir.ts';
import { testHome } from '../support/test-home.ts';
import { until } from '../support/until.ts';

let done = false;

test('a server with systemd is prepared, deployed to, and serves the release after a power cut', async (t) => {
  const ssh = requireProgram(t, 'ssh');
  if (!ssh || !requireProgram(t, 'sshd')) return;
  const dir = tempDir(t);
  for (const key of ['host', 'user'])
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(dir, key)]);
  const keyOf = (file: string) => readFileSync(join(dir, file), 'utf8').trim();
  const host = initHost(t, {
    init: ['/lib/systemd/systemd', '--show-status=false'],
    cgroups: true,
    prepare: [
      // Only what a machine needs, and no Holdfast.
      'rm -rf etc/systemd/system/*.wants etc/rc?.d etc/systemd/system/default.target var/log/journal usr/local/bin/hold usr/local/bin/holdfast usr/local/lib/holdfast',
      'ln -s /lib/systemd/system/multi-user.target etc/systemd/system/default.target',
      `mkdir -p etc/holdfast-test && printf '%s\\n' '${keyOf('user.pub')}' >etc/holdfast-test/user.pub`,
      `cat >etc/holdfast-test/host <<'KEY'\n${keyOf('host')}\nKEY`,
      'chmod 600 etc/holdfast-test/host',
    ],
    up: 'systemctl is-system-running --wait | grep -Eq "running|degraded"',
  });
  if (!host) return;
  cleanup(t, () => {
    if (!done) t.diagnostic(host.shell('journalctl -b --no-pager -o short-monotonic | tail -40').output);
  });
  await host.boot().catch((error) => {
    unavailable(t, `systemd does not boot here: ${String(error)}`);
    throw error;
  });

  // It has no network to us: ssh speaks with an sshd in it through a pipe.
  const sshd = join(dir, 'sshd');
  const options = [
    'HostKey=/etc/holdfast-test/host',
    'AuthorizedKeysFile=/etc/holdfast-test/user.pub',
    'StrictModes=no',
    'UsePAM=no',
    'PermitRootLogin=yes',
    'SetEnv=PATH=/usr/local/bin:/usr/bin:/bin',
  ];
  const line = `mkdir -p /run/sshd; exec /usr/sbin/sshd -i ${options.map((one) => `-o ${one}`).join(' ')}`;
  program(sshd, `exec ${host.commandOn(['sh', '-c', line]).map(shellQuote).join(' ')}`);
  const [type, key] = keyOf('host.pub').split(' ');
  writeFileSync(join(dir, 'known'), `booted ${type} ${key}\n`);
  writeFileSync(
    join(dir, 'config'),
    `Host booted
  ProxyCommand ${sshd}
  User root
  IdentityFile ${join(dir, 'user')}
  IdentitiesOnly yes
  GlobalKnownHostsFile /dev/null
  UserKnownHostsFile ${join(dir, 'known')}
`,
  );
  mkdirSync(join(dir, 'bin'));
  program(join(dir, 'bin', 'ssh'), `exec ${ssh} -F ${join(dir, 'config')} "$@"`);
  chmodSync(dir, 0o711);
  const env = { PATH: `${join(dir, 'bin')}:${process.env.PATH}` };

  const home = testHome(t);
  const project = gitProject(join(home.dir, 'shop'), {
    'holdfast.config.mjs': `export default {
      name: 'shop',
      apps: { web: { run: 'server.js', port: 80 } },
      release: { bake: 0 },
      deploy: { production: { hosts: ['booted'] } },
    };`,
    'server.js': `require('node:http').createServer((_, res) => res.end(__dirname)).listen(process.env.PORT);`,
  });
  const prepared = await home.ok(['host', 'prepare', 'booted', '--boot'], { env });
  assert.match(prepared.stderr, /✔ Holdfast .* in \/usr\/local\/lib\/holdfast\//);
  assert.match(prepared.stderr, /✔ starts with the machine/);
  const deployed = await home.run(['deploy', 'production', '--json'], { env, cwd: project.dir });
  assert.equal(deployed.code, 0, deployed.stderr);
  const [{ release } = { release: '' }] = deployed.json<{ hosts: { release: string }[] }>().hosts;
  const answer = () => host.shell('curl -s --max-time 5 http://127.0.0.1:80/').output;
  assert.ok(release !== '' && answer().includes(release), answer());
  assert.match(host.run('/usr/local/bin/hold', 'boot', 'status'), /\/usr\/local\/lib\/holdfast\/current/);

  await host.powerCut();
  await host.boot();
  await until(() => answer().includes(release), { why: 'it serves the release again' });
  done = true;
});
