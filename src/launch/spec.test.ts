import assert from 'node:assert/strict';
import { test } from 'node:test';
import { machine } from '../../test/support/machines.ts';
import { appPlan } from '../../test/support/plans.ts';
import type { AppPlan, RightsPlan } from '../config/plan.ts';
import { type LaunchOrder, launchSpec, oneOffSpec } from './spec.ts';

function order(plan: Partial<AppPlan>, more: Partial<LaunchOrder> = {}): LaunchOrder {
  return {
    plan: appPlan(plan),
    machine: machine(),
    secrets: {},
    port: null,
    names: {},
    preload: null,
    realCwd: '/app',
    preloadPaths: { read: [], write: [] },
    cgroup: null,
    ...more,
  };
}

function rights(given: Partial<RightsPlan>): Pick<AppPlan, 'rights'> {
  return { rights: { ...appPlan().rights, ...given } };
}

/** From the first word that is given on. */
function after(words: readonly string[], first: string): readonly string[] {
  return words.slice(words.indexOf(first));
}

test('a plain app is started directly: Node, the preload, the options, the script', () => {
  const command = { file: '/app/server.js', args: ['--port', '$PORT'], node: true, nodeArgs: ['--inspect'] };
  const { file, args, cwd, env } = launchSpec(
    order(
      { command, env: { A: '1' } },
      { port: 3000, preload: '/lib/guest.cjs', names: { HOLDFAST_APP: 'web' } },
    ),
  );
  assert.equal(file, '/usr/bin/node');
  assert.deepEqual(args, [
    '--report-exclude-network',
    '--require',
    '/lib/guest.cjs',
    '--inspect',
    '/app/server.js',
    '--port',
    '3000',
  ]);
  assert.equal(cwd, '/app');
  assert.deepEqual(env, { A: '1', PORT: '3000', HOLDFAST_APP: 'web' });
});

test('another program gets its port in its arguments, too', () => {
  const braces = ['$', '{PORT}'].join('');
  const command = { file: 'python3', args: ['-m', 'http.server', braces], node: false, nodeArgs: [] };
  const { file, args } = launchSpec(order({ command, env: { PORT: '81' } }));
  assert.deepEqual([file, ...args], ['python3', '-m', 'http.server', '81']);
});

test('the chain is root as long as it must, and the app is at its end', () => {
  const spec = launchSpec(
    order(
      rights({
        user: 'www',
        umask: 0o27,
        nice: 5,
        oomScore: -10,
        ulimits: { nofile: 65536, core: 'unlimited' },
      }),
      { cgroup: '/sys/fs/cgroup/holdfast-1/app-web.0.1' },
    ),
  );
  assert.equal(spec.file, '/usr/bin/sh');
  assert.deepEqual(after(spec.args, 'holdfast'), [
    'holdfast',
    '/sys/fs/cgroup/holdfast-1/app-web.0.1',
    '0027',
    '-10',
    '/usr/bin/nice',
    '-n',
    '5',
    '/usr/bin/prlimit',
    '--nofile=65536:65536',
    '--core=unlimited:unlimited',
    '/usr/bin/setpriv',
    '--regid=33',
    '--reuid=www',
    '--init-groups',
    '--inh-caps=-all',
    '--',
    '/usr/bin/node',
    '/app/server.js',
  ]);
});

test('a priority is what the plan says, whatever the daemon has', () => {
  const { args } = launchSpec(order(rights({ nice: 5 }), { machine: machine({ niceness: () => 3 }) }));
  assert.deepEqual(args.slice(0, 2), ['-n', '2']);
  const same = launchSpec(order(rights({ nice: 3 }), { machine: machine({ niceness: () => 3 }) }));
  assert.equal(same.file, '/usr/bin/node');
});

test('the own user needs no change, and keeps its environment', () => {
  const { file, env } = launchSpec(
    order(
      { ...rights({ user: 'deploy' }), baseEnv: { HOME: '/elsewhere', SSH_AUTH_SOCK: '/tmp/agent' } },
      { machine: machine({ uid: 1000 }) },
    ),
  );
  assert.equal(file, '/usr/bin/node');
  assert.deepEqual(env, { HOME: '/elsewhere', SSH_AUTH_SOCK: '/tmp/agent' });
});

test('a number without a name has no supplementary groups', () => {
  const { args } = launchSpec(order(rights({ user: '4711', group: '4712' })));
  assert.deepEqual(args.slice(0, 3), ['--regid=4712', '--reuid=4711', '--clear-groups']);
});

test('only another group keeps the user', () => {
  const { file, args, env } = launchSpec(order({ ...rights({ group: 'www' }), baseEnv: { HOME: '/root' } }));
  assert.deepEqual([file, ...args.slice(0, 3)], ['/usr/bin/setpriv', '--regid=33', '--keep-groups', '--']);
  assert.equal(env.HOME, '/root');
});

test('another user gets what login gives, the plan may say otherwise, and nothing personal comes along', () => {
  const baseEnv = {
    PATH: '/bin',
    HOME: '/root',
    USER: 'root',
    XDG_RUNTIME_DIR: '/run/user/0',
    SSH_CONNECTION: '::1',
  };
  const { env } = launchSpec(order({ ...rights({ user: 'www' }), baseEnv, env: { HOME: '/srv/www' } }));
  assert.deepEqual(env, { PATH: '/bin', HOME: '/srv/www', USER: 'www', LOGNAME: 'www', SHELL: '/bin/sh' });
});

test('what the loader and shells act on reaches the app, and nothing that runs as root before it', () => {
  const env = { LD_PRELOAD: '/tmp/evil.so', BASH_ENV: '/tmp/evil.sh', A: '1' };
  const other = launchSpec(order({ ...rights({ user: 'www', umask: 0o22 }), env }));
  assert.deepEqual(Object.keys(other.env).sort(), ['A', 'HOME', 'LOGNAME', 'SHELL', 'USER']);
  assert.deepEqual(after(other.args, '/usr/bin/env').slice(0, 3), [
    '/usr/bin/env',
    'LD_PRELOAD=/tmp/evil.so',
    'BASH_ENV=/tmp/evil.sh',
  ]);
  assert.ok(other.args.indexOf('/usr/bin/setpriv') < other.args.indexOf('/usr/bin/env'));
  assert.deepEqual(launchSpec(order({ env })).env, env);
});

test('secrets win over the plan, and are in no argument', () => {
  const { env, args } = launchSpec(order({ env: { TOKEN: 'no' } }, { secrets: { TOKEN: 's3cret' } }));
  assert.equal(env.TOKEN, 's3cret');
  assert.equal(args.join(' ').includes('s3cret'), false);
});

test('a command beside the app has its environment and user, without its port and its guest', () => {
  const command = { file: '/app/migrate.js', args: ['up'], node: true, nodeArgs: [] };
  const spec = oneOffSpec(order({ ...rights({ user: 'www' }), env: { A: '1' }, port: 3000 }), command);
  assert.deepEqual(after(spec.args, '/usr/bin/node'), ['/usr/bin/node', '/app/migrate.js', 'up']);
  assert.deepEqual([spec.env.A, spec.env.USER, spec.env.PORT], ['1', 'www', undefined]);
});
