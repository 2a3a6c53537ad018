import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { FakeClock } from '../../kit/clock.ts';
import { MemoryGuardian, type Watched } from './memory.ts';

const MB = 1024 * 1024;

/** One app with one instance, which a replacement exchanges for a new one. */
function setUp(limitBytes: number | null) {
  const clock = new FakeClock(1_000_000);
  const replaced: string[] = [];
  const events: string[] = [];
  let pid = 100;
  let spawnedAt = clock.now();
  let used = 0;
  let looks = 0;
  const guardian = new MemoryGuardian({
    clock,
    watched: () =>
      limitBytes === null ? [] : [{ app: 'web', id: 'web.0', pid, limitBytes, spawnedAt } satisfies Watched],
    usage: (sessions) => {
      looks += 1;
      return new Map([...sessions].map((session) => [session, used]));
    },
    record: ({ reason = '' }) => events.push(reason),
    replace: (one) => {
      replaced.push(`${one.pid} after ${(clock.now() - spawnedAt) / 1000} s`);
      pid += 1;
      spawnedAt = clock.now();
    },
  });
  guardian.changed();
  return {
    clock,
    replaced,
    events,
    guardian,
    use: (bytes: number) => {
      used = bytes;
    },
    looks: () => looks,
  };
}

describe('a soft memory limit', () => {
  test('has an instance replaced within 3 s, and says the figures', () => {
    const { clock, replaced, events, use } = setUp(100 * MB);
    use(80 * MB);
    clock.advance(20_000);
    assert.deepEqual(replaced, []);
    use(150 * MB);
    clock.advance(3000);
    assert.equal(replaced.length, 1);
    assert.deepEqual(events, ['it uses 150 MB of memory, its limit is 100 MB']);
  });

  test('forgives a single peak', () => {
    const { clock, replaced, use } = setUp(100 * MB);
    for (let i = 0; i < 20; i++) {
      use(i % 2 ? 200 * MB : 80 * MB);
      clock.advance(1000);
    }
    assert.deepEqual(replaced, []);
  });

  test('that is too low does not end in a hot loop', () => {
    const { clock, replaced, use } = setUp(10 * MB);
    use(50 * MB);
    clock.advance(200_000);
    assert.deepEqual(replaced, [
      '100 after 2 s',
      '101 after 10 s',
      '102 after 20 s',
      '103 after 40 s',
      '104 after 80 s',
    ]);
  });

  test('counts anew after a long life', () => {
    const { clock, replaced, use } = setUp(100 * MB);
    use(150 * MB);
    clock.advance(2000);
    for (let life = 0; life < 2; life++) {
      use(10 * MB);
      clock.advance(3_600_000);
      use(150 * MB);
      for (let s = 0; s < 4 && replaced.length === life + 1; s++) clock.advance(1000);
      assert.equal(replaced.length, life + 2);
    }
  });

  test('costs nothing when no app has one, and little when all is well', () => {
    const without = setUp(null);
    without.clock.advance(60_000);
    assert.deepEqual([without.looks(), without.clock.pending], [0, 0]);
    const calm = setUp(100 * MB);
    calm.use(10 * MB);
    calm.clock.advance(70_000);
    assert.ok(calm.looks() <= 32, `${calm.looks()} looks in 70 s`);
  });

  test('leaves no timer behind', () => {
    const { clock, guardian } = setUp(100 * MB);
    guardian.close();
    assert.equal(clock.pending, 0);
  });
});
