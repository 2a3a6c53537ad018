import assert from 'node:assert/strict';
import { test } from 'node:test';
import { maskEnv } from './mask.ts';

test('values with names that look secret are hidden', () => {
  const names = [
    'API_KEY',
    'apiToken',
    'CLIENT_SECRET',
    'DB_PASSWORD',
    'PGPASS',
    'MYSQL_PWD',
    'BASIC_AUTH',
    'CREDENTIALS',
    'SENTRY_DSN',
    'SSH_PRIVATE',
  ];
  for (const name of names) assert.deepEqual(maskEnv({ [name]: 'x' }), { [name]: '•••' });
  assert.deepEqual(maskEnv({ TOKEN: '' }), { TOKEN: '' }, 'that a secret is empty is worth knowing');
});

test('passwords in URLs are hidden, the rest of them is not', () => {
  const masked = maskEnv({
    DATABASE_URL: 'postgres://app:p@ss:w0rd@db.internal:5432/shop?a=b@c',
    REDIS: 'redis://:hunter2@cache',
    PAIR: 'http://a:b@one,http://c:d@two',
    HOME: '/home/a:b@c',
    PLAIN: 'http://example.com:80/a@b',
  });
  assert.deepEqual(masked, {
    DATABASE_URL: 'postgres://app:•••@db.internal:5432/shop?a=b@c',
    REDIS: 'redis://:•••@cache',
    PAIR: 'http://a:•••@one,http://c:•••@two',
    HOME: '/home/a:b@c',
    PLAIN: 'http://example.com:80/a@b',
  });
});

test('the rest is shown', () => {
  const env = { NODE_ENV: 'production', PORT: '80', PWD: '/srv', PATH: '/bin', LANG: 'C' };
  assert.deepEqual(maskEnv(env), env);
});
