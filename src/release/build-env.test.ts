import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildEnv, masked } from './build-env.ts';

const shell = {
  PATH: '/bin',
  LC_ALL: 'C',
  HOME: '/home/ann',
  DATABASE_URL: 'postgres://secret',
  NPM_TOKEN: 'npm_0123456789',
  AWS_SECRET_ACCESS_KEY: 'x',
  NODE_OPTIONS: '--require ./evil.js',
};

test('a build knows where it is, and no secrets but those that it was given', () => {
  const env = buildEnv({ shell, names: ['NPM_TOKEN'], home: '/build', user: 'nobody' });
  assert.deepEqual(env, {
    PATH: '/bin',
    LC_ALL: 'C',
    NPM_TOKEN: 'npm_0123456789',
    HOME: '/build',
    USER: 'nobody',
    LOGNAME: 'nobody',
    CI: 'true',
  });
});

test('what it was given is not repeated by its output', () => {
  const text = masked('token=npm_0123456789, path=/bin', shell, ['NPM_TOKEN', 'MISSING']);
  assert.equal(text, 'token=***, path=/bin');
});

test('nor is a single line of a key', () => {
  const env = { KEY: '-----BEGIN KEY-----\nMIIEvQIBADAN\nBgkq==\n-----END KEY-----\n' };
  assert.equal(masked('at MIIEvQIBADAN: invalid', env, ['KEY']), 'at ***: invalid');
  assert.equal(masked(env.KEY, env, ['KEY']), '***\n');
});
