import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { tempDir } from '../../test/support/temp-dir.ts';
import { HoldfastError } from '../errors.ts';
import { loadPlan } from './load.ts';
import type { AppPlan } from './plan.ts';
import { planForStart, type StartOptions } from './start.ts';

const shellEnv = { PATH: '/bin:/usr/bin', EDITOR: 'vi', SHLVL: '1' };

function project(t: TestContext): (options: Omit<StartOptions, 'shellEnv'>) => AppPlan {
  const cwd = tempDir(t);
  mkdirSync(join(cwd, 'shop'));
  for (const name of ['server.js', 'shop/index.js', '2 far.js', 'all.js', '_.js'])
    writeFileSync(join(cwd, name), '');
  return (options) => planForStart({ cwd, shellEnv, ...options });
}

function failure(action: () => unknown): HoldfastError {
  try {
    action();
  } catch (error) {
    assert.ok(error instanceof HoldfastError, String(error));
    return error;
  }
  throw new Error('It should have been refused');
}

test('an app without a file has the defaults of the file', async (t) => {
  const cwd = tempDir(t);
  writeFileSync(join(cwd, 'server.js'), '');
  writeFileSync(join(cwd, 'holdfast.config.json'), '{"apps": {"server": "server.js"}}');
  const { apps } = await loadPlan({ cwd, env: shellEnv });
  const started = planForStart({ run: 'server.js', cwd, shellEnv });
  assert.deepEqual({ ...started, baseEnv: {} }, { ...apps.server, baseEnv: {}, project: null });
  assert.deepEqual(started.baseEnv, { PATH: '/bin:/usr/bin', EDITOR: 'vi' });
});

test('what is said is taken', (t) => {
  const start = project(t);
  const plan = start({
    run: 'server.js',
    args: ['--a', '|'],
    name: 'web',
    instances: 'max',
    port: 3000,
    env: { A: '1' },
    nodeArgs: ['--no-warnings'],
    guest: false,
  });
  assert.equal(plan.name, 'web');
  assert.equal(plan.instances, availableParallelism());
  assert.equal(plan.port, 3000);
  assert.equal(plan.guest, false);
  assert.deepEqual(plan.env, { A: '1' });
  assert.deepEqual(plan.command.args, ['--a', '|']);
  assert.deepEqual(plan.command.nodeArgs, ['--no-warnings']);
});

test('an app is named after what it runs', (t) => {
  const start = project(t);
  assert.equal(start({ run: 'server.js' }).name, 'server');
  assert.equal(start({ run: 'shop' }).name, 'shop');
  assert.equal(start({ run: '2 far.js' }).name, '2-far');
  assert.equal(start({ run: 'sh -c true' }).name, 'sh');
  assert.equal(start({ run: 'all.js' }).name, 'app');
  assert.equal(start({ run: '_.js' }).name, 'app');
});

test('what is wrong is said in one line, as wrong usage', (t) => {
  const start = project(t);
  const port = failure(() => start({ run: 'server.js', port: 0 }));
  assert.equal(port.code, 'USAGE');
  assert.equal(port.message, 'Cannot start: port must be a port from 1 to 65535: got 0');
  assert.match(
    failure(() => start({ run: 'server.js', instances: 1.5 })).message,
    /instances must be .* or "max": got 1.5/,
  );
  assert.match(failure(() => start({ run: 'server.js', name: 'a b' })).message, /Cannot name the app "a b"/);
  assert.match(failure(() => start({ run: 'server.js', env: { 'A B': '' } })).message, /not a usable name/);
  assert.match(failure(() => start({ run: 'a | b' })).message, /^Cannot run "a \| b": pipes/);
  assert.match(
    failure(() => start({ run: 'server.js', cwd: '/not/here' })).message,
    /there is no "\/not\/here"/,
  );
  const missing = failure(() => start({ run: 'sever.js' }));
  assert.equal(missing.code, 'SCRIPT_NOT_FOUND');
  assert.match(missing.message, /^Cannot run "sever\.js": there is no file .*: did you mean "server\.js"\?$/);
});
