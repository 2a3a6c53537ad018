import assert from 'node:assert/strict';
import { test } from 'node:test';
import { matchesRelease, releaseId, timeOf } from './id.ts';

test('a release is called after its time and what is in it, so that names sort by time', () => {
  assert.equal(releaseId(Date.UTC(2026, 10, 3, 4, 5, 6), '3f2a91c0ffee'), '20261103-040506-3f2a91c');
});

test('the time of a release can be read from its id', () => {
  const now = Date.UTC(2026, 10, 3, 4, 5, 6);
  assert.equal(timeOf(releaseId(now, '3f2a91c')), now);
  assert.deepEqual(['', 'x', '20269999-999999-x'].map(timeOf), [0, 0, 0]);
});

test('it may be named by the beginning of its id or of its commit, but not by next to nothing', () => {
  const id = '20261103-040506-3f2a91c';
  const named = [id, '20261103', '3f2a', '3f2a91c', '3f2a91c0ffee0000'];
  for (const typed of named) assert.ok(matchesRelease(id, typed), typed);
  for (const typed of ['', '2', '3f2', '91c0', '3f2b', '040506'])
    assert.ok(!matchesRelease(id, typed), typed);
});
