/** What is exported for init systems starts the same program with the same arguments and environment, and tells no secret. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { test } from 'node:test';
import { appPlan } from '../../../test/support/plans.ts';
import { findProgram, requireProgram } from '../../../test/support/programs.ts';
import { exportOptions, planOf, richPlan } from '../../../test/support/service-plan.ts';
import { tempDir } from '../../../test/support/temp-dir.ts';
import type { AppPlan, Plan } from '../../config/plan.ts';
import type { Exported, Exporter } from '../exported.ts';
import { calendar, launchd } from '../launchd/launchd.ts';
import { openrc } from '../openrc/openrc.ts';
import { procfile } from '../procfile/procfile.ts';
import { runit } from '../runit/runit.ts';
import { s6 } from '../s6/s6.ts';
import { s6rc } from '../s6-rc/s6-rc.ts';
import { supervisord } from '../supervisord/supervisord.ts';
import { systemd } from '../systemd/systemd.ts';
import { targets } from '../targets.ts';
import { upstart } from '../upstart/upstart.ts';

const INITS: Readonly<Record<string, Exporter>> = {
  systemd,
  runit,
  s6,
  's6-rc': s6rc,
  supervisord,
  launchd,
  openrc,
  upstart,
  procfile,
};

const AWKWARD = [
  `it's "50%" of $HOME`,
  'two\nlines',
  '`id` $(id) \\ #; & | <é>',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: to the inits this means something.
  '%i %% $$ ${PATH}',
  '--flag=a b',
  ' ',
  'a ; b # c\t;\u0085#',
  `"'`,
  '/bin/*  [a-z] ?',
  'end script\nend script',
  'ends in lines\r\n\n',
];

function textOf({ files }: Exported): string {
  return files.map(({ path, text }) => `${path}\n${text}`).join('\n');
}

for (const [name, init] of Object.entries(INITS)) {
  test(`${name}: no secret is in the files, none is forgotten, and the bytes are always the same`, () => {
    const plan = richPlan();
    const exported = init(plan, exportOptions(plan));
    const all = textOf(exported) + JSON.stringify(exported.losses);
    assert.doesNotMatch(all, /very-secret/);
    assert.match(all, /API_KEY/);
    assert.doesNotMatch(all, /\/home\/me|en_US/, 'who exports it is not who runs it');
    assert.match(all, /REGION/);
    assert.equal(textOf(init(plan, exportOptions(plan))), textOf(exported));
    if (name === 'procfile') return;
    const holders = exported.files.filter(({ text }) => /^#(?:export )?API_KEY=$/m.test(text));
    assert.deepEqual(
      holders.map(({ mode, once }) => ({ mode, once })),
      [{ mode: 0o600, once: true }],
      'what a person fills in is written once, and read by nobody else',
    );
    const installed = targets[name]?.install(exported.files, 'holdfast').files ?? [];
    assert.deepEqual(
      installed.filter(({ mode }) => mode === 0o600).map(({ once }) => once),
      [true],
    );
  });
}

/** What the app saw. */
interface Seen {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** Its own classes, in the Python that it runs with. */
const SUPERVISORD_READS = `$(sed -n '1s/^#! *//p' "$(command -v supervisord)") -c '
import json, shlex, sys
from supervisor.options import ServerOptions, UnhosedConfigParser
options, parser = ServerOptions(), UnhosedConfigParser()
options.environ_expansions = {}
parser.read_string(sys.argv[1])
[program] = options.processes_from_section(parser, parser.sections()[0], "web")
print(json.dumps({"command": shlex.split(program.command), "environment": program.environment}))
' "$1"`;

/** How a program of the init would start it; only what the exporter writes is used. */
const START: Readonly<Record<string, (exported: Exported) => Seen | undefined>> = {
  procfile: ({ files }) => {
    const line = /^web: (.*)$/m.exec(files[0]?.text ?? '')?.[1] ?? '';
    return sh(line, { PORT: '3000' });
  },
  upstart: ({ files }) => {
    const script = /^script\n([\s\S]*?)^end script$/m.exec(files[0]?.text ?? '')?.[1] ?? '';
    return sh(`set -e\n${script}`);
  },
  runit: runScript,
  s6: runScript,
  's6-rc': runScript,
  openrc: ({ files }) =>
    // As supervise-daemon.sh has it.
    sh(
      `checkpath() { :; }\n${files[0]?.text}\nstart_pre || exit 1\nsupervise() { while [ "$1" != -- ]; do program=$1; shift; done; shift; exec "$program" "$@"; }\neval supervise $command -- $command_args`,
    ),
  supervisord: ({ files }) => {
    const parsed = spawnSync('/bin/sh', ['-c', SUPERVISORD_READS, 'sh', files[0]?.text ?? ''], {
      encoding: 'utf8',
    });
    assert.equal(parsed.status, 0, parsed.stderr);
    const { command, environment } = JSON.parse(parsed.stdout);
    return sh('exec "$@"', environment, command);
  },
  launchd: ({ files }) => {
    const parsed = spawnSync(
      'python3',
      ['-c', 'import json,plistlib,sys; print(json.dumps(plistlib.loads(sys.stdin.buffer.read())))'],
      { input: files[0]?.text ?? '', encoding: 'utf8' },
    );
    assert.equal(parsed.status, 0, parsed.stderr);
    const { ProgramArguments: argv, EnvironmentVariables: env } = JSON.parse(parsed.stdout);
    return sh('exec "$@"', env, argv);
  },
};

/** What the supervisor itself has made is not there. */
function runScript({ files }: Exported): Seen {
  const text = files.find(({ path }) => path.endsWith('/run'))?.text ?? '';
  return sh(text.replace(/.*supervise\/.*/g, '').replace('exec chpst -P ', 'exec '));
}

function sh(script: string, env: Record<string, string> = {}, args: readonly string[] = []): Seen {
  const { stdout, stderr, status } = spawnSync('/bin/sh', ['-c', script, 'sh', ...args], {
    encoding: 'utf8',
    env: { PATH: '/usr/bin:/bin', ...env },
  });
  assert.equal(status, 0, `${stdout}${stderr}\n${script}`);
  return JSON.parse(stdout) as Seen;
}

test('an app gets its arguments and its environment, whatever is in them', (t) => {
  if (!requireProgram(t, 'python3') || !requireProgram(t, 'supervisord')) return;
  const dir = tempDir(t);
  const script = join(dir, "it's $an app.js");
  writeFileSync(script, 'console.log(JSON.stringify({ args: process.argv.slice(2), env: process.env }))');
  const token = join(dir, 'token');
  const values = Object.fromEntries(AWKWARD.map((value, index) => [`V${index}`, value]));
  const plan = planOf(
    appPlan({
      command: { file: script, args: ['--port=$PORT', ...AWKWARD], node: true, nodeArgs: [] },
      cwd: dir,
      port: 3000,
      env: values,
      secrets: { TOKEN: token },
    }),
  );
  const options = exportOptions(plan, { node: process.execPath, user: null });
  for (const [name, start] of Object.entries(START)) {
    const exported = INITS[name]?.(plan, options) ?? { files: [], losses: [] };
    rmSync(token, { force: true });
    assert.throws(() => start(exported), /No such file/, `${name}: not without its secret`);
    writeFileSync(token, 'from a file\n');
    const seen = start(exported);
    assert.ok(seen, name);
    assert.deepEqual(seen.args, ['--port=3000', ...AWKWARD], name);
    for (const [key, value] of Object.entries(values)) assert.equal(seen.env[key], value, `${name} ${key}`);
    assert.equal(seen.env.TOKEN, 'from a file', name);
    assert.equal(seen.env.PORT, '3000', name);
  }
});

/** Those with a checker, and the program that it is. */
const CHECKERS: Readonly<Record<string, string>> = {
  systemd: 'systemd-analyze',
  supervisord: 'supervisord',
  // Debian has none.
  's6-rc': findProgram('s6-rc-compile') ?? 'sh',
};

for (const [name, program] of Object.entries(CHECKERS)) {
  test(`${name} has no complaint, neither about usual nor about strange values`, (t) => {
    if (!requireProgram(t, basename(program))) return;
    const target = targets[name];
    for (const plan of [strangePlan(), richPlan()]) {
      const dir = tempDir(t);
      const { files } = target?.export(plan, exportOptions(plan, { node: process.execPath })) ?? {
        files: [],
      };
      const check = target?.check?.(files, dir);
      for (const { path, text, mode } of [...files, ...(check?.around ?? [])]) {
        mkdirSync(dirname(join(dir, path)), { recursive: true });
        writeFileSync(join(dir, path), text, { mode });
      }
      for (const [program, ...args] of check?.commands ?? []) {
        if (program === 's6-rc-compile' && !findProgram(program)) continue;
        const { stdout, stderr, status } = spawnSync(program, args, { encoding: 'utf8' });
        assert.equal(status, 0, stderr);
        if (check?.trouble) assert.doesNotMatch(stdout + stderr, check.trouble);
      }
    }
  });
}

function strangePlan(): Plan {
  return planOf(
    appPlan({
      command: { file: '/bin/true', args: AWKWARD, node: false, nodeArgs: [] },
      cwd: '/',
      env: Object.fromEntries(AWKWARD.map((value, index) => [`V${index}`, value])),
    }),
  );
}

/** The stanzas of init(5) that are used, each with what may follow. */
const STANZAS = [
  /^description "[^"\\]*"$/,
  /^(?:start|stop) on (?:(?:runlevel \[!?2345\]|(?:started|stopping) [\w.-]+)(?: (?:and|or) |$))+$/,
  /^respawn$/,
  /^respawn limit \d+ \d+$/,
  /^normal exit \d+(?: \d+)*$/,
  /^kill (?:signal SIG[A-Z0-9]+|timeout \d+)$/,
  /^set[ug]id [\w.-]+$/,
  /^umask [0-7]{4}$/,
  /^nice -?\d+$/,
  /^oom score (?:never|-?\d+)$/,
  /^limit [a-z]+ (?:\d+ \d+|unlimited unlimited)$/,
  /^chdir (?:"(?:[^"\\]|\\["\\])*"|[\w@%+=:,./-]+)$/,
  /^console log$/,
];

/** The lines of a job outside its script, without comments. */
function stanzasOf(text: string): string[] {
  const parts = text.split(/^script\n[\s\S]*?^end script$/m);
  assert.equal(parts.length, 2, 'one script');
  return parts
    .join('\n')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
}

test('Upstart finds only stanzas that it knows', () => {
  const plan = richPlan();
  const jobs = upstart(plan, exportOptions(plan)).files.filter(({ path }) => path.endsWith('.conf'));
  assert.deepEqual(
    jobs.map(({ path }) => path),
    ['holdfast-web.0', 'holdfast-web.1', 'holdfast-db', 'holdfast-spare'].map(
      (name) => `upstart/${name}.conf`,
    ),
  );
  const strange = strangePlan();
  for (const { text } of [...jobs, ...upstart(strange, exportOptions(strange)).files]) {
    for (const line of stanzasOf(text)) {
      assert.ok(
        STANZAS.some((stanza) => stanza.test(line)),
        line,
      );
    }
  }
});

test('Upstart is told by its own words what an app wants', () => {
  const { restart, stop, rights } = appPlan();
  const cases: readonly (readonly [Partial<AppPlan>, readonly string[], RegExp?])[] = [
    [{}, ['start on runlevel [2345]', 'stop on runlevel [!2345]', 'respawn', 'respawn limit 10 60']],
    [{ autostart: false }, ['stop on runlevel [!2345]'], /^start on/],
    [{ restart: { ...restart, when: 'never' } }, [], /^respawn/],
    [{ restart: { ...restart, when: 'on-failure', stopCodes: [0, 3] } }, ['normal exit 0 3']],
    [{ stop: { ...stop, signal: 'SIGQUIT', timeoutMs: 1500 } }, ['kill signal SIGQUIT', 'kill timeout 2']],
    [{ rights: { ...rights, oomScore: -1000, nice: -5 } }, ['oom score never', 'nice -5']],
    [
      { rights: { ...rights, ulimits: { nofile: 1024, core: 'unlimited', sigstack: 1 } } },
      ['limit nofile 1024 1024', 'limit core unlimited unlimited'],
      /sigstack/,
    ],
    [{ cwd: '/srv/my "app" \\ # 1' }, ['chdir "/srv/my \\"app\\" \\\\ # 1"']],
    [{ name: 'a"b\nstop on startup' }, ['description "a b stop on startup 0"'], /^stop on startup/],
  ];
  for (const [given, wanted, never] of cases) {
    const plan = planOf(appPlan(given));
    const lines = stanzasOf(upstart(plan, exportOptions(plan)).files[0]?.text ?? '');
    for (const line of wanted) assert.ok(lines.includes(line), `${line} in ${lines.join('\n')}`);
    assert.ok(!lines.some((line) => never?.test(line)), lines.join('\n'));
  }
});

test('launchd gets a dictionary for each time, or is told to be without words', () => {
  const at = (expression: string) => calendar({ expression, timezone: null });
  assert.deepEqual(at('0 4 * * *'), [{ Hour: 4, Minute: 0 }]);
  assert.deepEqual(at('30 4 1 * MON'), [
    { Day: 1, Hour: 4, Minute: 30 },
    { Weekday: 1, Hour: 4, Minute: 30 },
  ]);
  assert.equal(at('*/15 * * * *')?.length, 4);
  assert.equal(at('* * * * * *'), undefined);
  assert.equal(at('0 4 L * *'), undefined);
  assert.equal(calendar({ expression: '0 4 * * *', timezone: 'Europe/Berlin' }), undefined);
});
