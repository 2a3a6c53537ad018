import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withoutNext } from './next-name.ts';

test('people know what is on trial by the name of the app', () => {
  assert.equal(
    withoutNext('web@next.0 did not start: exited with code 1'),
    'web did not start: exited with code 1',
  );
  assert.equal(withoutNext('"web@next" and web.1'), '"web" and web.1');
  assert.equal(
    withoutNext('mail to ann@next.example, ann@next-door'),
    'mail to ann@next.example, ann@next-door',
  );
});
