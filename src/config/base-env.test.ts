import assert from 'node:assert/strict';
import { test } from 'node:test';
import { baseEnvForStart, baseEnvForUp } from './base-env.ts';

const shell = {
  PATH: '/bin',
  HOME: '/home/a',
  LC_ALL: 'C',
  TZ: 'UTC',
  NODE_ENV: 'development',
  NODE_OPTIONS: '--enable-source-maps',
  AWS_REGION: 'eu',
  GONE: undefined,
  _: '/usr/bin/hold',
  SHLVL: '2',
  PWD: '/tmp',
  TERM: 'xterm',
  npm_config_x: '1',
  HOLDFAST_HOME: '/h',
  HOLDFAST_GUEST: '{}',
  NODE_CHANNEL_FD: '3',
  SSH_CONNECTION: '1',
  LISTEN_FDS: '1',
};

test('up takes who and where we are, and what passEnv names', () => {
  assert.deepEqual(baseEnvForUp(shell, ['AWS_REGION', 'GONE', 'ABSENT']), {
    AWS_REGION: 'eu',
    HOME: '/home/a',
    LC_ALL: 'C',
    PATH: '/bin',
    TZ: 'UTC',
  });
});

test('start takes everything but what is true only of the shell', () => {
  assert.deepEqual(baseEnvForStart(shell), {
    AWS_REGION: 'eu',
    HOME: '/home/a',
    LC_ALL: 'C',
    NODE_ENV: 'development',
    NODE_OPTIONS: '--enable-source-maps',
    PATH: '/bin',
    TZ: 'UTC',
  });
});
