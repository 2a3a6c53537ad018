/** The commands that change something, against an API that a test controls. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { cleanup } from '../../../test/support/cleanup.ts';
import { appView, fakeDaemon } from '../../../test/support/fake-daemon.ts';
import { runCli } from '../../../test/support/run-cli.ts';
import { tempDir } from '../../../test/support/temp-dir.ts';
import type { AppPlan } from '../../config/plan.ts';
import { HoldfastError } from '../../errors.ts';
import { identify, isAlive } from '../../kit/proc.ts';
import type { HoldfastEvent } from '../../protocol/events.ts';
import { homePaths } from '../../protocol/home.ts';
import { parseAmount } from './scale.ts';

const spawned: HoldfastEvent = {
  seq: 1,
  time: '2026-03-01T12:00:00.000Z',
  type: 'instance.spawned',
  app: 'web',
  instance: 'web.0',
  pid: 42,
};
const ready: HoldfastEvent = { ...spawned, seq: 2, time: '2026-03-01T12:00:00.200Z', type: 'instance.ready' };

const apps = [
  appView('web', { urls: ['http://localhost:3000'] }),
  appView('jobs', { wanted: 3 }),
  appView('@edge', { kind: 'edge' }),
];

for (const [command, verb, words] of [
  ['stop', 'stop', 'is stopped'],
  ['end', 'stop', 'is stopped'],
  ['restart', 'restart', 'is restarted'],
  ['reload', 'reload', 'is reloaded'],
  ['reset', 'reset', 'counts from 0'],
  ['delete', 'delete', 'is deleted'],
] as const) {
  test(`${command}: asks for each app, says what happens, and that it is done`, async (t) => {
    const home = tempDir(t);
    const daemon = await fakeDaemon(t, home);
    daemon.apps = apps;
    const asked: HoldfastEvent = { ...spawned, type: 'app.changed', data: { change: 'x' } };
    daemon.outcomes[`POST /v1/apps/web/${verb}`] = {
      events: [asked, spawned, { ...spawned, app: 'other', instance: 'other.0' }, ready],
      ...(verb === 'delete' && { result: null }),
    };
    const { code, out, err } = await runCli(home, [command, 'jobs', 'web', 'jobs']);
    assert.equal(code, 0);
    assert.equal(out, '');
    assert.equal(
      err.replace(`jobs ${words}\n`, ''),
      `web.0 starting (pid 42)\nweb.0 ready (in 200ms)\nweb ${words}\n`,
    );
    assert.deepEqual(daemon.changes().sort(), [`POST /v1/apps/jobs/${verb}`, `POST /v1/apps/web/${verb}`]);
  });

  test(`${command} all: every app, but not Holdfast's own edge`, async (t) => {
    const home = tempDir(t);
    const daemon = await fakeDaemon(t, home);
    daemon.apps = apps;
    const result = await runCli(home, [command, 'all', '--json']);
    assert.deepEqual(result.json(), verb === 'delete' ? ['web', 'jobs'] : [apps[0], apps[1]]);
    assert.equal(result.err, '');
    assert.equal(daemon.changes().length, 2);
  });

  test(`${command}: one unknown name, and nothing is changed`, async (t) => {
    const home = tempDir(t);
    const daemon = await fakeDaemon(t, home);
    daemon.apps = apps;
    const { code, err } = await runCli(home, [command, 'web', 'job']);
    assert.equal(code, 1);
    assert.match(err, /There is no app "job": did you mean "jobs"\?/);
    assert.deepEqual(daemon.changes(), []);
  });
}

test('when one of several apps fails, the others are done all the same', async (t) => {
  const home = tempDir(t);
  const daemon = await fakeDaemon(t, home);
  daemon.apps = apps;
  daemon.outcomes['POST /v1/apps/web/reload'] = {
    events: [spawned],
    error: new HoldfastError('ROLLOUT_FAILED', 'The new web.0 did not get ready', {
      details: ['err | no database'],
    }),
  };
  const { code, err } = await runCli(home, ['reload', 'all']);
  assert.equal(code, 1);
  assert.match(err, /jobs is reloaded/);
  assert.match(
    err,
    /hold: The new web\.0 did not get ready\n {2}The old instances still serve.*\n {4}err \| no database\n$/,
  );
});

test('an error with --json is its body, on stderr', async (t) => {
  const home = tempDir(t);
  const daemon = await fakeDaemon(t, home);
  daemon.apps = apps;
  const error = new HoldfastError('BUSY', 'web is being reloaded');
  daemon.outcomes['POST /v1/apps/web/scale'] = { error };
  const { code, out, err } = await runCli(home, ['scale', 'web', '2', '--json']);
  assert.equal(code, 1);
  assert.equal(out, '');
  assert.deepEqual(JSON.parse(err), error.toBody());
});

test('scale: from what is wanted to what is asked for', () => {
  const app = { name: 'web', wanted: 3 };
  assert.equal(parseAmount('5')(app), 5);
  assert.equal(parseAmount('+2')(app), 5);
  assert.equal(parseAmount('-1')(app), 2);
  assert.equal(parseAmount('max', 16)(app), 16);
  assert.throws(() => parseAmount('-3')(app), { code: 'USAGE', message: /from 3 to 0 instances/ });
  assert.throws(() => parseAmount('1.5'), { code: 'USAGE' });
});

test('scale takes -1 as a number, not as an option', async (t) => {
  const home = tempDir(t);
  const daemon = await fakeDaemon(t, home);
  daemon.apps = apps;
  const { code, err } = await runCli(home, ['scale', 'jobs', '-1']);
  assert.equal(code, 0);
  assert.equal(err, 'jobs has 2 instances (3 before)\n');
  assert.deepEqual(daemon.lastBody(), { instances: 2 });
});

test('start: a script with everything said about it', async (t) => {
  const home = tempDir(t);
  const dir = tempDir(t);
  writeFileSync(join(dir, 'server.js'), '');
  const daemon = await fakeDaemon(t, home);
  daemon.outcomes['POST /v1/apps'] = { events: [spawned, ready], result: apps[0] };
  const args = [
    'start',
    'server.js',
    '-n',
    'web',
    '-i',
    '2',
    '-p',
    '3000',
    '-e',
    'A=1',
    '-e',
    'B=x=y',
    '--',
    '--flag',
    '-z',
  ];
  const { code, out, err } = await runCli(home, args, { cwd: dir, env: { MARK: 'shell' } });
  assert.equal(err, 'web.0 starting (pid 42)\nweb.0 ready (in 200ms)\n');
  assert.equal(code, 0);
  assert.match(out, /^NAME .*\nweb +running .*http:\/\/localhost:3000\n$/);
  const { app } = daemon.lastBody<{ app: AppPlan }>();
  assert.equal(app.name, 'web');
  assert.equal(app.instances, 2);
  assert.equal(app.port, 3000);
  assert.equal(app.cwd, dir);
  assert.deepEqual(app.env, { A: '1', B: 'x=y' });
  assert.equal(app.baseEnv.MARK, 'shell');
  assert.deepEqual(app.command, {
    file: join(dir, 'server.js'),
    args: ['--flag', '-z'],
    node: true,
    nodeArgs: [],
  });
});

test('start: a command line in quotes', async (t) => {
  const home = tempDir(t);
  const daemon = await fakeDaemon(t, home);
  daemon.outcomes['POST /v1/apps'] = { result: appView('sleep') };
  const { code, out } = await runCli(home, ['start', 'sleep "1 0" $PORT', '--json'], { cwd: tempDir(t) });
  assert.equal(code, 0);
  assert.deepEqual(JSON.parse(out), appView('sleep'));
  const { app } = daemon.lastBody<{ app: AppPlan }>();
  assert.deepEqual(app.command.args, ['1 0', '$PORT']);
  assert.equal(app.command.node, false);
});

test('start: a script that is not there starts no daemon', async (t) => {
  const home = join(tempDir(t), 'home');
  const { code, err } = await runCli(home, ['start', 'sever.js'], { cwd: tempDir(t) });
  assert.equal(code, 1);
  assert.match(err, /^hold: .*sever\.js/);
  assert.equal(existsSync(home), false);
});

test('start: an app that does not come up ends with 1, why, and its last output', async (t) => {
  const home = tempDir(t);
  const dir = tempDir(t);
  writeFileSync(join(dir, 'web.js'), '');
  const daemon = await fakeDaemon(t, home);
  daemon.outcomes['POST /v1/apps'] = {
    events: [spawned],
    error: new HoldfastError('START_FAILED', 'web.0 did not start: exited with code 1', {
      details: ['err | boom'],
    }),
  };
  const { code, err } = await runCli(home, ['start', 'web.js'], { cwd: dir });
  assert.equal(code, 1);
  assert.match(err, /hold: web\.0 did not start: exited with code 1\n.*\n {4}err \| boom\n$/);
});

test('start with the name of a stopped app starts that again', async (t) => {
  const home = tempDir(t);
  const daemon = await fakeDaemon(t, home);
  daemon.apps = [appView('web', { status: 'stopped', wanted: 0, instances: [] })];
  daemon.outcomes['POST /v1/apps/web/start'] = { events: [spawned, ready], result: apps[0] };
  const { code, out } = await runCli(home, ['start', 'web']);
  assert.equal(code, 0);
  assert.match(out, /web +running/);
  assert.deepEqual(daemon.changes(), ['POST /v1/apps/web/start']);
});

test('start with the name of a running app changes nothing; with other settings it is an error', async (t) => {
  const home = tempDir(t);
  const daemon = await fakeDaemon(t, home);
  daemon.apps = apps;
  const { code, err } = await runCli(home, ['start', 'web']);
  assert.deepEqual([code, err], [0, 'web runs already\n']);
  const other = await runCli(home, ['start', 'web', '-i', '4']);
  assert.equal(other.code, 1);
  assert.match(other.err, /Cannot start "web" with other settings/);
  assert.deepEqual(daemon.changes(), []);
});

function configDir(t: Parameters<typeof tempDir>[0], text: string): string {
  const dir = tempDir(t);
  writeFileSync(join(dir, 'server.js'), '');
  writeFileSync(join(dir, 'holdfast.config.json'), text);
  return dir;
}

test('up: prints what changes and what there is then', async (t) => {
  const home = tempDir(t);
  const daemon = await fakeDaemon(t, home);
  const cwd = configDir(t, '{"apps":{"web":{"run":"server.js","instances":2}}}');
  const result = {
    changes: [
      { kind: 'add', what: 'app', name: 'web', detail: ['instances 2'] },
      { kind: 'remove', what: 'site', name: 'old.example.com', detail: [] },
    ],
    apps: [apps[0]],
  };
  daemon.outcomes['POST /v1/up'] = { events: [spawned, ready], result };
  const { code, out, err } = await runCli(home, ['up'], { cwd });
  assert.equal(code, 0);
  assert.match(out, /^\+ app web {2}instances 2\n- site old\.example\.com\n\nNAME .*\nweb +running/);
  assert.equal(err, 'web.0 starting (pid 42)\nweb.0 ready (in 200ms)\n');
  const { plan, dryRun } = daemon.lastBody<{ plan: { apps: object }; dryRun: boolean }>();
  assert.deepEqual(Object.keys(plan.apps), ['web']);
  assert.equal(dryRun, false);
  assert.deepEqual((await runCli(home, ['up', '--json'], { cwd })).json(), result);
});

test('up a second time has nothing to do', async (t) => {
  const home = tempDir(t);
  const daemon = await fakeDaemon(t, home);
  const cwd = configDir(t, '{"apps":{"web":"server.js"}}');
  daemon.outcomes['POST /v1/up'] = { result: { changes: [], apps } };
  const { code, out, err } = await runCli(home, ['up'], { cwd });
  assert.deepEqual([code, out, err], [0, '', 'nothing to do\n']);
});

test('up --plan only asks', async (t) => {
  const home = tempDir(t);
  const daemon = await fakeDaemon(t, home);
  const cwd = configDir(t, '{"apps":{"web":"server.js"}}');
  daemon.outcomes['POST /v1/up'] = {
    result: { changes: [{ kind: 'scale', what: 'app', name: 'web', detail: ['instances 2 -> 1'] }], apps },
  };
  const { out } = await runCli(home, ['up', '--plan'], { cwd });
  assert.equal(out, '~ app web  instances 2 -> 1\n');
  assert.equal(daemon.lastBody<{ dryRun: boolean }>().dryRun, true);
});

test('up --plan with nothing running starts no daemon for the answer', async (t) => {
  const home = join(tempDir(t), 'home');
  const cwd = configDir(t, '{"apps":{"web":"server.js"}}');
  const { code, out } = await runCli(home, ['up', '--plan'], { cwd });
  assert.deepEqual([code, out], [0, '+ app web\n']);
  assert.equal(existsSync(home), false);
});

test('up with an invalid file says where, and asks for nothing', async (t) => {
  const home = tempDir(t);
  const daemon = await fakeDaemon(t, home);
  const cwd = configDir(t, '{"apps":{"web":{"run":"server.js","instnces":2}}}');
  const { code, err } = await runCli(home, ['up'], { cwd });
  assert.equal(code, 1);
  assert.match(err, /^hold: holdfast\.config\.json: apps\.web\.instnces .*"instances"/);
  assert.deepEqual(daemon.changes(), []);
});

test('down: says what it stops, and returns when the daemon is gone', async (t) => {
  const home = tempDir(t);
  const daemon = await fakeDaemon(t, home);
  daemon.apps = [...apps, appView('off', { status: 'stopped' })];
  const { code, err } = await runCli(home, ['down']);
  assert.deepEqual([code, err], [0, 'stopping web, jobs, @edge\neverything is stopped\n']);
  assert.deepEqual(daemon.changes(), ['POST /v1/down']);
});

test('down returns when the processes of the daemon are gone, not when it has answered', async (t) => {
  const home = tempDir(t);
  await fakeDaemon(t, home);
  const slow = spawn(process.execPath, ['-e', 'process.stdout.write("x"); setTimeout(() => {}, 500)']);
  cleanup(t, () => slow.kill('SIGKILL'));
  await once(slow.stdout, 'data');
  const id = identify(slow.pid ?? 0);
  assert.ok(id);
  writeFileSync(homePaths(home).holderPid, JSON.stringify(id));
  assert.equal((await runCli(home, ['down'])).code, 0);
  assert.equal(isAlive(id), false);
});

test('interrupted while it waits, a change ends with 130', async (t) => {
  const home = tempDir(t);
  const daemon = await fakeDaemon(t, home);
  daemon.apps = apps;
  const interrupt = new AbortController();
  interrupt.abort();
  const { code, err } = await runCli(home, ['restart', 'web'], { signal: interrupt.signal });
  assert.equal(code, 130);
  assert.equal(err, 'interrupted: what was asked for goes on, see `hold ls`\n');
});

test('a home that cannot be made is a clear error', async (t) => {
  const dir = tempDir(t);
  writeFileSync(join(dir, 'file'), '');
  writeFileSync(join(dir, 'web.js'), '');
  const { code, err } = await runCli(join(dir, 'file', 'home'), ['start', 'web.js'], { cwd: dir });
  assert.equal(code, 1);
  assert.match(err, /^hold: Cannot use ".*home" as the home directory: .* not a directory\n/);
});

test('signal: by any of its names, to what is meant, and an error when nothing of it runs', async (t) => {
  const home = tempDir(t);
  const daemon = await fakeDaemon(t, home);
  daemon.apps = [appView('web', { numbers: [0, 1] }), appView('jobs')];
  daemon.outcomes['POST /v1/apps/web/signal'] = { result: { instances: ['web.1'] } };
  daemon.outcomes['POST /v1/apps/jobs/signal'] = { result: { instances: [] } };
  for (const word of ['SIGHUP', 'hup', '1']) {
    const { code, err } = await runCli(home, ['signal', word, 'web.1']);
    assert.deepEqual([code, err], [0, 'web.1 got SIGHUP\n']);
    assert.deepEqual(daemon.lastBody(), { signal: 'SIGHUP', slot: 1 });
  }
  const idle = await runCli(home, ['signal', 'HUP', 'jobs']);
  assert.equal(idle.code, 1);
  assert.match(idle.err, /Cannot send SIGHUP to "jobs": nothing of it runs/);
  const unknown = await runCli(home, ['signal', 'SIGHOP', 'web']);
  assert.equal(unknown.code, 2);
  assert.match(unknown.err, /There is no signal "SIGHOP": did you mean "SIGHUP"\?/);
});

test('restart: an instance, and new variables on the way', async (t) => {
  const home = tempDir(t);
  const daemon = await fakeDaemon(t, home);
  daemon.apps = [appView('web', { numbers: [0, 1] })];
  await runCli(home, ['restart', 'web.1', '-e', 'A=1']);
  assert.deepEqual(daemon.lastBody(), { env: { A: '1' }, slot: 1 });
  await runCli(home, ['restart', 'web', '--update-env'], { env: { COLOR: 'blue' } });
  const { baseEnv } = daemon.lastBody<{ baseEnv: Record<string, string> }>();
  assert.equal(baseEnv.COLOR, 'blue');
  const { code, err } = await runCli(home, ['reload', 'web.1']);
  assert.equal(code, 2);
  assert.match(err, /This command is about whole apps: got the instance "web.1"/);
});

test('start: a namespace, all, or a single instance again, each after what it needs', async (t) => {
  const home = tempDir(t);
  const daemon = await fakeDaemon(t, home);
  const stopped = { status: 'stopped', instances: [] } as const;
  daemon.apps = [
    appView('web', { ...stopped, namespace: 'shop', after: ['db'], numbers: [0, 1] }),
    appView('db', { ...stopped, namespace: 'shop' }),
  ];
  assert.equal((await runCli(home, ['start', 'shop'])).code, 0);
  assert.deepEqual(daemon.changes(), ['POST /v1/apps/db/start', 'POST /v1/apps/web/start']);
  assert.equal((await runCli(home, ['start', '/^w/'])).code, 0);
  assert.equal(daemon.changes().at(-1), 'POST /v1/apps/web/start');
  await runCli(home, ['start', 'web.1']);
  assert.deepEqual(daemon.lastBody(), { slot: 1 });
});

test('start: options and --set reach the plan; a mistake in one is told by its setting', async (t) => {
  const home = tempDir(t);
  const cwd = tempDir(t);
  writeFileSync(join(cwd, 'server.js'), '');
  const daemon = await fakeDaemon(t, home);
  daemon.outcomes['POST /v1/apps'] = { result: appView('server') };
  const args = ['start', 'server.js', '-l', 'all.log', '--restart', 'on-failure', '--set', 'stop.timeout=5s'];
  assert.equal((await runCli(home, args, { cwd })).code, 0);
  const { app } = daemon.lastBody<{ app: AppPlan }>();
  assert.equal(app.log.files.all, join(cwd, 'all.log'));
  assert.equal(app.restart.when, 'on-failure');
  assert.equal(app.stop.timeoutMs, 5000);
  const wrong = await runCli(home, ['start', 'server.js', '--memory', 'lots', '--set', 'stop.tmeout=5s'], {
    cwd,
  });
  assert.equal(wrong.code, 2);
  assert.match(wrong.err, /memory must be a size such as "50MB": got "lots"/);
  assert.match(wrong.err, /stop\.tmeout is not a setting/);
});
