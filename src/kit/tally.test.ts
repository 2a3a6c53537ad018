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

test('quantiles lie within the class that holds them, and are never above the largest value', () => {
  const ends = [10, 20, 50];
  const of = (counts: readonly number[], sums: readonly number[], part: number) =>
    quantile({ ends, counts, sums }, part);
  assert.equal(of([0, 0, 0, 0], [0, 0, 0, 0], 0.5), undefined);
  assert.equal(of([10, 1, 0, 0], [50, 11, 0, 0], 0.5), 5.5);
  assert.equal(of([50, 50, 0, 0], [250, 700, 0, 0], 0.5), 10);
  assert.equal(of([50, 50, 0, 0], [250, 700, 0, 0], 0.75), 14);
  assert.equal(of([0, 0, 1, 0], [0, 0, 21, 0], 0.5), 21);
  assert.equal(of([1, 0, 0, 2], [5, 0, 0, 160], 0.99), 80);
});
