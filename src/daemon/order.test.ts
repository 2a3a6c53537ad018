import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Dependent, endInOrder } from './order.ts';

/** Ends apps by hand; says which have been asked to end. */
function setUp(apps: Readonly<Record<string, readonly string[]>>) {
  const asked: string[] = [];
  const ends = new Map<string, () => void>();
  const list = Object.entries(apps).map(([name, after]): Dependent => ({ name, after }));
  const all = endInOrder(list, (name) => {
    asked.push(name);
    return new Promise((resolve) => ends.set(name, resolve));
  });
  return {
    asked,
    all,
    async end(name: string) {
      await new Promise(setImmediate);
      ends.get(name)?.();
      await new Promise(setImmediate);
    },
  };
}

test('each ends when all that depend on it have ended; the others at once', async () => {
  const { asked, all, end } = setUp({ db: [], cache: ['db'], web: ['db', 'cache'], other: [] });
  await end('');
  assert.deepEqual(asked.sort(), ['other', 'web']);
  await end('web');
  assert.deepEqual(asked.slice(2), ['cache']);
  await end('cache');
  assert.deepEqual(asked.slice(3), ['db']);
  await end('other');
  await end('db');
  await all;
});

test('one that it is after and that is not among them is no matter', async () => {
  const { asked, all, end } = setUp({ web: ['gone'] });
  await end('web');
  await all;
  assert.deepEqual(asked, ['web']);
});

test('a circle does not hang', async () => {
  const { asked, all, end } = setUp({ a: ['b'], b: ['c'], c: ['a'], d: ['a'] });
  for (let round = 0; round < 4; round++) for (const name of ['a', 'b', 'c', 'd']) await end(name);
  await all;
  assert.deepEqual(asked.sort(), ['a', 'b', 'c', 'd']);
});
