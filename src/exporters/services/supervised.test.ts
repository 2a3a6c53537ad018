/** The exported services under real supervisors, the same promises for each. */
import assert from 'node:assert/strict';
import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, test } from 'node:test';
import { cleanup, type Test } from '../../../test/support/cleanup.ts';
import { appPlan } from '../../../test/support/plans.ts';
import { freePort } from '../../../test/support/ports.ts';
import { requireProgram } from '../../../test/support/programs.ts';
import { exportOptions, planOf } from '../../../test/support/service-plan.ts';
import { tempDir } from '../../../test/support/temp-dir.ts';
import { until } from '../../../test/support/until.ts';
import type { ExportedFile, Exporter } from '../exported.ts';
import { runit } from '../runit/runit.ts';
import { s6 } from '../s6/s6.ts';
import { supervisord } from '../supervisord/supervisord.ts';

interface Init {
  readonly programs: readonly string[];
  readonly export: Exporter;
  /** Where the lines of a service are, below /var/log. */
  log(service: string): string;
  readonly start: (t: Test, dir: string, files: readonly ExportedFile[]) => Supervisor;
  /** It starts apps as root, which limits them, and reads their secrets. */
  readonly asRoot: boolean;
  /** A number that it takes as user. */
  readonly uid: number;
}

interface Supervisor {
  restart(service: string): Promise<unknown>;
  stop(service: string): Promise<unknown>;
  start(service: string): Promise<unknown>;
  /** Nobody will start them again. */
  areDown(services: readonly string[]): Promise<boolean>;
}

const INITS: Readonly<Record<string, Init>> = {
  runit: {
    programs: ['runsvdir', 'sv', 'svlogd', 'chpst', 'prlimit', 'setpriv'],
    export: runit,
    log: (service) => `${service}/current`,
    asRoot: true,
    uid: 12_345,
    start(t, dir, files) {
      const scan = spawn('runsvdir', [join(dir, 'runit')], { stdio: 'ignore' });
      cleanup(t, async () => {
        await ended(scan, 'SIGHUP');
        const services = files.flatMap(({ path }) => /^(runit\/[^/]+)\/run$/.exec(path)?.[1] ?? []);
        await until(() => services.every((service) => !holdsLock(join(dir, service))), {
          why: 'all runsv end',
        });
      });
      const sv = (service: string, ...args: string[]) => said('sv', ...args, join(dir, 'runit', service));
      return {
        restart: (service) => sv(service, '-w', '20', 'restart'),
        stop: (service) => sv(service, '-w', '20', 'down'),
        start: (service) => sv(service, '-w', '1', 'up'),
        areDown: async (services) => {
          const lines = await Promise.all(services.map((service) => sv(service, 'status')));
          return lines.every((line) => /^down(?!.*want up)/.test(line));
        },
      };
    },
  },
  s6: {
    programs: ['s6-svscan', 's6-svc', 's6-log', 'prlimit', 'setpriv'],
    export: s6,
    log: (service) => `${service}/current`,
    asRoot: true,
    uid: 12_345,
    start(t, dir) {
      const scan = spawn('s6-svscan', [join(dir, 's6')], { stdio: 'ignore' });
      cleanup(t, () => ended(scan, 'SIGTERM'));
      const svc = (service: string, ...args: string[]) => said('s6-svc', ...args, join(dir, 's6', service));
      return {
        restart: (service) => svc(service, '-r'),
        stop: (service) => svc(service, '-wD', '-T', '20000', '-d'),
        start: (service) => svc(service, '-u'),
        areDown: async (services) => {
          const lines = await Promise.all(
            services.map((service) => said('s6-svstat', join(dir, 's6', service))),
          );
          return lines.every((line) => /^down(?!.*want up)/.test(line));
        },
      };
    },
  },
  supervisord: {
    programs: ['supervisord', 'supervisorctl'],
    export: supervisord,
    log: (service) => `supervisor/${service}.log`,
    asRoot: false,
    // It wants an entry in passwd(5).
    uid: 1,
    start(t, dir) {
      const main = join(dir, 'supervisord.conf');
      const sections = {
        unix_http_server: [`file=${dir}/supervisor.sock`],
        supervisord: ['nodaemon=true', `logfile=${dir}/supervisord.log`, `pidfile=${dir}/supervisord.pid`],
        'rpcinterface:supervisor': [
          'supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface',
        ],
        supervisorctl: [`serverurl=unix://${dir}/supervisor.sock`],
        include: ['files=supervisord/*.conf'],
      };
      writeFileSync(
        main,
        Object.entries(sections)
          .map(([name, lines]) => `[${name}]\n${lines.join('\n')}\n`)
          .join('\n'),
      );
      const daemon = spawn('supervisord', ['-c', main], { stdio: 'ignore' });
      cleanup(t, () => endedWithChildren(daemon));
      const ctl = (...args: string[]) => said('supervisorctl', '-c', main, ...args);
      return {
        restart: (service) => ctl('restart', service),
        stop: (service) => ctl('stop', service),
        start: (service) => ctl('start', service),
        areDown: async (services) => {
          const lines = (await ctl('status', ...services)).trim().split('\n');
          return lines.every((line) => /\b(?:FATAL|EXITED|STOPPED)\b/.test(line));
        },
      };
    },
  },
};

/** Says what it is and has, and ends politely. */
const APP = `
require('node:child_process').spawn('sleep', ['1000'], { stdio: 'inherit' }).on('spawn', function () {
  console.log('CHILD ' + this.pid);
  console.log('SEEN ' + JSON.stringify({ args: process.argv.slice(2), env: process.env, uid: process.getuid(), cwd: process.cwd(), umask: process.umask(), pid: process.pid, limits: require('node:fs').readFileSync('/proc/self/limits', 'utf8') }));
});
process.on('SIGINT', () => { console.log('BYE'); process.exit(0); });
setInterval(() => {}, 1000);
`;

interface Seen {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly uid: number;
  readonly cwd: string;
  readonly umask: number;
  readonly pid: number;
  readonly limits: string;
}

const GREETING = `it's "50%" of $HOME ; # %(x)s \\\n.\n\n`;

// They mostly wait.
describe('a service has its user, environment and limits, comes back after kill -9, ends politely, and gives up', {
  concurrency: true,
}, () => {
  for (const [name, init] of Object.entries(INITS)) {
    test(`under ${name}`, async (t) => {
      for (const program of init.programs) if (!requireProgram(t, program)) return;
      const dir = tempDir(t);
      chmodSync(dir, 0o755);
      const isRoot = process.getuid?.() === 0;
      const port = await freePort();
      const plan = planFor(dir, port, isRoot, init);
      const { files } = init.export(plan, exportOptions(plan, { node: process.execPath, user: null }));
      const { nobody } = place(dir, files, isRoot && !init.asRoot);
      const supervisor = init.start(t, dir, files);
      const log = (app: string) => {
        const path = join(dir, 'log', init.log(`holdfast-${app}`));
        return existsSync(path) ? readFileSync(path, 'utf8') : '';
      };
      const seen = () =>
        [...log('web').matchAll(/SEEN (.*)/g)].map(([, json = '']) => JSON.parse(json) as Seen);
      const children = () => [...log('web').matchAll(/CHILD (\d+)/g)].map(([, pid]) => Number(pid));
      cleanup(t, () => {
        for (const pid of children()) if (isRunning(pid)) process.kill(pid, 'SIGKILL');
      });
      const says = (app: string, word: string, times: number) =>
        until(() => log(app).split(word).length - 1 === times, {
          why: `${app} has said ${word} ${times} times`,
        });

      const first = await until(() => seen()[0], { why: 'the app is up' });
      assert.deepEqual(first.args, [`--port=${port}`, 'two\nlines', '%d ; #']);
      assert.equal(first.env.GREETING, GREETING);
      assert.equal(first.env.PLAIN, '100% of it');
      assert.equal(first.env.API_KEY, 'filled in');
      assert.equal(first.env.TOKEN, 'from a file');
      assert.equal(first.env.PORT, String(port));
      assert.equal(first.cwd, dir);
      assert.equal(first.umask, 0o027);
      if (init.asRoot) assert.match(first.limits, /Max open files +321 +321 /);
      if (isRoot) {
        assert.equal(first.uid, nobody);
        assert.equal(first.env.USER, 'nobody');
        await says('numbered', `UID ${init.uid} ${init.uid}`, 1);
      }

      const lives = async () => {
        process.kill(first.pid, 'SIGKILL');
        const second = await until(() => seen()[1], { why: 'it is up again' });
        assert.notEqual(second.pid, first.pid);
        const [child] = children();
        if (init.asRoot)
          await until(() => !isRunning(Number(child)), { why: 'what it had started has ended' });

        await supervisor.restart('holdfast-web');
        await until(() => seen()[2], { why: 'it is restarted' });
        await says('web', 'BYE', 1);
        await supervisor.stop('holdfast-web');
        await says('web', 'BYE', 2);
        // The other one needs it.
        await says('stubborn', 'UP', 1);
        await supervisor.stop('holdfast-stubborn');
        await says('stubborn', 'NO', 1);
        await until(() => supervisor.areDown(['holdfast-stubborn']), { why: 'it was killed' });
      };
      const ends = async () => {
        await says('crash', 'CRASH', 2);
        await says('done', 'DONE', 1);
        const down = ['crash', 'done', 'spare'].map((app) => `holdfast-${app}`);
        await until(() => supervisor.areDown(down), { why: 'it gave up, is done, and was never started' });
        assert.ok(!existsSync(join(dir, 'spare')));
        if (!init.asRoot) return;
        await supervisor.start('holdfast-crash');
        await says('crash', 'CRASH', 4);
      };
      await Promise.all([lives(), ends()]);
    });
  }
});

function planFor(dir: string, port: number, isRoot: boolean, init: Init) {
  const sources = {
    "it's an app.js": APP,
    'crash.js': 'console.log("CRASH"); process.exit(7)',
    // Longer than what counts as a crash.
    'done.js': 'setTimeout(() => { console.log("DONE"); process.exit(7) }, 1500)',
    'stubborn.js':
      'process.on("SIGTERM", () => console.log("NO")); console.log("UP"); setInterval(() => {}, 1000)',
    'numbered.js': 'console.log("UID", process.getuid(), process.getgid()); setInterval(() => {}, 1000)',
    'spare.js': `require("node:fs").writeFileSync(${JSON.stringify(join(dir, 'spare'))}, "")`,
  };
  for (const [file, source] of Object.entries(sources)) writeFileSync(join(dir, file), source);
  const program = (file: keyof typeof sources, args: readonly string[] = []) => ({
    cwd: dir,
    command: { file: join(dir, file), args, node: true, nodeArgs: [] },
  });
  const usual = appPlan();
  return planOf(
    appPlan({
      ...program("it's an app.js", ['--port=$PORT', 'two\nlines', '%d ; #']),
      port,
      env: { GREETING, PLAIN: '100% of it', API_KEY: 'very-secret' },
      secrets: { TOKEN: join(dir, 'token') },
      after: ['stubborn'],
      stop: { ...usual.stop, signal: 'SIGINT' },
      restart: { ...usual.restart, minUptimeMs: 0 },
      rights: { ...usual.rights, user: isRoot ? 'nobody' : null, umask: 0o027, ulimits: { nofile: 321 } },
    }),
    appPlan({
      name: 'stubborn',
      ...program('stubborn.js'),
      stop: { ...usual.stop, timeoutMs: 200 },
      restart: { ...usual.restart, minUptimeMs: 0 },
    }),
    appPlan({
      name: 'crash',
      ...program('crash.js'),
      // However slow the machine is.
      restart: { ...usual.restart, minUptimeMs: 60_000, giveUp: { crashes: 2, withinMs: 600_000 } },
    }),
    appPlan({ name: 'done', ...program('done.js'), restart: { ...usual.restart, stopCodes: [7] } }),
    appPlan({ name: 'spare', ...program('spare.js'), autostart: false }),
    appPlan({
      name: 'numbered',
      ...program('numbered.js'),
      rights: { ...usual.rights, user: isRoot ? String(init.uid) : null },
    }),
  );
}

/** Into directories of the test instead of /etc and /var/log. */
function place(dir: string, files: readonly ExportedFile[], forUser: boolean): { readonly nobody: number } {
  const here = (text: string) =>
    text.replaceAll('/var/log/', `${dir}/log/`).replaceAll('/etc/holdfast/', `${dir}/etc/`);
  const nobody = Number(spawnSync('id', ['-u', 'nobody'], { encoding: 'utf8' }).stdout);
  const token = join(dir, 'token');
  writeFileSync(token, 'from a file\n', { mode: 0o600 });
  if (forUser) chownSync(token, nobody, 0);
  for (const { path, text, mode } of files) {
    const isEnv = path.endsWith('.env');
    const full = join(dir, isEnv ? path.replace(/^[^/]+/, 'etc') : path);
    mkdirSync(dirname(full), { recursive: true });
    writeFileSync(full, isEnv ? text.replace('#API_KEY=', "API_KEY='filled in'") : here(text), { mode });
    if (isEnv && forUser) chownSync(full, nobody, 0);
  }
  mkdirSync(join(dir, 'log', 'supervisor'), { recursive: true });
  return { nobody };
}

async function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const end = once(child, 'exit');
  child.kill(signal);
  await end;
}

/** At SIGTERM it would look after one of them a second. */
async function endedWithChildren(daemon: ChildProcess): Promise<void> {
  const { pid } = daemon;
  if (pid === undefined || daemon.exitCode !== null || daemon.signalCode !== null) return;
  // It starts no more.
  process.kill(pid, 'SIGSTOP');
  const children = spawnSync('ps', ['-o', 'pid=', '--ppid', String(pid)], { encoding: 'utf8' }).stdout;
  for (const child of children.split('\n').map(Number).filter(Boolean)) {
    // Each has a group of its own.
    for (const one of [-child, child]) if (isRunning(one)) process.kill(one, 'SIGKILL');
  }
  await ended(daemon, 'SIGKILL');
}

/** Its exit code is no matter: what it says is. */
function said(program: string, ...args: readonly string[]): Promise<string> {
  return new Promise((resolve) => {
    execFile(program, args, (_, stdout) => resolve(stdout));
  });
}

/** runsv answers through this pipe as long as it lives. */
function holdsLock(service: string): boolean {
  const lock = join(service, 'supervise/lock');
  return existsSync(lock) && spawnSync('chpst', ['-L', lock, 'true']).status !== 0;
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
