import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock } from '../kit/clock.ts';
import type { EdgePool } from '../protocol/edge-table.ts';
import type { CheckRules, UpstreamRules } from '../protocol/traffic-rules.ts';
import type { Caller, Carriage } from './carriage.ts';
import { Checks } from './checks.ts';
import { connectFailed } from './failure.ts';
import type { RequestHead } from './http1/request-head.ts';
import { ownHead } from './own-head.ts';
import { Pool } from './pool.ts';
import { Sweeper, TICK_MS } from './sweeper.ts';
import { Target } from './target.ts';

const rules: CheckRules = {
  path: '/health?a=b',
  everyMs: 5_000,
  timeoutMs: 2_000,
  failures: 3,
  successes: 2,
};

const upstream: UpstreamRules = {
  protocol: 'http/1.1',
  inFlight: null,
  outliers: null,
  slowStartMs: 0,
  retries: { share: 0, perSecond: 0 },
};

/** One server of one pool, and what it is asked. */
function ward(random = 0.5) {
  const clock = new FakeClock(1_000_000);
  const raise = (error: unknown) => {
    throw error;
  };
  const sweeper = new Sweeper(clock, () => {}, raise);
  const plan = { address: { host: 'shop.test', port: 81 }, guest: false, state: 'ready' } as const;
  const target = new Target({ ...plan, id: 'shop' }, sweeper);
  const hold = { timeoutMs: 0, maxWaiting: 0 };
  const wanted: EdgePool = { sticky: 'none', hold, rules: upstream, targets: [] };
  const pool = new Pool('shop', wanted, 0, () => {});
  pool.follow(wanted, [target]);
  const asked: { at: number; head: RequestHead | undefined; caller: Caller; ended: boolean }[] = [];
  target.connections.probe = (caller: Caller) => {
    const one = { at: clock.now(), head: undefined as RequestHead | undefined, caller, ended: false };
    asked.push(one);
    const carriage = {
      open: (_, head) => {
        one.head = head;
      },
      abandon: () => {
        one.ended = true;
      },
    } as Partial<Carriage> as Carriage;
    return { carriage, ready: true };
  };
  const notices: string[] = [];
  const checks = new Checks({ sweeper, notice: (text) => notices.push(text), random: () => random });
  const follow = (given: CheckRules | undefined) => checks.follow([pool], () => given);
  /** Until it is asked again; then it answers with this status, or not at all. */
  const next = (status: number | undefined) => {
    const before = asked.length;
    for (let i = 0; asked.length === before && i < 100; i++) clock.advance(TICK_MS);
    const last = asked.at(-1);
    assert.ok(last && asked.length === before + 1);
    if (status) last.caller.onAnswer(ownHead(status, [], 0), Buffer.alloc(0), 0, 0, true);
    else last.caller.onFailure(connectFailed('ECONNREFUSED'));
    return last;
  };
  return { clock, target, pool, asked, notices, follow, next };
}

test('a server is asked now and then, by its own name', () => {
  for (const [random, everyMs] of [
    [0, 4_500],
    [0.5, 5_000],
    [1, 5_500],
  ] as const) {
    const { clock, asked, follow, next } = ward(random);
    const began = clock.now();
    follow(rules);
    const { head } = next(200);
    assert.deepEqual([head?.method, head?.target, head?.host], ['GET', '/health?a=b', 'shop.test:81']);
    for (let i = 0; i < 2; i++) assert.ok(next(302).ended, 'its connection is not for others');
    const times = asked.map(({ at }) => at);
    assert.ok((times[0] ?? 0) - began <= 1_000 + TICK_MS);
    for (const pause of [(times[1] ?? 0) - (times[0] ?? 0), (times[2] ?? 0) - (times[1] ?? 0)])
      assert.ok(pause >= everyMs && pause <= everyMs + TICK_MS, `${pause} ms`);
  }
});

test('it takes some failures in a row to take it out, and some successes to bring it back', () => {
  const { target, pool, notices, follow, next } = ward();
  follow(rules);
  for (const status of [200, 503, undefined, 200, 500, 404]) next(status);
  assert.equal(target.down, false, 'never three in a row');
  next(undefined);
  assert.deepEqual([target.down, pool.isUp], [true, false]);
  let woken = 0;
  pool.waiting.add({ wake: () => woken++, yieldPlace() {} }, 'target', '192.0.2.1');
  next(200);
  next(503);
  next(200);
  assert.equal(target.down, true, 'never two in a row');
  next(204);
  assert.deepEqual([target.down, pool.isUp, woken], [false, true, 1]);
  assert.deepEqual(notices, [
    'shop gets no requests: GET /health?a=b failed 3 times, at last with "ECONNREFUSED"',
    'shop gets requests again: GET /health?a=b was answered 2 times',
  ]);
});

test('no answer in time is a failure, and the connection is given up', () => {
  const { clock, target, asked, follow } = ward();
  follow({ ...rules, failures: 1 });
  while (asked.length === 0) clock.advance(TICK_MS);
  clock.advance(rules.timeoutMs - TICK_MS);
  assert.equal(target.down, false);
  clock.advance(2 * TICK_MS);
  assert.deepEqual([target.down, asked[0]?.ended], [true, true]);
});

test('whoever is not asked any more gets requests; other rules begin with what is known', () => {
  const { clock, target, asked, follow, next } = ward();
  follow({ ...rules, failures: 1 });
  next(503);
  follow({ ...rules, failures: 1, everyMs: 1_000 });
  assert.equal(target.down, true);
  clock.advance(1_000);
  follow(undefined);
  assert.deepEqual([target.down, asked.at(-1)?.ended], [false, true]);
  const before = asked.length;
  clock.advance(60_000);
  assert.equal(asked.length, before);
});

test('a path that is none costs nothing but a word', () => {
  const { target, notices, asked, clock, follow } = ward();
  follow({ ...rules, path: '/a b' });
  clock.advance(60_000);
  assert.deepEqual([target.down, asked.length, notices.length], [false, 0, 1]);
});
