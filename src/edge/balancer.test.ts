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

test('a target that failed again and again is the very last choice, and still one', () => {
  const out = target('a', 0, 0, false, { out: true });
  assert.equal(leastBusy([out, target('b', 50, 0, true)], false, 0)?.slot, 'b');
  assert.equal(leastBusy([out], false, 0)?.slot, 'a');
  assert.equal(byKey([out, target('b', 0, 0, true)], 'x')?.slot, 'b');
  assert.equal(byKey([out], 'x')?.slot, 'a');
});

test('a new target gets its part of its share, with little load and with much', () => {
  for (const load of [0, 20]) {
    const counts = new Map([
      ['new', 0],
      ['a', 0],
      ['b', 0],
      ['c', 0],
    ]);
    // As many requests as always are in flight: the oldest ends when the next begins.
    const flying: string[] = [];
    for (let turn = 0; turn < 4_000; turn++) {
      const busy = (slot: string) => flying.filter((other) => other === slot).length;
      const all = [...counts.keys()].map((slot) =>
        target(slot, busy(slot), 0, false, { share: slot === 'new' ? 0.4 : 1 }),
      );
      const { slot } = leastBusy(all, false, turn) as Choice;
      counts.set(slot, (counts.get(slot) ?? 0) + 1);
      flying.push(slot);
      if (flying.length > load) flying.shift();
    }
    // 0.4 of 3.4 when it is spread by load, 0.4 of a quarter when all are idle.
    const part = (counts.get('new') ?? 0) / 4_000;
    assert.ok(part > 0.06 && part < 0.14, `${part} with ${load} requests in flight`);
  }
});

test('where all are new, all get their turn', () => {
  const all = ['a', 'b'].map((slot) => target(slot, 0, 0, false, { share: 0.05 }));
  const slots = new Set(Array.from({ length: 10 }, (_, turn) => leastBusy(all, false, turn)?.slot));
  assert.equal(slots.size, 2);
});
