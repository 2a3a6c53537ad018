import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Test } from '../../../test/support/cleanup.ts';
import { loadImported } from '../../../test/support/imported.ts';
import { tempDir } from '../../../test/support/temp-dir.ts';
import { importSystemd } from './systemd.ts';

/** A directory with the units in it, and a script `app.js`. */
function units(t: Test, files: Readonly<Record<string, string>>): string {
  const dir = tempDir(t);
  writeFileSync(join(dir, 'app.js'), '');
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(dir, name, '..'), { recursive: true });
    writeFileSync(join(dir, name), text.replaceAll('DIR', dir));
  }
  return dir;
}

async function imported(t: Test, service: string, more: Readonly<Record<string, string>> = {}) {
  const dir = units(t, { 'app.service': service, ...more });
  const result = await importSystemd(['app.service'], { cwd: dir });
  const plans = await loadImported(dir, result);
  return { ...result, dir, plan: plans.app, app: result.config.apps?.app };
}

test('a full unit becomes an app that says the same', async (t) => {
  const { plan, notes, dir } = await imported(
    t,
    `[Unit]
After=network-online.target
StartLimitIntervalSec=1min
StartLimitBurst=3
[Service]
Type=notify
User=daemon
Group=daemon
WorkingDirectory=DIR
Environment="A=with blank" B=two 'C=\\x43'
Environment=PORT=3100
ExecStart=/usr/bin/node --enable-source-maps app.js \${A} $B "$$5" %n
Restart=on-failure
RestartSec=500ms
RestartPreventExitStatus=3 4
KillSignal=INT
TimeoutStopSec=1min 30s
TimeoutStartSec=20
WatchdogSec=15s
LimitNOFILE=1024:65536
LimitCORE=infinity
LimitCPU=1min
Nice=-5
OOMScoreAdjust=-100
UMask=027
MemoryHigh=400M
MemoryMax=1.5G
CPUQuota=150%
TasksMax=64
StandardOutput=append:/var/log/app.log
`,
  );
  assert.ok(plan);
  assert.deepEqual(plan.command, {
    file: join(dir, 'app.js'),
    node: true,
    nodeArgs: ['--enable-source-maps'],
    args: ['with blank', 'two', '$5', 'app.service'],
  });
  assert.equal(plan.cwd, dir);
  assert.deepEqual(plan.env, { A: 'with blank', B: 'two', C: 'C' });
  assert.equal(plan.port, 3100);
  assert.deepEqual(plan.ready, { by: 'notify' });
  assert.equal(plan.readyTimeoutMs, 20_000);
  assert.equal(plan.watchdogMs, 15_000);
  assert.equal(plan.stop.signal, 'SIGINT');
  assert.equal(plan.stop.timeoutMs, 90_000);
  assert.equal(plan.restart.when, 'on-failure');
  assert.equal(plan.restart.delayMs, 500);
  assert.deepEqual(plan.restart.stopCodes, [3, 4]);
  assert.deepEqual(plan.restart.giveUp, { crashes: 3, withinMs: 60_000 });
  assert.deepEqual(plan.memory, { softBytes: 400 * 1024 ** 2, hardBytes: 1.5 * 1024 ** 3 });
  const { permissions, ...rights } = plan.rights;
  assert.deepEqual(rights, {
    user: 'daemon',
    group: 'daemon',
    umask: 0o27,
    nice: -5,
    oomScore: -100,
    ulimits: { core: 'unlimited', cpu: 60, nofile: 65_536 },
    cpu: 1.5,
    pids: 64,
  });
  assert.equal(plan.log.files.out, '/var/log/app.log');
  assert.match(notes.join('\n'), /LimitNOFILE=1024:65536: soft and hard limit are the same here, 65536/);
});

test("systemd's defaults are not Holdfast's: no restart, and the root directory", async (t) => {
  const { plan, notes } = await imported(t, '[Service]\nExecStart=/bin/sh -c "sleep 1"\n');
  assert.equal(plan?.restart.when, 'never');
  assert.equal(plan?.cwd, '/');
  assert.match(notes.join('\n'), /no WorkingDirectory: systemd runs it in "\/"/);
});

test('nothing is dropped without a word', async (t) => {
  const { notes } = await imported(
    t,
    `[Unit]
Description=The app
Requires=postgresql.service
ConditionPathExists=/etc/app
[Service]
Type=forking
WorkingDirectory=DIR
EnvironmentFile=-/no/such/file
ExecStartPre=/bin/true
ExecStart=-/bin/sh app.sh
ExecReload=/bin/kill -HUP $MAINPID
Restart=on-abnormal
KillSignal=SIGRTMIN
KillMode=mixed
SendSIGKILL=no
MemoryMax=50%
TasksMax=10%
ProtectSystem=strict
StandardError=null
oops
[Install]
WantedBy=multi-user.target
`,
  );
  const all = notes.join('\n');
  for (const word of [
    'Description=The app',
    'postgresql.service',
    'ConditionPathExists=/etc/app',
    'Type=forking',
    'EnvironmentFile=-/no/such/file',
    'ExecStartPre=/bin/true',
    'ExecStart begins with "-"',
    'ExecReload=/bin/kill -HUP $MAINPID',
    'Restart=on-abnormal',
    'KillSignal=SIGRTMIN',
    'KillMode=mixed',
    'SendSIGKILL=no',
    'MemoryMax=50%',
    'TasksMax=10%',
    'ProtectSystem=strict',
    'StandardError=null',
    'oops',
    'WantedBy=multi-user.target',
  ]) {
    assert.ok(all.includes(word), `${word} is missing in\n${all}`);
  }
});

test('an empty assignment clears a list, drop-ins come after the unit', async (t) => {
  const { plan } = await imported(
    t,
    '[Service]\nWorkingDirectory=DIR\nEnvironment=A=1\nExecStart=/bin/false\nRestart=always\n',
    {
      'app.service.d/10-first.conf':
        '[Service]\nExecStart=\nExecStart=/usr/bin/env node app.js\nEnvironment=\n',
      'app.service.d/20-last.conf': '[Service]\nEnvironment=B=2\nRestart=on-failure\n',
      'app.service.d/readme.txt': '[Service]\nRestart=no\n',
    },
  );
  assert.deepEqual(plan?.env, { B: '2' });
  assert.deepEqual([plan?.command.file, ...(plan?.command.args ?? [])], ['/usr/bin/env', 'node', 'app.js']);
  assert.equal(plan?.restart.when, 'on-failure');
});

test('variables that only the start knows are filled in by a shell', async (t) => {
  const { plan, notes } = await imported(
    t,
    `[Service]\nWorkingDirectory=DIR\nEnvironmentFile=DIR/app.env\nExecStart=/bin/echo \${FROM_FILE}/x $LIST 'it\\'s' $$HOME\n`,
    { 'app.env': 'FROM_FILE=a\n' },
  );
  assert.deepEqual(plan?.command.args, ['-c', `exec /bin/echo "\${FROM_FILE}"/x $LIST 'it'\\''s' '$HOME'`]);
  assert.deepEqual(plan?.env.FROM_FILE, 'a');
  assert.match(notes.join('\n'), /a shell fills in "FROM_FILE", "LIST"/);
});

test('what an EnvironmentFile sets wins over Environment, as in systemd', async (t) => {
  const { plan, notes } = await imported(
    t,
    '[Service]\nWorkingDirectory=DIR\nEnvironment=A=unit B=unit\nEnvironmentFile=DIR/app.env\nExecStart=/bin/true\n',
    { 'app.env': 'A=file\n' },
  );
  assert.deepEqual(plan?.env, { A: 'file', B: 'unit' });
  assert.match(notes.join('\n'), /"A" is set in .*app\.env too/);
});

test('units that are imported together know each other, and instances their specifiers', async (t) => {
  const dir = units(t, {
    'db.service': '[Service]\nWorkingDirectory=DIR\nExecStart=/bin/true\n',
    'web@blue.service':
      '[Unit]\nAfter=db.service network.target\n[Service]\nWorkingDirectory=DIR\nExecStart=/bin/echo %i %p %N %% %h\n',
  });
  const result = await importSystemd(['db.service', 'web@blue.service'], { cwd: dir });
  const { db, 'web-blue': web } = await loadImported(dir, result);
  assert.deepEqual(db?.after, []);
  assert.deepEqual(web?.after, ['db']);
  assert.deepEqual(web?.command.args, ['blue', 'web', 'web@blue', '%', '%h']);
  assert.ok(result.notes.some((note) => note.startsWith('web-blue: "%h" is filled in by systemd')));
});

test('what is no service is refused', async (t) => {
  const dir = units(t, { 'app.timer': '[Timer]\nOnCalendar=daily\n' });
  await assert.rejects(importSystemd(['app.timer'], { cwd: dir }), {
    code: 'IMPORT_INVALID',
    message: /app\.timer is no service/,
  });
  for (const value of ['', '/bin/sh "open']) {
    const wrong = units(t, {
      'app.service': `[Service]\nExecStart=/bin/true\nExecStart=\nExecStart=${value}\n`,
    });
    await assert.rejects(importSystemd(['app.service'], { cwd: wrong }), { code: 'IMPORT_INVALID' });
  }
  await assert.rejects(importSystemd(['none.service'], { cwd: dir }), { code: 'CONFIG_NOT_FOUND' });
});
