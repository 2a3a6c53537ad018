import assert from 'node:assert/strict';
import { test } from 'node:test';
import { event, largeWorld, liveApp, rates, smallWorld } from '../../../../test/support/dashboard-world.ts';
import { inOrder, KEPT_EVENTS, matches, merge, mergeEvents, nothingYet } from './live.ts';

const at = '2026-11-24T01:00:00.000Z';

test('the first message is everything', () => {
  const world = smallWorld();
  const state = merge(nothingYet, world);
  assert.deepEqual(Object.keys(state.apps), Object.keys(world.apps ?? {}));
  assert.equal(state.health?.status, 'failing');
  assert.equal(state.events[0]?.seq, 97, 'newest first');
});

test('what is not in a message stays the same object, and so does what is repeated in it', () => {
  const before = merge(nothingYet, smallWorld());
  const same = structuredClone({ web: before.apps.web ?? null, api: before.apps.api ?? null });
  const after = merge(before, { whole: false, at, apps: same, total: rates(1) });
  assert.equal(after.apps, before.apps);
  assert.equal(after.health, before.health);
  assert.equal(after.events, before.events);
  assert.deepEqual(after.total, rates(1));
  assert.equal(after.at, at);
});

test('one app that changes leaves the others as they are', () => {
  const before = merge(nothingYet, smallWorld());
  const after = merge(before, { whole: false, at, apps: { web: liveApp('web', 5) } });
  assert.equal(after.apps.web?.instances.length, 5);
  assert.equal(after.apps.api, before.apps.api);
});

test('null takes an app away, and a whole message those that are not in it', () => {
  const before = merge(nothingYet, smallWorld());
  assert.equal('web' in merge(before, { whole: false, at, apps: { web: null } }).apps, false);
  const whole = merge(before, { whole: true, at, apps: { chat: structuredClone(before.apps.chat ?? null) } });
  assert.deepEqual(Object.keys(whole.apps), ['chat']);
  assert.equal(whole.apps.chat, before.apps.chat, 'the same after a reconnection');
  assert.equal(whole.health, null);
});

test('a daemon that is away is so until the next message says nothing of it', () => {
  const away = merge(merge(nothingYet, smallWorld()), { whole: false, at, away: true });
  assert.equal(away.away, true);
  assert.ok(away.apps.web, 'what was stays');
  assert.equal(merge(away, { whole: false, at }).away, false);
});

test('events come newest first, once, and not without end', () => {
  const known = mergeEvents([], [event(1, 'instance.spawned'), event(2, 'instance.ready')]);
  const more = mergeEvents(known, [event(2, 'instance.ready'), event(3, 'instance.crashed')]);
  assert.deepEqual(
    more.map(({ seq }) => seq),
    [3, 2, 1],
  );
  const many = Array.from({ length: 500 }, (_, n) => event(n + 10, 'health.failed'));
  const capped = mergeEvents(more, many);
  assert.equal(capped.length, KEPT_EVENTS);
  assert.equal(capped[0]?.seq, 509);
});

test('apps with trouble come first, those of Holdfast last', () => {
  const names = inOrder(Object.values(merge(nothingYet, smallWorld()).apps)).map(({ name }) => name);
  assert.equal(names[0], 'api');
  assert.equal(names.at(-1), '@edge');
  assert.equal(Object.keys(merge(nothingYet, largeWorld(0)).apps).length, 50);
});

test('a filter takes what has all of its words', () => {
  assert.ok(matches('', 'web'));
  assert.ok(matches('WEB run', 'web', 'running'));
  assert.ok(!matches('web failed', 'web', 'running', null));
});
