import assert from 'node:assert/strict';
import { test } from 'node:test';
import { promotionOf, releasePlan } from '../../../test/support/promotion.ts';
import { FakeClock } from '../../kit/clock.ts';
import type { TrafficView } from '../../protocol/api.ts';
import type { InstanceCounts } from '../../protocol/traffic-counts.ts';
import type { SeenCrash } from './crash-log.ts';
import type { FailedStep } from './failed-step.ts';
import { noFigures } from './figures.ts';
import type { Promotion } from './promotion.ts';
import { watch } from './watch.ts';

type Row = TrafficView['instances'][number];

function row(instance: string, requests: number, errors: number, failures = 0): Row {
  const counts: InstanceCounts = {
    requests,
    status: [0, requests - errors, 0, 0, errors],
    durations: [requests],
    durationsMs: [0],
    failures,
    ejections: 0,
  };
  const app = instance.split('.')[0] ?? '';
  return { app, instance, counts, recent: counts, openRequests: 0, openWebSockets: 0, ejected: false };
}

function crash(given: Partial<SeenCrash> = {}): SeenCrash {
  const output = [{ time: '', stream: 'err' as const, text: 'no database' }];
  return {
    ...{ app: 'web', instance: 'web.0', release: 'r2', at: 1, reason: 'exited with code 1' },
    ...{ forGood: false, output },
    ...given,
  };
}

function setUp(given: Partial<Promotion> = {}, forMs = 10_000, instances: Row[] = [row('web.0', 100, 0)]) {
  const clock = new FakeClock(1_000);
  const world = { instances, crashes: [] as SeenCrash[] };
  const listeners = new Set<() => void>();
  const aborting = new AbortController();
  const promise = watch(
    promotionOf({ step: 'bake', ...given }),
    forMs,
    {
      clock,
      traffic: () => world,
      crashes: {
        all: () => world.crashes,
        onCrash: (listener) => {
          listeners.add(listener);
          return () => listeners.delete(listener);
        },
      },
    },
    aborting.signal,
  );
  const outcome = promise.then(
    (note) => note,
    (error: FailedStep) => `!${error.message}\n${error.details.join('\n')}`,
  );
  const seeCrash = (one: SeenCrash) => {
    world.crashes.push(one);
    for (const listener of [...listeners]) listener();
  };
  return { clock, world, outcome, seeCrash, aborting, listeners };
}

test('one that does as well as the one before is watched to the end', async () => {
  const { clock, world, outcome, listeners } = setUp();
  clock.advance(5_000);
  world.instances = [row('web.0', 150, 1), row('web.1', 30, 0)];
  clock.advance(5_000);
  assert.equal(await outcome, 'no crash, 5xx: 1 of 80 requests');
  assert.deepEqual([clock.pending, listeners.size], [0, 0]);
});

test('errors end it at the next look; what was before it began does not count', async () => {
  const { clock, world, outcome } = setUp({ past: { web: { ...noFigures, requests: 500, crashes: 0 } } });
  world.instances = [row('web.0', 140, 10, 2)];
  clock.advance(1_000);
  assert.match(await outcome, /^!web: 5xx: 12 of 42 requests \(29 %\), the release before had 0 of 500\n/);
  assert.equal(clock.pending, 0);
});

test('a daemon that has just come does not take what edges counted before for what the release does', async () => {
  const { clock, world, outcome } = setUp({}, 10_000, []);
  clock.advance(1_000);
  world.instances = [row('web.0', 6000, 300)];
  clock.advance(1_000);
  world.instances = [row('web.0', 6010, 300), row('web.1', 900, 90)];
  clock.advance(1_000);
  world.instances = [row('web.0', 6050, 300), row('web.1', 960, 90)];
  clock.advance(7_000);
  assert.equal(await outcome, 'no crash, 5xx: 0 of 100 requests');
});

test('a canary is compared with what the release before does beside it', async () => {
  const plan = releasePlan({ canary: [0.5] });
  const { clock, world, outcome } = setUp({ step: 'canary', plan });
  world.instances = [row('web.0', 200, 50), row('web@next.0', 100, 50)];
  clock.advance(10_000);
  assert.equal(
    await outcome,
    'no crash, 5xx: 50 of 100 requests',
    'half of both fail: it is not the release',
  );
});

test('a crash ends it at once, unless the release before did the same', async () => {
  const calm = setUp();
  calm.seeCrash(crash({ release: 'r1' }));
  calm.seeCrash(crash());
  calm.clock.advance(10_000);
  assert.equal(await calm.outcome, 'no crash');
  const fallen = setUp();
  fallen.seeCrash(crash({ app: 'other' }));
  fallen.seeCrash(crash());
  assert.equal(
    await fallen.outcome,
    '!web crashed once, the release before did not: web.0 exited with code 1\nerr | no database',
  );
  const past = { web: { ...noFigures, crashes: 99 } };
  const loop = setUp({ past });
  loop.seeCrash(crash({ forGood: true }));
  assert.match(await loop.outcome, /^!web crashes again and again/);
});

test('a clock that is set back hides no crash of it, and none of before it began counts', async () => {
  const back = setUp({ startedAt: 1_000 });
  back.seeCrash(crash({ release: 'r1', at: 900 }));
  back.seeCrash(crash({ at: 500 }));
  assert.match(await back.outcome, /^!web crashed once, the release before did not/);
});

test('one that is not wanted any more leaves nothing behind', () => {
  const { clock, aborting, listeners } = setUp();
  aborting.abort();
  assert.deepEqual([clock.pending, listeners.size], [0, 0]);
});
