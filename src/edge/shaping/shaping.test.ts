/** The parts of shaping that need no sockets. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock } from '../../kit/clock.ts';
import { Refusals } from '../limits.ts';
import { MemoryGuard, type Shedding } from './memory.ts';
import { Pauses } from './pause.ts';
import { Split } from './split.ts';

const parts = (weights: readonly number[]) => weights.map((weight, i) => ({ pool: `p${i}`, weight }));

test('a split gives each part exactly its weight in any round, and spreads it', () => {
  const weights = [5, 1, 1, 0];
  const split = new Split({ parts: parts(weights), sticky: false }, 'a/', '/');
  for (let round = 0; round < 3; round++) {
    const turns = Array.from({ length: 7 }, () => split.next(() => true));
    assert.deepEqual(
      weights.map((_, part) => turns.filter((turn) => turn === part).length),
      weights,
    );
    assert.doesNotMatch(turns.join(''), /0000/);
  }
});

test('a part that is down gets nothing, and no more than its share when it is back', () => {
  const split = new Split({ parts: parts([1, 1]), sticky: false }, 'a/', '/');
  for (let i = 0; i < 100; i++)
    assert.equal(
      split.next((part) => part === 0),
      0,
    );
  const turns = Array.from({ length: 10 }, () => split.next(() => true));
  assert.equal(turns.filter((turn) => turn === 1).length, 5);
  const all = Array.from({ length: 4 }, () => split.next(() => false));
  assert.equal(all.filter((turn) => turn === 1).length, 2, 'those that wait are spread as well');
  const none = new Split({ parts: parts([0, 0]), sticky: true }, 'a/', '/');
  assert.equal(
    none.next(() => true),
    0,
  );
});

test('the cookie of a split holds for its route, and nothing can be put into it', () => {
  const line = (path: string) =>
    new Split({ parts: parts([1]), sticky: true }, 'a/', path).cookieLine(0, true);
  assert.match(line('/'), /; Path=\/; HttpOnly; SameSite=Lax; Secure\r\n$/);
  assert.match(line('/shop/'), /; Path=\/shop; /);
  assert.match(line('/a;b/'), /; Path=\/; /);
});

test('memory: more is turned away step by step, taken again when there is room, and said once', () => {
  const mb = 1024 * 1024;
  let rss = 0;
  let known = 0;
  let collected = 0;
  let connections = 0;
  const said: string[] = [];
  const guard = new MemoryGuard({
    usage: () => ({ rss: rss * mb, heapUsed: known * mb, external: 0 }),
    connections: () => connections,
    clearCaches: () => 0,
    collect: () => collected++,
    notice: (text) => said.push(text),
  });
  let now = 0;
  const look = (used: number, inUse = used): Shedding => {
    rss = used;
    known = inUse;
    now += 1_000;
    guard.look(100 * mb, now);
    return guard.shedding;
  };
  const steps: [number, Shedding][] = [
    [50, 'nothing'],
    [84, 'nothing'],
    [85, 'idle'],
    [76, 'idle'],
    [74, 'nothing'],
    [100, 'requests'],
    [115, 'connections'],
    [106, 'connections'],
    [104, 'requests'],
    [91, 'requests'],
    [89, 'idle'],
    [70, 'nothing'],
  ];
  for (const [used, step] of steps) assert.equal(look(used), step, `${used}`);
  assert.equal(said.length, 2);
  assert.match(said[0] ?? '', /^100 MB of memory are in use, and the limit is 100 MB/);
  assert.match(said[1] ?? '', /70 MB are in use, at most it were 115 MB/);
  assert.equal(collected, 1);
  // After a flood the allocator keeps what it will use again.
  assert.equal(look(120, 120), 'connections');
  assert.equal(look(120, 20), 'nothing');
  now += 60_000;
  connections = 100;
  for (let i = 0; i < 10; i++) look(120);
  assert.equal(collected, 2);
  connections = 40;
  look(120);
  assert.equal(collected, 3, 'what those who left have left');
  guard.look(0, now);
  assert.equal(guard.shedding, 'nothing');
});

test('in a flood of connections some are told why, and the others are counted', () => {
  const refusals = new Refusals();
  const told = (now: number) => Array.from({ length: 100 }, () => refusals.take(now)).filter(Boolean).length;
  assert.equal(told(5_000), 20);
  assert.equal(told(5_900), 0);
  assert.equal(told(6_000), 20);
  assert.equal(refusals.takeUntold(), 260);
  assert.equal(refusals.takeUntold(), 0);
});

test('a pause outlives tables; when one without it is in force all go on in order, no faster than they are answered', () => {
  const pauses = new Pauses();
  const rules = { timeoutMs: 1_000, maxWaiting: 1_000 };
  const went: number[] = [];
  let extended = 0;
  const clock = new FakeClock();
  let open = 300;
  const pace = { after: (ms: number, step: () => void) => void clock.after(ms, step), open: () => open };
  const pause = (more: Partial<typeof rules> = {}) => pauses.follow(new Map([['a', { ...rules, ...more }]]));
  const come = (number: number): (() => void) => {
    const leave = pauses.of('a')?.wait({
      go() {
        leave?.();
        went.push(number);
        open++;
      },
      giveUp: () => assert.fail('it goes on'),
      extend: () => extended++,
    });
    return () => leave?.();
  };
  pause();
  for (let i = 0; i < 700; i++) come(i);
  come(-1)();
  pause({ maxWaiting: 700 });
  pauses.resume(pace);
  assert.deepEqual([pauses.of('a')?.full, went.length], [true, 0]);
  pauses.follow(new Map());
  assert.deepEqual([pauses.of('a'), went.length], [undefined, 0]);
  pauses.resume(pace);
  assert.deepEqual([extended, went.length], [700, 256]);
  clock.advance(20);
  assert.equal(went.length, 256 + 16, 'some go on although none was answered');
  open = 400;
  clock.advance(20);
  assert.equal(went.length, 256 + 16 + 156);
  // Paused again while some wait still: they do.
  pause();
  clock.advance(100);
  const before = went.length;
  open = 0;
  pauses.follow(new Map());
  pauses.resume(pace);
  pauses.resume(pace);
  assert.equal(went.length, before + 256);
  clock.advance(10_000);
  assert.deepEqual(
    went,
    Array.from({ length: 700 }, (_, i) => i),
  );
  assert.equal(clock.pending, 0);
});

test('before anybody is turned away, the caches are emptied; what fills them again is collected once in a while', () => {
  let used = 120;
  let kept = 60;
  let collected = 0;
  const guard = new MemoryGuard({
    usage: () => ({ rss: used, heapUsed: used, external: 0 }),
    connections: () => 0,
    clearCaches: () => {
      const cleared = kept;
      kept = 0;
      return cleared;
    },
    collect: () => {
      collected++;
      used = 60;
    },
    notice: assert.fail,
  });
  guard.look(100, 1_000);
  assert.deepEqual([guard.shedding, collected], ['nothing', 1]);
  [used, kept] = [90, 30];
  guard.look(100, 2_000);
  assert.deepEqual([guard.shedding, kept, collected], ['idle', 0, 1]);
  [used, kept] = [90, 30];
  guard.look(100, 40_000);
  assert.deepEqual([guard.shedding, collected], ['nothing', 2]);
});
