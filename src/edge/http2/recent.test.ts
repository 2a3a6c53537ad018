import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Recent } from './recent.ts';

test('a reset of ours is remembered for its time, however many other streams end; neither list grows for ever', () => {
  const recent = new Recent();
  recent.add(1, 'ours', 0);
  for (let i = 3; i < 3_000; i += 2) recent.add(i, 'over', 1_000);
  assert.equal(recent.of(1), 'ours');
  assert.equal(recent.of(3), undefined);
  assert.equal(recent.of(2_999), 'over');
  for (let i = 3_001; i < 4_001; i += 2) recent.add(i, 'ours', 9_999);
  assert.equal(recent.of(1), 'ours');
  recent.add(4_001, 'ours', 10_000);
  assert.equal(recent.of(1), undefined);
  for (let i = 4_003; i < 20_001; i += 2) recent.add(i, 'ours', 10_001);
  assert.equal(recent.of(4_003), undefined);
  assert.equal(recent.of(19_999), 'ours');
});
