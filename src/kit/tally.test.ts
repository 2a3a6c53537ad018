import assert from 'node:assert/strict';
import { test } from 'node:test';
import { minus, plus, quantile } from './tally.ts';

test('numbers and rows of numbers are added and taken away, name by name', () => {
  const a = { n: 5, row: [1, 2, 3] };
  const b = { n: 2, row: [1, 1] };
  assert.deepEqual(plus(a, b), { n: 7, row: [2, 3, 3] });
  assert.deepEqual(minus(a, b), { n: 3, row: [0, 1, 3] });
  assert.equal(plus(a, undefined), a);
  assert.equal(minus(a, undefined), a);
});

test('quantiles lie within the class that holds them', () => {
  const ends = [10, 20, 50];
  assert.equal(quantile(ends, [0, 0, 0, 0], 0.5), undefined);
  assert.equal(quantile(ends, [10, 0, 0, 0], 0.5), 5);
  assert.equal(quantile(ends, [50, 50, 0, 0], 0.5), 10);
  assert.equal(quantile(ends, [50, 50, 0, 0], 0.75), 15);
  assert.equal(quantile(ends, [0, 0, 1, 0], 1), 50);
  assert.equal(quantile(ends, [1, 0, 0, 99], 0.99), 50, 'more is not known of those above the last end');
});
