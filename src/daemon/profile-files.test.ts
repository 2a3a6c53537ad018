import assert from 'node:assert/strict';
import { test } from 'node:test';
import { profileName, surplus } from './profile-files.ts';

const file = (name: string, bytes: number, mtimeMs: number) => ({ name, bytes, mtimeMs });

test('the oldest go when they are too many or too large together; the newest stays, however large', () => {
  const files = [file('a', 10, 1), file('b', 10, 2), file('c', 10, 3)];
  assert.deepEqual(surplus(files, { files: 3, bytes: 30 }), []);
  assert.deepEqual(surplus(files, { files: 2, bytes: 30 }), ['a']);
  assert.deepEqual(surplus(files, { files: 3, bytes: 15 }), ['b', 'a']);
  assert.deepEqual(surplus([...files, file('d', 99, 4)], { files: 9, bytes: 15 }), ['c', 'b', 'a']);
});

test('names say what it is of, and end as Chrome DevTools wants them', () => {
  const now = Date.UTC(2026, 10, 24, 1, 2, 3, 45);
  assert.equal(profileName('web.0', 'cpu', now), 'web.0-20261124T010203045Z.cpuprofile');
  assert.equal(profileName('web.0', 'heap', now), 'web.0-20261124T010203045Z.heapsnapshot');
});
