import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fakePlan } from '../../test/support/fake-process.ts';
import { EDGE } from './edge-app.ts';
import { numbered } from './numbers.ts';
import type { StoredApp } from './state.ts';
import { fresh } from './stored-app.ts';

function app(name: string, instances: number, numbers: readonly number[] = []): [string, StoredApp] {
  return [name, { ...fresh(fakePlan({ name, instances }), null), numbers }];
}

function numbersAfter(...apps: [string, StoredApp][]): Record<string, readonly number[]> {
  const all = numbered(Object.fromEntries(apps));
  return Object.fromEntries(Object.entries(all).map(([name, { numbers }]) => [name, numbers]));
}

test('the first ones count from 0, in their order; the edge has none', () => {
  assert.deepEqual(numbersAfter(app(EDGE, 1), app('a', 2), app('b', 1)), { [EDGE]: [], a: [0, 1], b: [2] });
});

test('a new slot gets the highest number plus one, whatever is free below', () => {
  assert.deepEqual(numbersAfter(app('b', 2, [4]), app('c', 1)), { b: [4, 5], c: [6] });
});

test('slots that are gone lose theirs', () => {
  assert.deepEqual(numbersAfter(app('a', 1, [0, 1, 2]), app('b', 2, [3])), { a: [0], b: [3, 4] });
});

test('when nothing is new, nothing is changed', () => {
  const apps = Object.fromEntries([app('a', 1, [7])]);
  assert.equal(numbered(apps), apps);
});
