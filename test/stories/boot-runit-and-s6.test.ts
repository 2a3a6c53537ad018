/** Machines with runit and with s6 start Holdfast, which starts its apps; whoever dies, the apps live. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type InitHost, initHost } from '../support/init-host.ts';
import { requireProgram } from '../support/programs.ts';
import { until } from '../support/until.ts';

const HOME = '/home/deploy/.holdfast';
const APP = '/usr/local/lib/node_modules/holdfast/test/fixtures/apps/hello.js';

interface Case {
  readonly init: string;
  readonly programs: readonly string[];
  readonly first: readonly [string, ...string[]];
  readonly scanDir: string;
  /** Waits until every app has ended. */
  readonly down: string;
  readonly up: string;
  /** Prints the pid of the script. */
  readonly pid: string;
  /** Ends with 0 when the service says that it is ready. */
  readonly ready: string;
  readonly files: readonly string[];
}

const cases: readonly Case[] = [
  {
    init: 'runit',
    programs: ['runsvdir', 'sv', 'svlogd'],
    first: ['runsvdir', '-P', '/etc/service'],
    scanDir: '/etc/service',
    down: 'sv -w 60 down /etc/service/holdfast-deploy',
    up: 'sv -w 60 up /etc/service/holdfast-deploy',
    pid: 'cat /etc/service/holdfast-deploy/supervise/pid',
    ready: 'sv status /etc/service/holdfast-deploy | grep ^run:',
    files: ['/etc/sv/holdfast-deploy', '/etc/service/holdfast-deploy'],
  },
  {
    init: 's6',
    programs: ['s6-svscan', 's6-svc', 's6-svstat', 's6-log'],
    first: ['s6-svscan', '/service'],
    scanDir: '/service',
    down: 's6-svc -wD -T 60000 -d /service/holdfast-deploy',
    up: 's6-svc -wU -T 60000 -u /service/holdfast-deploy',
    pid: 's6-svstat -o pid /service/holdfast-deploy',
    ready: 's6-svwait -U -t 30000 /service/holdfast-deploy',
    files: ['/etc/s6/sv/holdfast-deploy', '/service/holdfast-deploy'],
  },
];

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

function answer(host: InitHost): string {
  return host.shell('curl -s --max-time 5 http://127.0.0.1:80/').output;
}

function pidIn(host: InitHost, file: string): string {
  return /"pid":(\d+)/.exec(host.shell(`cat ${HOME}/run/${file}`).output)?.[1] ?? '';
}

async function readyAgain(host: InitHost): Promise<void> {
  await until(() => asDeploy(host, 'hold', 'ls', '--json').includes('"ready"'), { why: 'web is ready' });
}

for (const { init, programs, first, scanDir, down, up, pid, ready, files } of cases) {
  test(`a machine with ${init} comes up with its apps, also after a power cut`, async (t) => {
    if (!programs.every((program) => requireProgram(t, program))) return;
    const folder = scanDir.slice(1);
    const host = initHost(t, { init: first, prepare: [`rm -rf ${folder}; mkdir -p ${folder}`], up: 'true' });
    if (!host) return;
    await host.boot();
    const status = () => JSON.parse(host.run('hold', 'boot', 'status', '--user', 'deploy', '--json'));

    // Started by hand before: the init takes it over as it is.
    asDeploy(host, 'hold', 'start', APP, '-n', 'old', '-p', '8080');
    const old = host.run('curl', '-s', 'http://127.0.0.1:8080/');
    host.run('hold', 'boot', 'enable', '--user', 'deploy', '--yes');
    await until(() => status().running, { why: `${init} runs it` });
    assert.equal(status().init, init);
    assert.equal(host.run('curl', '-s', 'http://127.0.0.1:8080/'), old, 'the app is the same process');

    host.run('sh', '-c', down);
    assert.equal(host.shell('curl -s http://127.0.0.1:8080/').output, '', 'down ends the apps');
    host.run('sh', '-c', up);
    await readyAgain(host);
    host.run('sh', '-c', ready);
    asDeploy(host, 'hold', 'start', APP, '-n', 'web', '-p', '80');
    const before = answer(host);
    assert.match(before, /hello from web.0/, 'a port below 1024, without root');

    const script = host.run('sh', '-c', pid);
    const daemon = pidIn(host, 'daemon.pid');
    host.run('kill', '-9', daemon);
    assert.equal(answer(host), before, 'nobody is refused');
    await until(() => ![daemon, ''].includes(pidIn(host, 'daemon.pid')), { why: 'there is another daemon' });
    await readyAgain(host);
    assert.equal(host.run('sh', '-c', pid), script, `${init} has noticed nothing`);

    host.run('kill', '-9', script.trim());
    await until(() => !['', '0', '-1', script.trim()].includes(host.shell(pid).output.trim()), {
      why: 'the script is back',
    });
    host.run('sh', '-c', ready);
    assert.equal(answer(host), before, 'the app is the same process');

    await host.powerCut();
    await host.boot();
    await until(() => answer(host).includes('hello from web.0'), { why: 'the app is up' });
    assert.deepEqual([status().enabled, status().running, status().upToDate], [true, true, true]);

    const last = answer(host);
    host.run('hold', 'boot', 'enable', '--user', 'deploy', '--yes');
    assert.equal(answer(host), last, 'enabling it again ends nothing');
    host.run('hold', 'boot', 'disable', '--user', 'deploy');
    assert.equal(answer(host), last, 'disabling it ends nothing');
    assert.equal(
      host.shell(`ls -d ${files.join(' ')} ${HOME}/bin ${HOME}/state/boot.json 2>/dev/null`).output,
      '',
    );
    const left = host.shell(
      'ps -eo args | grep -E "^(run|s6-)sup?e?r?v.*holdfast|holdfast-boot run" | grep -v grep',
    ).output;
    assert.equal(left, '', 'nothing of the service is left running');
  });
}
