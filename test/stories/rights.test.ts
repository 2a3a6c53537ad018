/** An app runs as its user, with what that user has and no more, and everything that works for others works for it. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { HoldfastConfig } from '../../src/config/config-types.ts';
import { annexOf } from '../../src/daemon/annexes.ts';
import { configure } from '../support/config-file.ts';
import { otherUser } from '../support/other-user.ts';
import { freePort } from '../support/ports.ts';
import { isAlive } from '../support/processes.ts';
import { script } from '../support/scripts.ts';
import { type TestHome, testHome } from '../support/test-home.ts';
import { until } from '../support/until.ts';

interface Self {
  readonly pid: number;
  readonly uid: number;
  readonly gid: number;
  readonly groups: readonly number[];
  readonly env: Readonly<Record<string, string>>;
  readonly umask: number;
  readonly nice: number;
  readonly oomScore: number;
  readonly nofile: string;
  readonly effective: string;
}

/** A server that says who it is. */
const SELF = `
const fs = require('node:fs');
const line = (file, start) => fs.readFileSync(file, 'utf8').split('\\n').find((one) => one.startsWith(start)) ?? '';
const self = () => ({
  pid: process.pid, uid: process.getuid(), gid: process.getgid(), groups: process.getgroups(), env: process.env,
  umask: process.umask(), nice: require('node:os').getPriority(),
  oomScore: Number(fs.readFileSync('/proc/self/oom_score_adj', 'utf8')),
  nofile: line('/proc/self/limits', 'Max open files'), effective: line('/proc/self/status', 'CapEff'),
});
console.log('I am ' + process.getuid());
require('node:http').createServer((req, res) => res.end(JSON.stringify(self()))).listen(process.env.PORT);
`;

async function self(port: number): Promise<Self> {
  return (await (await fetch(`http://127.0.0.1:${port}/`)).json()) as Self;
}

type App = Exclude<NonNullable<HoldfastConfig['apps']>[string], string>;

/** The app \`web\`, on a port of its own or behind the edge. */
async function up(home: TestHome, app: Partial<App>, routed = false): Promise<number> {
  const port = await freePort();
  const run = script(home, 'self.js', SELF);
  configure(home, {
    apps: { web: { run, ...(routed ? {} : { port }), ...app } },
    ...(routed ? { sites: { '*': { routes: { '/': 'web' } } }, listen: { http: `127.0.0.1:${port}` } } : {}),
  });
  await home.ok(['up']);
  return port;
}

test('an app runs as its user, with the groups, the home and the rights of that user', async (t) => {
  const home = testHome(t, { env: { XDG_RUNTIME_DIR: '/run/user/0', SUDO_USER: 'deploy' } });
  const user = otherUser(t, home);
  if (!user) return;
  const port = await up(home, { user: user.name, env: { COLOUR: 'red' } });
  const { uid, gid, groups, env, effective, umask } = await self(port);
  assert.equal(umask, 0o022);
  assert.deepEqual([uid, gid], [user.uid, user.gid]);
  assert.deepEqual(
    [...new Set([gid, ...groups])].sort((a, b) => a - b),
    user.groups,
  );
  assert.deepEqual([env.USER, env.LOGNAME, env.HOME], [user.name, user.name, user.home]);
  assert.ok(env.SHELL && !/nologin|false/.test(env.SHELL));
  assert.equal(env.COLOUR, 'red');
  assert.deepEqual([env.XDG_RUNTIME_DIR, env.SUDO_USER], [undefined, undefined]);
  assert.match(effective, /\t0+$/);
  await home.ready('web');
});

test('umask, priority, limits and OOM score are as the configuration says', async (t) => {
  const home = testHome(t);
  const user = otherUser(t, home);
  if (!user) return;
  const port = await up(home, {
    user: user.name,
    umask: '027',
    nice: 7,
    oomScore: 321,
    ulimits: { nofile: 4321, core: 0 },
  });
  const { uid, umask, nice, oomScore, nofile } = await self(port);
  assert.deepEqual([uid, umask, nice, oomScore], [user.uid, 0o027, 7, 321]);
  assert.match(nofile, /4321 +4321/);
});

test('a file of the app cannot make root run its code', async (t) => {
  const home = testHome(t);
  const user = otherUser(t, home);
  if (!user) return;
  const shell = script(home, 'evil.sh', `id -u >> ${join(home.dir, 'evil')}\n`);
  const port = await up(home, {
    user: user.name,
    umask: '022',
    env: { ENV: shell, BASH_ENV: shell, LD_PRELOAD: '/nonexistent/evil.so' },
  });
  const { env } = await self(port);
  assert.equal(env.LD_PRELOAD, '/nonexistent/evil.so');
  assert.equal(existsSync(join(home.dir, 'evil')), false);
  const { lines } = (await home.ok(['logs', 'web', '-n', '50'])).stdout
    .split('\n')
    .reduce((all, line) => ({ lines: line.includes('evil.so') ? all.lines + 1 : all.lines }), { lines: 0 });
  assert.ok(lines > 0, 'the app itself has it');
});

test('behind the edge, an app of another user serves, and goes on when the daemon is killed', async (t) => {
  const home = testHome(t);
  const user = otherUser(t, home);
  if (!user) return;
  const port = await up(home, { user: user.name, instances: 2 }, true);
  assert.equal((await self(port)).uid, user.uid);
  const annex = annexOf(home.paths.home, user.uid);
  // What is root's is closed to the user, what is the user's is closed to others.
  assert.equal(statSync(annex.dir).uid, 0);
  assert.deepEqual([statSync(annex.own).uid, statSync(annex.own).mode & 0o777], [user.uid, 0o700]);
  assert.deepEqual([statSync(annex.link).uid, statSync(annex.link).mode & 0o777], [user.uid, 0o600]);

  const pids = (await home.ready('web', 2)).map(({ pid }) => pid);
  const daemon = home.daemonPid();
  process.kill(daemon, 'SIGKILL');
  await until(() => home.daemonPid() !== daemon && isAlive(home.daemonPid()), {
    why: 'there is another daemon',
  });
  assert.equal((await self(port)).uid, user.uid);
  assert.deepEqual(
    (await home.ready('web', 2)).map(({ pid }) => pid),
    pids,
  );
  // The new daemon hears them: a reload needs their words.
  await home.ok(['reload', 'web']);
  const fresh = (await home.ready('web', 2)).map(({ pid }) => pid);
  assert.equal(
    fresh.some((pid) => pids.includes(pid)),
    false,
  );
  assert.equal((await self(port)).uid, user.uid);

  await home.ok(['down']);
  assert.equal(existsSync(annex.dir), false);
});

test('restarts leave nothing of another user behind', async (t) => {
  const home = testHome(t);
  const user = otherUser(t, home);
  if (!user) return;
  await up(home, { user: user.name, stdin: true, memory: { hard: '512MB' } }, true);
  const annex = annexOf(home.paths.home, user.uid);
  const left = () =>
    [annex.dir, annex.own, annex.reports, home.paths.run].map((dir) => readdirSync(dir).length);
  const before = left();
  for (let i = 0; i < 5; i++) await home.ok(['restart', 'web']);
  await home.ready('web', 1);
  await until(() => JSON.stringify(left()) === JSON.stringify(before), {
    why: 'only the last one has its things',
  });
});

test('the pid file holds the pid of what runs now, and is gone when nothing does', async (t) => {
  const home = testHome(t);
  const pidFile = join(home.dir, 'pids', 'web.pid');
  const port = await up(home, { pidFile });
  const pid = () => Number(readFileSync(pidFile, 'utf8'));
  const first = (await self(port)).pid;
  assert.equal(pid(), first);
  process.kill(first, 'SIGKILL');
  await until(() => pid() !== first && isAlive(pid()), { why: 'it names the next one' });
  await home.ready('web', 1);
  await home.ok(['reload', 'web']);
  assert.equal(pid(), (await self(port)).pid);
  await home.ok(['stop', 'web']);
  assert.equal(existsSync(pidFile), false);
});

test('what an instance had is taken back, also when it died together with the daemon', async (t) => {
  const home = testHome(t);
  const pidFile = join(home.dir, 'web.pid');
  await up(home, { pidFile, stdin: true });
  const [instance] = await home.ready('web', 1);
  const daemon = home.daemonPid();
  for (const pid of [daemon, instance?.pid ?? 0]) process.kill(pid, 'SIGKILL');
  await until(() => home.daemonPid() !== daemon && isAlive(home.daemonPid()), {
    why: 'there is another daemon',
  });
  const [next] = await home.ready('web', 1);
  assert.notEqual(next?.pid, instance?.pid);
  assert.equal(Number(readFileSync(pidFile, 'utf8')), next?.pid);
  assert.equal(readdirSync(home.paths.run).filter((name) => name.endsWith('.in')).length, 1);
});

test('with several instances each has its own pid file', async (t) => {
  const home = testHome(t);
  const pidFile = join(home.dir, 'web.pid');
  await up(home, { pidFile, instances: 2 });
  const pids = (await home.ready('web', 2)).map(({ pid }) => pid);
  assert.deepEqual(
    [0, 1].map((slot) => Number(readFileSync(join(home.dir, `web-${slot}.pid`), 'utf8'))),
    pids,
  );
});

test('an app can be written to, over a restart of the daemon', async (t) => {
  const home = testHome(t);
  const run = script(home, 'echo.js', `process.stdin.on('data', (text) => console.log('heard ' + text));\n`);
  configure(home, { apps: { echo: { run, stdin: true, ready: 'started' } } });
  await home.ok(['up']);
  const daemon = home.daemonPid();
  process.kill(daemon, 'SIGKILL');
  await until(() => home.daemonPid() !== daemon && isAlive(home.daemonPid()), {
    why: 'there is another daemon',
  });
  await home.ok(['send', 'echo', 'a line']);
  await until(async () => (await home.ok(['logs', 'echo'])).stdout.includes('heard a line'), {
    why: 'it has heard',
  });
});
