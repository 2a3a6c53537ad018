import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Pace } from './pace.ts';

const PIPE = 64 * 1024;

test('a trickle is read with a rest, and its first line at once', () => {
  const pace = new Pace();
  for (let n = 0; n < 10; n++) assert.equal(pace.after(100), 4);
});

test('a flood is read without rest after two full reads, and stays so through some small ones', () => {
  const pace = new Pace();
  assert.deepEqual(
    [PIPE, PIPE, PIPE, 100, 100, PIPE, 100].map((length) => pace.after(length)),
    [1, 0, 0, 0, 0, 0, 0],
  );
});

test('after a flood it goes back to a trickle', () => {
  const pace = new Pace();
  pace.after(PIPE);
  pace.after(PIPE);
  const rests = Array.from({ length: 10 }, () => pace.after(100));
  assert.deepEqual(rests, [0, 0, 0, 0, 0, 0, 0, 1, 4, 4]);
});

test('a steady stream is read with a short rest', () => {
  const pace = new Pace();
  const rests = Array.from({ length: 10 }, () => pace.after(20_000));
  assert.deepEqual(new Set(rests), new Set([1]));
});
