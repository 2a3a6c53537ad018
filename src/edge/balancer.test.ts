import assert from 'node:assert/strict';
import { test } from 'node:test';
import { byKey, type Choice, leastBusy } from './balancer.ts';

function target(
  slot: string,
  requests = 0,
  webSockets = 0,
  avoided = false,
  more: Partial<Choice> = {},
): Choice {
  return { slot, requests, tunnels: { size: webSockets }, avoided, share: 1, out: false, ...more };
}

test('the least busy target is next, equals take turns', () => {
  const targets = [target('a', 2), target('b', 1), target('c', 1)];
  assert.equal(leastBusy(targets, false, 0)?.slot, 'b');
  assert.equal(leastBusy(targets, false, 2)?.slot, 'c');
  assert.equal(leastBusy([], false, 0), undefined);
});

test('WebSockets are spread by WebSockets, requests by requests', () => {
  const targets = [target('a', 0, 9), target('b', 5, 0)];
  assert.equal(leastBusy(targets, false, 0)?.slot, 'a');
  assert.equal(leastBusy(targets, true, 0)?.slot, 'b');
});

test('a target that refused a connection is the last choice, and still one', () => {
  assert.equal(leastBusy([target('a', 0, 0, true), target('b', 50)], false, 0)?.slot, 'b');
  assert.equal(leastBusy([target('a', 0, 0, true)], false, 0)?.slot, 'a');
  assert.equal(byKey([target('a', 0, 0, true)], 'x')?.slot, 'a');
});

test('a key keeps its target while others come and go', () => {
  const four = ['a', 'b', 'c', 'd'].map((slot) => target(slot));
  const three = four.slice(0, 3);
  const keys = Array.from({ length: 1_000 }, (_, i) => `10.0.${i % 7}.${i}`);
  const moved = keys.filter((key) => byKey(four, key)?.slot !== byKey(three, key)?.slot);
  for (const key of moved) assert.equal(byKey(four, key)?.slot, 'd');
  for (const { slot } of four) {
    const share = keys.filter((key) => byKey(four, key)?.slot === slot).length;
    assert.ok(share > 150 && share < 350, `${slot} has ${share} of 1000`);
  }
});
