/** The exported directories under a real runsvdir. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { cleanup, type Test } from '../../../test/support/cleanup.ts';
import { appPlan } from '../../../test/support/plans.ts';
import { freePort } from '../../../test/support/ports.ts';
import { requireProgram } from '../../../test/support/programs.ts';
import { exportOptions, planOf, richPlan } from '../../../test/support/service-plan.ts';
import { tempDir } from '../../../test/support/temp-dir.ts';
import { until } from '../../../test/support/until.ts';
import type { Exported } from '../exported.ts';
import { runit } from './runit.ts';

/** Says what it is and has, ends politely, and by force when asked to. */
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

test('a service has its user, environment and limits, comes back after kill -9, ends politely, and gives up', async (t) => {
  for (const program of ['runsvdir', 'sv', 'svlogd', 'chpst', 'prlimit'])
    if (!requireProgram(t, program)) return;
  const dir = tempDir(t);
  chmodSync(dir, 0o755);
  writeFileSync(join(dir, "it's an app.js"), APP);
  writeFileSync(join(dir, 'crash.js'), 'console.log("CRASH"); process.exit(7)');
  writeFileSync(
    join(dir, 'stubborn.js'),
    'process.on("SIGTERM", () => console.log("NO")); console.log("UP"); setInterval(() => {}, 1000)',
  );
  writeFileSync(join(dir, 'token'), 'from a file\n', { mode: 0o600 });
  const port = await freePort();
  const isRoot = process.getuid?.() === 0;
  const usual = appPlan();
  const program = (file: string, args: readonly string[] = []) => ({
    cwd: dir,
    command: { file: join(dir, file), args, node: true, nodeArgs: [] },
  });
  const plan = planOf(
    appPlan({
      ...program("it's an app.js", ['--port=$PORT', 'two\nlines']),
      port,
      env: { GREETING: `it's "50%" of $HOME\n.`, API_KEY: 'very-secret' },
      secrets: { TOKEN: join(dir, 'token') },
      after: ['stubborn'],
      stop: { ...usual.stop, signal: 'SIGINT' },
      rights: { ...usual.rights, user: isRoot ? 'nobody' : null, umask: 0o027, ulimits: { nofile: 321 } },
    }),
    appPlan({ name: 'stubborn', ...program('stubborn.js'), stop: { ...usual.stop, timeoutMs: 200 } }),
    appPlan({
      name: 'crash',
      ...program('crash.js'),
      restart: { ...usual.restart, giveUp: { crashes: 2, withinMs: 60_000 } },
    }),
    appPlan({ name: 'done', ...program('crash.js'), restart: { ...usual.restart, stopCodes: [7] } }),
    appPlan({ name: 'spare', ...program('crash.js'), autostart: false }),
  );
  const options = exportOptions(plan, { node: process.execPath, user: null });
  const sv = install(t, dir, runit(plan, options));
  const log = (name: string) => readFileSync(join(dir, 'log', `holdfast-${name}`, 'current'), 'utf8');
  const seen = (): Seen[] =>
    [...log('web').matchAll(/SEEN (.*)/g)].map(([, json = '']) => JSON.parse(json) as Seen);
  const count = (name: string, word: string) => log(name).split(word).length - 1;

  const first = await until(() => seen()[0], { why: 'the app is up' });
  assert.deepEqual(first.args, [`--port=${port}`, 'two\nlines']);
  assert.equal(first.env.GREETING, `it's "50%" of $HOME\n.`);
  assert.equal(first.env.API_KEY, 'filled in');
  assert.equal(first.env.TOKEN, 'from a file');
  assert.equal(first.env.PORT, String(port));
  assert.equal(first.cwd, dir);
  assert.equal(first.umask, 0o027);
  assert.match(first.limits, /Max open files +321 +321 /);
  if (isRoot) {
    assert.equal(first.uid, Number(spawnSync('id', ['-u', 'nobody'], { encoding: 'utf8' }).stdout));
    assert.equal(first.env.USER, 'nobody');
  }

  process.kill(first.pid, 'SIGKILL');
  const second = await until(() => seen()[1], { why: 'it is up again' });
  assert.notEqual(second.pid, first.pid);
  const [child] = [...log('web').matchAll(/CHILD (\d+)/g)].map(([, pid]) => Number(pid));
  await until(() => !isRunning(Number(child)), { why: 'what it had started has ended with it' });

  sv('-w', '20', 'restart', 'web');
  await until(() => seen()[2], { why: 'it is restarted' });
  assert.equal(count('web', 'BYE'), 1);
  sv('-w', '20', 'down', 'web');
  assert.equal(count('web', 'BYE'), 2);
  sv('-w', '20', 'down', 'stubborn');
  assert.equal(count('stubborn', 'NO'), 1);

  await until(() => /Given up after 2 ends/.test(log('crash')), { why: 'it gives up' });
  await until(() => /^down/.test(sv('status', 'crash')), { why: 'it is down' });
  assert.equal(count('crash', 'CRASH'), 2);
  await until(() => /^down/.test(sv('status', 'done')), { why: 'what is done stays so' });
  assert.equal(count('done', 'CRASH'), 1);
  assert.match(sv('status', 'spare'), /^down/);
});

/** Into directories of the test instead of /etc and /var/log. */
function install(t: Test, dir: string, { files }: Exported): (...args: string[]) => string {
  const here = (text: string) =>
    text.replaceAll('/var/log/', `${dir}/log/`).replaceAll('/etc/holdfast/', `${dir}/etc/`);
  for (const { path, text, mode } of files) {
    const isEnv = path.endsWith('.env');
    const full = join(dir, path.replace(/^runit\//, isEnv ? 'etc/' : 'runit/'));
    mkdirSync(dirname(full), { recursive: true });
    writeFileSync(full, isEnv ? text.replace('#API_KEY=', "API_KEY='filled in'") : here(text), { mode });
  }
  mkdirSync(join(dir, 'log'));
  const scan = spawn('runsvdir', [join(dir, 'runit')], { stdio: 'ignore' });
  cleanup(t, async () => {
    const end = once(scan, 'exit');
    scan.kill('SIGHUP');
    await end;
    const supervised = files.flatMap(({ path }) => /^(runit\/[^/]+)\/run$/.exec(path)?.[1] ?? []);
    await until(() => supervised.every((service) => !holdsLock(join(dir, service))), {
      why: 'all runsv end',
    });
  });
  return (...args) => {
    const service = join(dir, 'runit', `holdfast-${args.at(-1)}`);
    return spawnSync('sv', [...args.slice(0, -1), service], { encoding: 'utf8' }).stdout;
  };
}

/** runsv answers through this pipe as long as it lives. */
function holdsLock(service: string): boolean {
  if (!existsSync(join(service, 'supervise/lock'))) return false;
  return spawnSync('chpst', ['-L', join(service, 'supervise/lock'), 'true']).status !== 0;
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

test('all scripts are well formed, hold no secret, and the bytes are always the same', () => {
  const plan = richPlan();
  const { files, losses } = runit(plan, exportOptions(plan));
  for (const { text, mode, path } of files) {
    assert.doesNotMatch(text, /very-secret|\/home\/me|en_US/);
    if (mode === 0o755)
      assert.equal(spawnSync('sh', ['-n'], { input: text, encoding: 'utf8' }).stderr, '', path);
  }
  assert.deepEqual(
    files.filter(({ text }) => /^#API_KEY=$/m.test(text)).map(({ mode }) => mode),
    [0o600],
  );
  assert.deepEqual(runit(plan, exportOptions(plan)).files, files);
  const told = losses.map(({ setting }) => setting);
  for (const setting of [
    'apps.nightly.cron',
    'apps.web.cpu',
    'apps.web.pids',
    'apps.web.restart.cron',
    'apps.db.watchdog',
    'apps.spare.stop.message',
  ])
    assert.ok(told.includes(setting), `${setting} of ${told}`);
});
