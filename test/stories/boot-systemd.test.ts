/** A machine with systemd comes up with its apps: at boot, after a power cut, and whoever dies meanwhile. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cleanup } from '../support/cleanup.ts';
import { type InitHost, initHost } from '../support/init-host.ts';
import { unavailable } from '../support/programs.ts';
import { until } from '../support/until.ts';

const SYSTEMD = '/lib/systemd/systemd';
const HOME = '/home/deploy/.holdfast';
const UNIT = 'holdfast-deploy.service';
const APP = '/usr/local/lib/node_modules/holdfast/test/fixtures/apps/hello.js';

function asDeploy(host: InitHost, ...command: string[]): string {
  return host.run(
    'setpriv',
    '--reuid=deploy',
    '--regid=deploy',
    '--init-groups',
    'env',
    'HOME=/home/deploy',
    ...command,
  );
}

function property(host: InitHost, name: string): string {
  return host.run('systemctl', 'show', '-P', name, UNIT).trim();
}

function answer(host: InitHost): string {
  return host.shell('curl -s --max-time 5 http://127.0.0.1:80/').output;
}

function pidIn(host: InitHost, file: string): string {
  return /"pid":(\d+)/.exec(host.run('cat', `${HOME}/run/${file}`))?.[1] ?? '';
}

let done = false;

test('a machine with systemd comes up with its apps, also after a power cut', async (t) => {
  const host = initHost(t, {
    init: [SYSTEMD, '--show-status=false'],
    cgroups: true,
    // Only what a machine needs: not the services of this one.
    prepare: [
      'rm -rf etc/systemd/system/*.wants etc/rc?.d etc/systemd/system/default.target var/log/journal; echo booted >etc/hostname',
      'ln -s /lib/systemd/system/multi-user.target etc/systemd/system/default.target',
    ],
    up: 'systemctl is-system-running --wait | grep -Eq "running|degraded"',
  });
  if (!host) return;
  cleanup(t, () => {
    if (!done) t.diagnostic(host.shell(`journalctl -b -u ${UNIT} --no-pager -o short-monotonic`).output);
  });
  await host.boot().catch((error) => {
    unavailable(t, `systemd does not boot here: ${String(error)}`);
    throw error;
  });

  const shown = host.run('hold', 'boot', 'enable', '--user', 'deploy', '--yes');
  assert.match(shown, /AmbientCapabilities=CAP_NET_BIND_SERVICE/);
  t.diagnostic(
    host.shell(`systemd-analyze verify ${UNIT}`).output || 'systemd-analyze verify: no complaints',
  );
  t.diagnostic(host.shell(`systemd-analyze security ${UNIT} --no-pager | tail -1`).output);
  assert.equal(host.shell(`systemd-analyze verify ${UNIT} 2>&1`).output, '');
  assert.equal(property(host, 'ActiveState'), 'active');

  asDeploy(host, 'hold', 'start', APP, '-n', 'web', '-p', '80');
  assert.match(answer(host), /hello from web.0/);

  await host.powerCut();
  await host.boot();
  assert.equal(property(host, 'ActiveState'), 'active');
  assert.match(property(host, 'StatusText'), /ready: 1 of 1 apps running/);
  assert.match(answer(host), /hello from web.0/);
  const main = property(host, 'MainPID');

  for (const victim of ['daemon', 'daemon']) {
    const before = answer(host);
    const pid = pidIn(host, `${victim}.pid`);
    host.run('kill', '-9', pid);
    assert.equal(answer(host), before);
    await until(() => ![pid, ''].includes(pidIn(host, 'daemon.pid')), { why: 'there is another daemon' });
    await until(() => /"ready"/.test(asDeploy(host, 'hold', 'ls', '--json')), { why: 'it answers' });
    assert.equal(property(host, 'MainPID'), main);
    assert.equal(property(host, 'ActiveState'), 'active');
  }
  const before = answer(host);
  host.run('kill', '-9', main);
  await until(() => property(host, 'ActiveState') === 'active' && property(host, 'MainPID') !== main, {
    why: 'the service is up again',
  });
  assert.equal(answer(host), before, 'the app is the same process');
  host.shell(`kill -9 ${pidIn(host, 'daemon.pid')} ${pidIn(host, 'holder.pid')}`);
  await until(() => asDeploy(host, 'hold', 'ls', '--json').includes('"ready"'), {
    why: 'a daemon is there again',
  });
  assert.equal(answer(host), before, 'the app is the same process');
  await until(() => property(host, 'ActiveState') === 'active', { why: 'the service is up again' });

  host.run('systemctl', 'stop', UNIT);
  assert.equal(answer(host), '');
  assert.equal(property(host, 'ActiveState'), 'inactive');
  host.run('systemctl', 'start', UNIT);
  assert.match(answer(host), /hello from web.0/);

  asDeploy(host, 'hold', 'down');
  assert.equal(answer(host), '');
  asDeploy(host, 'hold', 'start', APP, '-n', 'web', '-p', '80');
  assert.match(answer(host), /hello from web.0/, 'started by the init, or it had no right to port 80');

  const last = answer(host);
  host.run('hold', 'boot', 'enable', '--user', 'deploy', '--yes');
  assert.equal(answer(host), last, 'enabling it again ends nothing');
  host.run('hold', 'boot', 'disable', '--user', 'deploy');
  assert.equal(answer(host), last, 'disabling it ends nothing');
  assert.equal(
    host.shell(`ls /etc/systemd/system/${UNIT} ${HOME}/bin ${HOME}/state/boot.json 2>/dev/null`).output,
    '',
  );
  const complaints = host.shell(`journalctl -b -p warning -u ${UNIT} --no-pager -o cat`).output;
  t.diagnostic(complaints);
  done = true;
});
