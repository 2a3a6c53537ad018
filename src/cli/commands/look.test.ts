/** The commands that only look, against an API that a test controls. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { appView, fakeDaemon, instanceView } from '../../../test/support/fake-daemon.ts';
import { appPlan } from '../../../test/support/plans.ts';
import { runCli } from '../../../test/support/run-cli.ts';
import { tempDir } from '../../../test/support/temp-dir.ts';
import type { CrashRecord } from '../../protocol/api.ts';
import type { HoldfastEvent } from '../../protocol/events.ts';

const esc = '\x1b';

const broken = appView('jobs', {
  status: 'degraded',
  wanted: 2,
  instances: [
    instanceView('jobs.0'),
    instanceView('jobs.1', {
      status: 'backoff',
      pid: null,
      restarts: 7,
      uptimeMs: null,
      memoryBytes: null,
      cpu: null,
      reason: 'exited with code 1',
      nextStartMs: 3200,
    }),
  ],
});
const well = appView('web', {
  wanted: 2,
  urls: ['http://localhost:3000'],
  instances: [instanceView('web.0'), instanceView('web.1')],
});

const event: HoldfastEvent = {
  seq: 7,
  time: new Date().toISOString(),
  type: 'instance.crashed',
  app: 'jobs',
  instance: 'jobs.0',
  pid: 12,
  reason: 'exited with code 1',
  data: { code: 1, uptimeMs: 252_000 },
};

function crash(app: string, minute: number, lines = 2): CrashRecord {
  const time = `2026-03-01T12:0${minute}:00.000Z`;
  return {
    time,
    app,
    instance: `${app}.0`,
    pid: 100 + minute,
    cause: 'killed by SIGSEGV',
    code: null,
    signal: 'SIGSEGV',
    uptimeMs: 1300,
    lastOutput: Array.from({ length: lines }, (_, i) => ({
      time,
      stream: 'err',
      text: `${app} ${minute} line ${i}`,
    })),
    diagnosis: null,
    stack: [],
    report: null,
    release: null,
  };
}

for (const args of [['ls'], ['events'], ['events', '-f'], ['crashes'], ['top'], ['stop', 'all'], ['down']]) {
  test(`with nothing running, hold ${args.join(' ')} says so and makes nothing`, async (t) => {
    const home = join(tempDir(t), 'home');
    const { code, out, err } = await runCli(home, args);
    assert.equal(code, 0);
    assert.equal(out, '');
    assert.match(err, /^(nothing is running|no crash of any app is known)\n$/);
    assert.equal(existsSync(home), false);
  });
}

for (const args of [['ls'], ['crashes'], ['stop', 'all'], ['down']]) {
  test(`with nothing running, hold ${args.join(' ')} --json is an empty list`, async (t) => {
    const { code, out, err } = await runCli(join(tempDir(t), 'home'), [...args, '--json']);
    assert.deepEqual([code, out, err], [0, '[]\n', '']);
  });
}

test('ls says below its table what is to be known of certificates, and alerts', async (t) => {
  const note = 'a.test: its certificate ends in 3 days';
  const edge = appView('@edge', { kind: 'edge', notes: [note] });
  const home = tempDir(t);
  const daemon = await fakeDaemon(t, home);
  daemon.apps = [well, edge];
  const alert = { level: 'failing', subject: 'a.test', since: '' };
  const problems = [
    { ...alert, kind: 'errors.many', text: 'a.test answers 100%' },
    { ...alert, kind: 'certificate.expiring', text: 'said by the note' },
  ];
  daemon.outcomes['GET /v1/health'] = { result: { status: 'failing', problems } };
  const { out, err } = await runCli(home, ['ls']);
  assert.match(out, /@edge/);
  assert.equal(err, `${note}\nalert: a.test answers 100%\n`);
});

test('ls: a line for an app that is well, one more for each instance of one that is not', async (t) => {
  const home = tempDir(t);
  (await fakeDaemon(t, home)).apps = [well, broken];
  const { code, out, err } = await runCli(home, ['ls']);
  assert.equal(code, 0);
  assert.equal(err, '');
  assert.deepEqual(out.split('\n'), [
    'NAME      STATUS    READY  RESTARTS  UPTIME  MEMORY  CPU  URL',
    'web       running     2/2         0  4m 12s  124 MB   8%  http://localhost:3000',
    'jobs      degraded    1/2         7  4m 12s   62 MB   4%',
    '  jobs.0  ready                   0  4m 12s   62 MB   4%',
    '  jobs.1  backoff                 7       -       -    -  exited with code 1; starts again in 3.2s',
    '',
  ]);
});

test('ls -a: every instance; ls <app>: only that app', async (t) => {
  const home = tempDir(t);
  (await fakeDaemon(t, home)).apps = [well, broken];
  assert.match((await runCli(home, ['ls', '-a'])).out, / {2}web\.1 /);
  const { out } = await runCli(home, ['ls', 'jobs']);
  assert.doesNotMatch(out, /web/);
  assert.equal((await runCli(home, ['ls', 'job'])).code, 1);
});

test('ls on a narrow terminal keeps the reason and fits', async (t) => {
  const home = tempDir(t);
  (await fakeDaemon(t, home)).apps = [well, broken];
  const { out } = await runCli(home, ['ls'], { tty: true, columns: 50, env: { NO_COLOR: '1' } });
  assert.match(out, /jobs\.1 .* exited w/);
  for (const line of out.split('\n')) assert.ok(line.length <= 50, line);
});

test('ls --json is exactly what the API says', async (t) => {
  const home = tempDir(t);
  (await fakeDaemon(t, home)).apps = [well, broken];
  assert.deepEqual((await runCli(home, ['ls', '--json'])).json(), [well, broken]);
});

test('colours on a terminal only, and never with NO_COLOR or --no-color', async (t) => {
  const home = tempDir(t);
  (await fakeDaemon(t, home)).apps = [well, broken];
  assert.ok((await runCli(home, ['ls'], { tty: true })).out.includes(esc));
  assert.ok(!(await runCli(home, ['ls'])).out.includes(esc));
  assert.ok(!(await runCli(home, ['ls'], { tty: true, env: { NO_COLOR: '1' } })).out.includes(esc));
  assert.ok(!(await runCli(home, ['ls', '--no-color'], { tty: true })).out.includes(esc));
  const failed = await runCli(home, ['show', 'wep'], { tty: true, env: { NO_COLOR: '1' } });
  assert.ok(!failed.err.includes(esc));
});

test('show: one app in full, its notes first', async (t) => {
  const home = tempDir(t);
  const daemon = await fakeDaemon(t, home);
  daemon.apps = [well];
  daemon.details.web = {
    plan: appPlan({
      command: { file: '/srv/app/server.js', args: ['--greeting', "it's $PORT"], node: true, nodeArgs: [] },
      cwd: '/srv/app',
      instances: 2,
      env: { NODE_ENV: 'production', API_KEY: '•••' },
      port: 3000,
    }),
    ports: [{ host: null, port: 3001, held: true, tls: false }],
    notes: ['it listens on 3001, not on the configured port 3000'],
    events: [event],
    logFile: '/x/web.log',
  };
  const { code, out } = await runCli(home, ['show', 'web']);
  assert.equal(code, 0);
  assert.match(out, /^web {2}running {2}2 of 2 ready {2}http:\/\/localhost:3000\n {2}! it listens on 3001/);
  assert.match(out, /command +node \/srv\/app\/server\.js --greeting 'it'\\''s \$PORT'\n/);
  assert.match(out, /port +3001 on all addresses, held by Holdfast\n/);
  assert.match(out, /env +NODE_ENV=production\n +API_KEY=•••\n/);
  assert.match(out, /web\.1 +ready +4242/);
  assert.match(out, /jobs\.0 crashed \(exited with code 1, after 4m 12s\)/);
  assert.deepEqual((await runCli(home, ['show', 'web', '--json'])).json(), {
    ...well,
    ...daemon.details.web,
  });
});

test('an unknown app is named, with what was probably meant', async (t) => {
  const home = tempDir(t);
  (await fakeDaemon(t, home)).apps = [well];
  const { code, err } = await runCli(home, ['show', 'wep']);
  assert.equal(code, 1);
  assert.equal(
    err,
    'hold: There is no app "wep": did you mean "web"?\n  Run `hold ls` to see what there is\n',
  );
});

test('events: the past ones; with --json one a line', async (t) => {
  const home = tempDir(t);
  (await fakeDaemon(t, home)).events = [{ ...event, seq: 6 }, event];
  const { out } = await runCli(home, ['events', '-n', '1']);
  assert.match(out, /^\d\d:\d\d:\d\d jobs\.0 crashed \(exited with code 1, after 4m 12s\)\n$/);
  const lines = (await runCli(home, ['events', '--json'])).out.trimEnd().split('\n');
  assert.deepEqual(
    lines.map((line) => JSON.parse(line)),
    [{ ...event, seq: 6 }, event],
  );
});

test('events of one app, and since a time', async (t) => {
  const home = tempDir(t);
  const old = { ...event, seq: 1, time: '2020-01-01T00:00:00.000Z' };
  const other = { ...event, seq: 3, app: 'web', instance: 'web.0' };
  (await fakeDaemon(t, home)).events = [old, { ...event, seq: 2 }, other];
  const seqs = async (...args: string[]) =>
    (await runCli(home, ['events', '--json', ...args])).out
      .trimEnd()
      .split('\n')
      .map((line) => (JSON.parse(line) as HoldfastEvent).seq);
  assert.deepEqual(await seqs('jobs'), [1, 2]);
  assert.deepEqual(await seqs('jobs.0', '-n', '1'), [2]);
  assert.deepEqual(await seqs('--since', '1h'), [2, 3]);
  assert.deepEqual(await seqs('jobs', 'web', '--since', '1h'), [2, 3]);
});

test('events -f goes on until Ctrl-C, and then ends with 130', async (t) => {
  const home = tempDir(t);
  const daemon = await fakeDaemon(t, home);
  daemon.events = [event];
  const interrupt = new AbortController();
  const { code, out, err } = await runCli(home, ['events', '-f', '--json'], {
    signal: interrupt.signal,
    onOut(text) {
      if (JSON.parse(text).seq === 7) daemon.publish({ ...event, seq: 8 });
      else interrupt.abort();
    },
  });
  assert.equal(code, 130);
  assert.equal(out.trimEnd().split('\n').length, 2);
  assert.equal(err, '');
});

test('events -f says so when the daemon goes', async (t) => {
  const home = tempDir(t);
  const daemon = await fakeDaemon(t, home);
  daemon.events = [event];
  const { code, err } = await runCli(home, ['events', '-f'], { onOut: () => void daemon.die() });
  assert.equal(code, 1);
  assert.match(err, /^hold: The daemon /);
});

test('crashes: the newest, with cause, time and last words', async (t) => {
  const home = tempDir(t);
  const daemon = await fakeDaemon(t, home);
  daemon.apps = [well];
  daemon.crashes = [crash('web', 1), crash('web', 2), crash('old', 3), crash('web', 4, 30)];
  const { out, err } = await runCli(home, ['crashes', 'web', '-n', '2']);
  assert.equal(err, '1 older: hold crashes web -n 3\n');
  assert.equal(out.match(/^web\.0 killed by SIGSEGV after 1\.3s$/gm)?.length, 2);
  assert.match(out, /^ {2}2026-03-01 .* ago\), pid 102\n {2}! web 2 line 0\n {2}! web 2 line 1\n\nweb\.0/m);
  assert.match(out, /… 10 lines before these: add --verbose\n {2}! web 4 line 10\n/);
  assert.match((await runCli(home, ['crashes', 'web', '--verbose'])).out, /! web 4 line 9\n/);
  assert.match((await runCli(home, ['crashes', 'old'])).out, /^old\.0/);
  assert.deepEqual((await runCli(home, ['crashes', '--json'])).json(), daemon.crashes);
  assert.equal((await runCli(home, ['crashes', 'nope'])).code, 1);
});

test('what an app printed cannot steer the terminal', async (t) => {
  const home = tempDir(t);
  const daemon = await fakeDaemon(t, home);
  const evil = `${esc}]0;owned\x07${esc}[2J${esc}[31mred`;
  daemon.crashes = [{ ...crash('web', 1), lastOutput: [{ time: '', stream: 'out', text: evil }] }];
  daemon.apps = [
    appView('web', {
      status: 'failed',
      instances: [instanceView('web.0', { reason: evil, status: 'failed' })],
    }),
  ];
  for (const args of [['crashes'], ['ls']]) {
    const { out } = await runCli(home, args, { tty: true });
    assert.ok(!out.includes('owned') && !out.includes(`${esc}[2J`), JSON.stringify(out));
  }
});
