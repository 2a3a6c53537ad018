import assert from 'node:assert/strict';
import { test } from 'node:test';
import { askerOf } from './asker.ts';

test('a person is the user, who became that user, and from where', () => {
  assert.equal(askerOf({}, 'ann@laptop'), 'ann@laptop');
  assert.equal(
    askerOf({ SUDO_USER: 'ann', SSH_CONNECTION: '10.0.0.7 5022 10.0.0.1 22' }, 'root@app1'),
    'root@app1 (sudo by ann) from 10.0.0.7',
  );
});
