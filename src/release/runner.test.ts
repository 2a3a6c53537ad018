import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { tempDir } from '../../test/support/temp-dir.ts';
import { until } from '../../test/support/until.ts';
import { bootId, identify, isAlive, readStat } from '../kit/proc.ts';
import { thisMachine } from '../launch/machine.ts';
import { buildEnv } from './build-env.ts';
import { builderOf } from './builder.ts';
import { endRunning } from './run-program.ts';
import { Runner } from './runner.ts';
import { StepOutput, stepOutput } from './step-output.ts';

function setUp(t: TestContext, signal = new AbortController().signal) {
  const dir = tempDir(t);
  const records = join(dir, 'records', 'r1');
  mkdirSync(records, { recursive: true });
  const machine = thisMachine();
  const shell = { PATH: process.env.PATH, TOKEN: 'npm_0123456789', SECRET: 'of the app' };
  const env = buildEnv({ shell, names: ['TOKEN'], home: dir, user: 'ann' });
  const said: string[] = [];
  const output = new StepOutput({ records, env, secret: ['TOKEN'], onLine: (line) => said.push(line) });
  const builder = { identity: null, name: 'ann' };
  const runner = new Runner({ machine, builder, env, records, signal, output, releases: dir });
  return { dir, records, said, output, runner };
}

const node = (code: string) => [process.execPath, '-e', code];

test('what a program says is in the log of its step, without what is secret', async (t) => {
  const { dir, said, output, runner } = setUp(t);
  output.begin('build');
  const code =
    'console.log(process.env.TOKEN, process.env.SECRET, process.env.MORE); console.error("warned")';
  await runner.run(node(code), { cwd: dir, env: { MORE: 'more' } });
  output.end();
  assert.deepEqual(said.slice(1).sort(), ['*** undefined more', 'warned']);
  assert.deepEqual(stepOutput({ records: join(dir, 'records') }, 'r1', 'build').sort(), [...said].sort());
  assert.deepEqual(stepOutput({ records: join(dir, 'records') }, 'r1', '../r1'), []);
});

test('what cannot be written to the log is told all the same, once with why', (t) => {
  if (!existsSync('/dev/full')) return t.skip('there is no /dev/full');
  const { records, said, output } = setUp(t);
  symlinkSync('/dev/full', join(records, 'build.log'));
  output.begin('build');
  for (const line of ['one', 'two']) output.say(line);
  assert.equal(said.length, 3);
  assert.match(said.join(), /^From here on the log of this step is not complete: .*,one,two$/);
  output.end();
});

test('one that fails says how, and with what last words', async (t) => {
  const { dir, runner } = setUp(t);
  const code = 'console.log(process.env.TOKEN); process.exit(7)';
  await assert.rejects(runner.run(node(code), { cwd: dir }), {
    code: 'STEP_FAILED',
    message: new RegExp(`^"${process.execPath} -e .*" ended with code 7$`),
    details: ['***'],
  });
  await runner.run(node(code), { cwd: dir, alsoGood: [7] });
  await assert.rejects(runner.run(['no-such-program'], { cwd: dir }), /Cannot run "no-such-program"/);
  assert.equal(await runner.read(node('console.log(1); console.log(2)'), { cwd: dir }), '1\n2');
});

/** Starts another process in a session of its own kind, and stays. */
const family = `const { spawn } = require('node:child_process');
const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
require('node:fs').writeFileSync('pids', process.pid + ' ' + child.pid);
setInterval(() => {}, 1000);`;

async function pids(dir: string) {
  const text = await until(() => existsSync(join(dir, 'pids')) && readFileSync(join(dir, 'pids'), 'utf8'), {
    why: 'it runs',
  });
  return text.split(' ').map((pid) => identify(Number(pid)) ?? assert.fail('it has ended'));
}

test('when the deploy is given up, all that was started ends', async (t) => {
  const controller = new AbortController();
  const { dir, runner } = setUp(t, controller.signal);
  const running = assert.rejects(runner.run(node(family), { cwd: dir }), { name: 'AbortError' });
  const ids = await pids(dir);
  controller.abort();
  await running;
  await until(() => ids.every((id) => !isAlive(id)), { why: 'both have ended' });
});

test('what a killed deploy has left running is found and ended', async (t) => {
  const { dir, records, runner } = setUp(t);
  const running = assert.rejects(runner.run(node(family), { cwd: dir }), /was ended by SIGKILL/);
  const ids = await pids(dir);
  endRunning(records, (path) => readFileSync(path, 'utf8'));
  await running;
  await until(() => ids.every((id) => !isAlive(id)), { why: 'both have ended' });
});

test('what a program leaves running ends with it, also when it holds the output', async (t) => {
  const { dir, said, runner } = setUp(t);
  for (const output of ['', '>/dev/null 2>&1']) {
    await runner.run(['sh', '-c', `sleep 600 ${output} & echo $! > pid; echo said`], { cwd: dir });
    const left = identify(Number(readFileSync(join(dir, 'pid'), 'utf8')));
    await until(() => !left || !isAlive(left), { why: 'it has ended' });
    assert.equal(said.at(-1), 'said');
  }
});

test('what is noted of another boot, or of a session that is another one by now, is left alone', async (t) => {
  const { dir, records } = setUp(t);
  // The first process of its session has gone, and it lives on.
  const env = { PATH: process.env.PATH, HOLDFAST_STEP: 'one' };
  const shell = spawn('sh', ['-c', 'sleep 600 >/dev/null 2>&1 & echo $!'], { detached: true, env });
  const [text] = await once(shell.stdout, 'data');
  await once(shell, 'close');
  const stranger = identify(Number(text)) ?? assert.fail('it has ended');
  t.after(() => isAlive(stranger) && process.kill(stranger.pid, 'SIGKILL'));
  assert.equal(readStat(stranger.pid)?.session, shell.pid);
  const attempt = (noted: object) => {
    writeFileSync(join(records, 'running.json'), JSON.stringify(noted));
    endRunning(records, (path) => readFileSync(path, 'utf8'));
  };
  const id = { pid: shell.pid, startTime: stranger.startTime, boot: bootId(), mark: 'one' };
  attempt({ ...id, boot: 'another' });
  attempt({ ...id, mark: 'another' });
  attempt({ ...id, pid: 2 ** 22 - 1 });
  assert.ok(isAlive(stranger), dir);
  attempt(id);
  await until(() => !isAlive(stranger), { why: 'it has ended' });
});

test('a build user who cannot get to the releases is told at which door it stands', async (t) => {
  const { dir, records, output } = setUp(t);
  const machine = { ...thisMachine(), firstClosed: () => ({ path: '/root', what: 'enter' as const }) };
  const account = { name: 'www', uid: 5, gid: 5, home: '/', shell: '/bin/sh' };
  const builder = { identity: { account, gid: 5 }, name: 'www' };
  const { signal } = new AbortController();
  const runner = new Runner({
    machine,
    builder,
    env: {},
    records,
    signal,
    output,
    releases: '/root/releases',
  });
  await assert.rejects(runner.run(node('0'), { cwd: dir }), {
    code: 'RIGHTS_MISSING',
    message: 'Cannot build as "www": "www" may not enter "/root"',
  });
});

test('root builds as somebody else; others as who they are', () => {
  const machine = { ...thisMachine(), uid: 0, gid: 0, may: () => true };
  const account = (user: string) =>
    user === 'ghost' ? undefined : { name: user, uid: 5, gid: 5, home: '/', shell: '/bin/sh' };
  const root = { ...machine, account };
  assert.equal(builderOf(null, [null, 'www'], root).name, 'www');
  assert.equal(builderOf(null, [null], root).name, 'nobody');
  assert.equal(builderOf('ci', ['www'], root).identity?.account?.name, 'ci');
  assert.throws(() => builderOf('ghost', [], root), { code: 'RIGHTS_MISSING' });
  const plain = { ...root, uid: 5, may: () => false };
  assert.equal(builderOf(null, ['www'], plain).identity, null);
  assert.throws(() => builderOf('ci', [], plain), /only root can become somebody else/);
});
