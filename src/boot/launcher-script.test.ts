import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { cleanup, type Test } from '../../test/support/cleanup.ts';
import { findProgram } from '../../test/support/programs.ts';
import { tempDir } from '../../test/support/temp-dir.ts';
import { until } from '../../test/support/until.ts';
import { launcherScript } from './launcher-script.ts';

/** The shells that may be /bin/sh somewhere. */
const shells = ['dash', 'bash', 'busybox'].flatMap((name) => findProgram(name) ?? []);

/** A daemon as the script sees it: open for writing in run/alive, a pid file, ended by SIGTERM; it says `words` first. */
function daemonSource(words: string): string {
  return `
    const fs = require('node:fs');
    const home = process.argv[process.argv.indexOf('--home') + 1];
    const fd = fs.openSync(home + '/run/alive', 'w');
    fs.writeFileSync(home + '/run/daemon.pid', JSON.stringify({ pid: process.pid, startTime: 1 }));
    fs.appendFileSync(home + '/starts', process.execPath + ' ' + process.env.PATH + '\\n');
    fs.writeSync(fd, ${JSON.stringify(words)});
    process.on('SIGTERM', () => process.exit(0));
    setInterval(() => fs.existsSync(home + '/down') && (fs.writeSync(fd, 'down\\n'), fs.rmSync(home + '/down'), process.exit(0)), 10);
  `;
}

interface Bench {
  readonly home: string;
  readonly userHome: string;
  readonly script: string;
  /** A Node that says this version, and runs ours. */
  node(path: string, version: string): string;
  package(path: string, source: string): string;
  write(facts: { node: string; package: string }): void;
  where(): { code: number | null; out: string[]; err: string };
  run(
    shell: string,
    env?: Record<string, string>,
    ...words: string[]
  ): { child: ChildProcess; said(): string };
  starts(): number;
}

function bench(t: Test): Bench {
  const dir = tempDir(t);
  const home = join(dir, "it's home");
  const userHome = join(dir, 'user');
  const script = join(home, 'bin', 'holdfast-boot');
  for (const path of [join(home, 'bin'), join(home, 'run'), userHome]) mkdirSync(path, { recursive: true });
  const put = (path: string, text: string, mode = 0o644) => {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text, { mode });
    return path;
  };
  return {
    home,
    userHome,
    script,
    node: (path, version) =>
      put(
        join(dir, path),
        `#!/bin/sh\n[ "$1" != --version ] || { echo ${version}; exit; }\nexec ${process.execPath} "$@"\n`,
        0o755,
      ),
    package(path, source) {
      put(join(dir, path, 'dist/daemon/main.js'), source);
      return join(dir, path);
    },
    write(facts) {
      const text = launcherScript({ ...facts, home, user: 'deploy', userHome, path: '/usr/bin:/bin' });
      put(script, text, 0o755);
    },
    where() {
      const { status, stdout, stderr } = spawnSync(script, ['where'], {
        encoding: 'utf8',
        env: { PATH: '/usr/bin:/bin' },
      });
      return { code: status, out: stdout.trimEnd().split('\n'), err: stderr };
    },
    run(shell, env = {}, ...words) {
      const args = [...(shell.endsWith('busybox') ? ['sh'] : []), script, 'run', ...words];
      const child = spawn(shell, args, {
        stdio: ['ignore', 'pipe', 'pipe', 'ignore', 'pipe'],
        env: { PATH: '/usr/bin:/bin', ...env },
      });
      let said = '';
      for (const stream of [child.stderr, child.stdio[4]]) {
        stream?.on('data', (data) => {
          said += stream === child.stderr ? data : '<ready>';
        });
      }
      cleanup(t, async () => {
        child.kill('SIGTERM');
        if (child.exitCode === null && child.signalCode === null)
          await new Promise((done) => child.once('exit', done));
      });
      return { child, said: () => said };
    },
    starts: () =>
      existsSync(join(home, 'starts'))
        ? readFileSync(join(home, 'starts'), 'utf8').trim().split('\n').length
        : 0,
  };
}

function exited(child: ChildProcess): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve(child.exitCode);
  return new Promise((resolve) => child.once('exit', resolve));
}

test('the Node that is recorded is taken as long as it is there; then the newest of the others', (t) => {
  const { node, package: pack, write, where, userHome } = bench(t);
  const recorded = node('old/bin/node', 'v20.19.4');
  const holdfast = pack('old/lib/node_modules/holdfast', '');
  const newer = node('user/.nvm/versions/node/v99.9.0/bin/node', 'v99.9.0');
  node('user/.nvm/versions/node/v9.11.0/bin/node', 'v9.11.0');
  node('user/.volta/tools/image/node/98.10.1/bin/node', 'v98.10.1');
  write({ node: recorded, package: holdfast });
  assert.deepEqual(where().out, [recorded, holdfast]);

  rmSync(recorded);
  assert.deepEqual(where().out, [newer, holdfast]);
  rmSync(holdfast, { recursive: true });
  const moved = pack('user/.nvm/versions/node/v99.9.0/lib/node_modules/holdfast', '');
  assert.equal(join(dirname(newer), where().out[1]?.slice(dirname(newer).length) ?? ''), moved);
  assert.ok(userHome);
});

test('without Holdfast, and with a Node that is too old, it says what to do', (t) => {
  const { node, package: pack, write, where } = bench(t);
  write({ node: node('n/bin/node', 'v99.0.0'), package: '/gone' });
  if (!existsSync('/usr/local/lib/node_modules/holdfast') && !existsSync('/usr/lib/node_modules/holdfast')) {
    const { code, err } = where();
    assert.equal(code, 1);
    assert.match(
      err,
      /Holdfast itself is gone: it was in \/gone\. Install it again: npm install -g holdfast/,
    );
  }
  const old = node('o/bin/node', 'v20.18.9');
  write({ node: old, package: pack('p', '') });
  const { out, err } = where();
  // On a machine with a Node of its own that one is found.
  assert.ok(out[0] !== old);
  if (out[0] === '') assert.match(err, /no Node\.js 20\.19 or newer is there any more/);
});

for (const shell of shells) {
  const name = shell.split('/').at(-1);
  test(`${name}: it says when all is ready, and a signal ends the daemon before it`, async (t) => {
    const it = bench(t);
    it.write({
      node: it.node('n/bin/node', 'v22.0.0'),
      package: it.package('p', daemonSource('ready 2 of 2 apps running\n')),
    });
    const { child, said } = it.run(shell, { HOLDFAST_READY_FD: '4' });
    await until(() => said().includes('<ready>'), { why: 'it is told' });
    assert.match(said(), /holdfast: ready: 2 of 2 apps running/);
    const { pid } = JSON.parse(readFileSync(join(it.home, 'run/daemon.pid'), 'utf8'));
    child.kill('SIGTERM');
    assert.equal(await exited(child), 0);
    assert.throws(() => process.kill(pid, 0), { code: 'ESRCH' });
    assert.deepEqual(
      ['agent.pid', 'listener.pid'].filter((file) => existsSync(join(it.home, 'run', file))),
      [],
    );
  });

  test(`${name}: after a death it fails, so that the init tries again; after hold down it waits to be wanted`, async (t) => {
    const it = bench(t);
    it.write({ node: it.node('n/bin/node', 'v22.0.0'), package: it.package('p', daemonSource('ready x\n')) });
    const first = it.run(shell);
    await until(() => first.said().includes('ready'), { why: 'it is ready' });
    process.kill(JSON.parse(readFileSync(join(it.home, 'run/daemon.pid'), 'utf8')).pid, 'SIGKILL');
    assert.equal(await exited(first.child), 1);
    assert.match(first.said(), /have died at once/);

    const second = it.run(shell);
    await until(() => second.said().includes('ready'), { why: 'it is ready' });
    writeFileSync(join(it.home, 'down'), '');
    await until(() => second.said().includes('down: nothing runs'), { why: 'it rests' });
    assert.equal(it.starts(), 2);
    writeFileSync(join(it.home, 'run/alive'), 'start\n');
    await until(() => it.starts() === 3, { why: 'the daemon is wanted, and there' });
  });

  test(`${name}: asked to leave, it goes without ending the daemon`, async (t) => {
    const it = bench(t);
    it.write({ node: it.node('n/bin/node', 'v22.0.0'), package: it.package('p', daemonSource('ready x\n')) });
    const { child, said } = it.run(shell);
    await until(() => said().includes('ready'), { why: 'it is ready' });
    const { pid } = JSON.parse(readFileSync(join(it.home, 'run/daemon.pid'), 'utf8'));
    cleanup(t, () => process.kill(pid, 'SIGKILL'));
    writeFileSync(join(it.home, 'run/alive'), 'leave\n');
    await until(() => existsSync(join(it.home, 'run/leaving')), { why: 'it has understood' });
    child.kill('SIGTERM');
    assert.equal(await exited(child), 0);
    process.kill(pid, 0);
  });

  test(`${name}: a daemon that cannot start is told with its last words; with --keep it is tried again`, async (t) => {
    const it = bench(t);
    const broken = it.package('p', 'console.error("no such luck"); process.exit(3)');
    it.write({ node: it.node('n/bin/node', 'v22.0.0'), package: broken });
    const once = it.run(shell);
    assert.equal(await exited(once.child), 1);
    assert.match(once.said(), /could not start \(exit code 3\)[\s\S]*no such luck/);
    const keeping = it.run(shell, {}, '--keep');
    await until(() => keeping.said().split('could not start').length > 2, { why: 'it has tried twice' });
  });
}
