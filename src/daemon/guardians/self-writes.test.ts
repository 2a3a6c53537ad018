import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { SelfWrites } from './self-writes.ts';

/** Restarts every three seconds, and what changed this long after each; whether the last change was a habit. */
function after(changes: readonly (readonly [string, number])[]): boolean {
  const writes = new SelfWrites();
  let now = 0;
  return changes
    .map(([files, afterMs]) => {
      const habit = writes.isHabit(files.split(' '), now + afterMs);
      now += 3000;
      writes.restarted(now);
      return habit;
    })
    .at(-1) as boolean;
}

describe('an app that writes its own watched files', () => {
  test('is known when the same files change soon after each of some restarts', () => {
    const changes = Array(6).fill(['cache.json db.json', 300] as const);
    assert.equal(after(changes.slice(0, 5)), false);
    assert.equal(after(changes), true);
  });

  test('is no person who saves a file again and again', () => {
    assert.equal(after(Array(20).fill(['app.js', 2500] as const)), false);
  });

  test('is no person who saves one file after the other', () => {
    const changes = Array.from({ length: 20 }, (_, n) => [`file-${n}.js`, 100] as const);
    assert.equal(after(changes), false);
  });

  test('is not known before its first restart', () => {
    assert.equal(new SelfWrites().isHabit(['a'], 0), false);
  });

  test('is forgotten when something else changes in between', () => {
    const own = ['cache.json', 300] as const;
    assert.equal(after([own, own, own, own, ['app.js', 300], own, own]), false);
  });
});
