import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dialFailure } from './dial-failure.ts';

test('a name that is not known is tried once; a server that refuses is named, and tried again', () => {
  const failure = (more: object) => dialFailure(Object.assign(new Error('no'), more), false);
  const unknown = failure({ code: 'ENOTFOUND' });
  assert.deepEqual([unknown.retryable, unknown.cause], ['never', 'its name is not known (ENOTFOUND)']);
  const code = 'ECONNREFUSED';
  const refused = failure({ code, address: '10.0.0.5', port: 3000 });
  assert.deepEqual(
    [refused.retryable, refused.cause],
    ['always', '10.0.0.5:3000 refuses connections (ECONNREFUSED)'],
  );
  assert.match(failure({ code, address: '::1', port: 80 }).cause, /^\[::1\]:80 refuses/);
  assert.match(failure({ code, address: '/run/a.sock' }).cause, /^\/run\/a.sock refuses/);
  assert.match(failure({ code }).cause, /^it refuses/);
});
