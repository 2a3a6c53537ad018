import assert from 'node:assert/strict';
import { hostname, userInfo } from 'node:os';
import { test } from 'node:test';
import { byHere } from './surroundings.ts';

test('a release tells who made it, and from where', () => {
  const here = { user: userInfo().username, host: hostname(), via: 'local' };
  assert.deepEqual(byHere({}), here);
  assert.deepEqual(byHere({ SSH_CONNECTION: '10.0.0.7 50122 10.0.0.1 22' }), { ...here, from: '10.0.0.7' });
  assert.deepEqual(byHere({ HOLDFAST_BY: `ann@${hostname()} (dashboard) from 10.0.0.8` }), {
    ...here,
    user: 'ann (dashboard)',
    from: '10.0.0.8',
  });
  assert.deepEqual(byHere({ HOLDFAST_BY: 'ann (dashboard)' }), { ...here, user: 'ann (dashboard)' });
});
