import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { appPlan } from '../../test/support/plans.ts';
import { describeExit } from './exit.ts';
import { type Context, initialState, type MachineEvent, type MachineState, step } from './machine.ts';
import type { Policy } from './restart-policy.ts';

const usual: Policy = {
  readyTimeoutMs: 30_000,
  stopTimeoutMs: 10_000,
  restart: appPlan().restart,
  job: false,
  hindrance: null,
};

/** Plays events against the machine; time stands still unless told. */
function play(given: Partial<Policy> = {}, start: MachineState = initialState) {
  const policy: Policy = { ...usual, ...given };
  let state = start;
  let now = 0;
  const effects: string[] = [];
  return {
    get state() {
      return state;
    },
    get effects() {
      return effects;
    },
    at(ms: number) {
      now = ms;
      return this;
    },
    send(event: MachineEvent, random = 0) {
      const result = step(state, event, { now, random, policy });
      state = result.state;
      effects.push(...result.effects.map((e) => (e.type === 'signal' ? e.signal : e.type)));
      return this;
    },
    /** Lets the deadline pass. */
    expire() {
      assert.notEqual(state.deadline, null, `phase ${state.phase} has no deadline`);
      now = state.deadline ?? now;
      return this.send({ type: 'timeout' });
    },
  };
}

const exited: MachineEvent = {
  type: 'exited',
  exit: { code: 1, signal: null },
  reason: 'exited with code 1',
};

test('start, ready, stop: the plain life', () => {
  const life = play().send({ type: 'start' }).send({ type: 'ready' });
  assert.equal(life.state.phase, 'ready');
  life.send({ type: 'stop' }).send(exited);
  assert.equal(life.state.phase, 'down');
  assert.deepEqual(life.effects, ['spawn', 'stop']);
});

test('a first crash of an instance that was ready is answered at once', () => {
  const life = play().send({ type: 'start' }).send({ type: 'ready' }).at(500).send(exited);
  assert.equal(life.state.phase, 'backoff');
  assert.equal(life.state.deadline, 500);
  life.expire();
  assert.deepEqual(life.effects, ['spawn', 'spawn']);
});

test('further crashes wait twice as long each, up to the limit, less up to a half by chance', () => {
  const life = play().send({ type: 'start' });
  const delays: number[] = [];
  for (let crash = 0; crash < 9; crash++) {
    const before = crash * 100_000;
    life.at(before).send(exited);
    delays.push((life.state.deadline ?? 0) - before);
    life.expire();
  }
  assert.deepEqual(delays, [100, 200, 400, 800, 1600, 3200, 6400, 12_800, 25_600]);
  life.at(2_000_000).send(exited, 0.5);
  assert.equal(life.state.deadline, 2_000_000 + 22_500);
});

test('an instance that was well for long starts its count anew', () => {
  const life = play().send({ type: 'start' });
  for (let crash = 0; crash < 4; crash++)
    life
      .at(crash * 70_000)
      .send(exited)
      .expire();
  life.at(400_000).send({ type: 'ready' }).at(411_000).send(exited);
  assert.equal(life.state.crashesInARow, 1);
  assert.equal(life.state.deadline, 411_000);
});

test('ten crashes within a minute end in failed; a command starts it again', () => {
  const life = play().send({ type: 'start' });
  for (let crash = 0; crash < 9; crash++)
    life
      .at(crash * 1000)
      .send(exited)
      .send({ type: 'timeout' });
  life.at(9_000).send(exited);
  assert.equal(life.state.phase, 'failed');
  assert.match(life.state.reason ?? '', /gave up after 10 crashes within 60 s, the last: exited with code 1/);
  assert.equal(life.state.deadline, null);
  life.send({ type: 'start' });
  assert.equal(life.state.phase, 'starting');
  assert.deepEqual(life.state.crashes, []);
});

test('slow crashes, by rate not by count, never end in failed', () => {
  const life = play().send({ type: 'start' });
  for (let crash = 0; crash < 200; crash++)
    life
      .at(crash * 7_000)
      .send(exited)
      .send({ type: 'timeout' });
  assert.equal(life.state.phase, 'starting');
});

test('a program that cannot be spawned is tried for ever, ever slower', () => {
  const life = play().send({ type: 'start' });
  for (let n = 0; n < 100; n++) {
    life.send({ type: 'spawnFailed', reason: 'ENOENT' });
    assert.equal(life.state.phase, 'backoff');
    life.expire();
  }
  assert.equal(life.state.phase, 'starting');
});

for (const way of ['never ready', 'exits', 'unhealthy', 'exits after ready'] as const) {
  test(`a hostile app (${way}) ends in failed, not in a loop`, () => {
    const life = play().send({ type: 'start' });
    let rounds = 0;
    const quick: Policy = { ...usual, readyTimeoutMs: 100 };
    let state = life.state;
    let now = 0;
    const send = (event: MachineEvent) => {
      state = step(state, event, { now, random: 0.99, policy: quick }).state;
    };
    while (state.phase !== 'failed' && rounds++ < 100) {
      if (way === 'never ready') {
        now = state.deadline ?? now;
        send({ type: 'timeout' });
        send(exited);
      }
      if (way === 'exits') send(exited);
      if (way === 'unhealthy') {
        send({ type: 'ready' });
        send({ type: 'unhealthy', reason: 'blocked' });
        send(exited);
      }
      if (way === 'exits after ready') {
        send({ type: 'ready' });
        send(exited);
      }
      if (state.phase === 'backoff') {
        now = state.deadline ?? now;
        send({ type: 'timeout' });
      }
    }
    assert.equal(state.phase, 'failed');
  });
}

test('one that does not end is killed, again and again', () => {
  const life = play()
    .send({ type: 'start' })
    .send({ type: 'ready' })
    .send({ type: 'stop' })
    .expire()
    .expire();
  assert.deepEqual(life.effects, ['spawn', 'stop', 'kill', 'kill']);
  assert.equal(life.state.phase, 'stopping');
});

test('start while stopping starts again when it has ended; stop wins when it comes last', () => {
  const life = play()
    .send({ type: 'start' })
    .send({ type: 'ready' })
    .send({ type: 'stop' })
    .send({ type: 'start' });
  assert.equal(life.state.phase, 'stopping');
  life.send(exited);
  assert.equal(life.state.phase, 'starting');
  life.send({ type: 'restart' }).send({ type: 'stop' }).send(exited);
  assert.equal(life.state.phase, 'down');
});

function restartPlan(given: Partial<Policy['restart']>): { restart: Policy['restart'] } {
  return { restart: { ...usual.restart, ...given } };
}

function exitWith(code: number | null, signal: NodeJS.Signals | null = null): MachineEvent {
  const exit = { code, signal };
  return { type: 'exited', exit, reason: describeExit(exit) };
}

/** What an instance that was ready for a minute comes to when it ends so. */
function phaseAfter(exit: MachineEvent, given: Partial<Policy>): string {
  return play(given).send({ type: 'start' }).send({ type: 'ready' }).at(60_000).send(exit).state.phase;
}

for (const [when, exit, phase] of [
  ['always', exitWith(0), 'backoff'],
  ['always', exitWith(1), 'backoff'],
  ['always', exitWith(null, 'SIGSEGV'), 'backoff'],
  ['always', exitWith(3), 'done'],
  ['on-failure', exitWith(0), 'done'],
  ['on-failure', exitWith(1), 'backoff'],
  ['on-failure', exitWith(3), 'done'],
  ['on-failure', exitWith(null, 'SIGKILL'), 'backoff'],
  // Nobody saw how it ended.
  ['on-failure', exitWith(null), 'backoff'],
  ['never', exitWith(0), 'done'],
  ['never', exitWith(1), 'done'],
  ['never', exitWith(null, 'SIGKILL'), 'done'],
  ['never', exitWith(null), 'done'],
] as const) {
  const how = exit.type === 'exited' ? exit.reason : '';
  test(`with restart.when "${when}" and the stop code 3, "${how}" leads to ${phase}`, () => {
    assert.equal(phaseAfter(exit, restartPlan({ when, stopCodes: [3] })), phase);
  });
}

test('done: says how it ended, waits for nothing; start and restart leave it, stop ends it', () => {
  const life = () =>
    play(restartPlan({ when: 'on-failure' }))
      .send({ type: 'start' })
      .send(exitWith(0));
  const { phase, reason, deadline, exit } = life().state;
  assert.deepEqual(
    [phase, reason, deadline, exit],
    ['done', 'exited with code 0', null, { code: 0, signal: null }],
  );
  assert.equal(life().send({ type: 'start' }).state.phase, 'starting');
  assert.equal(life().send({ type: 'restart' }).state.phase, 'starting');
  assert.equal(life().send({ type: 'stop' }).state.phase, 'down');
});

test('one that is not well is tried again, unless it is never to be', () => {
  const condemned = (when: 'on-failure' | 'never') =>
    play(restartPlan({ when, stopCodes: [0] }))
      .send({ type: 'start' })
      .send({ type: 'ready' })
      .send({ type: 'unhealthy', reason: 'blocked' })
      .send(exitWith(0)).state;
  assert.deepEqual([condemned('on-failure').phase, condemned('on-failure').reason], ['backoff', 'blocked']);
  assert.deepEqual([condemned('never').phase, condemned('never').reason], ['done', 'blocked']);
});

test('one that cannot hear is killed at once, and tried again', () => {
  const life = play()
    .send({ type: 'start' })
    .send({ type: 'ready' })
    .send({ type: 'unhealthy', reason: 'blocked', urgent: true });
  assert.deepEqual(life.effects, ['spawn', 'kill']);
  assert.equal(life.expire().send(exitWith(null, 'SIGKILL')).state.phase, 'backoff');
  assert.deepEqual(life.effects, ['spawn', 'kill', 'kill']);
});

test('with a maximum it is started again so many times, until a person starts it', () => {
  const life = play(restartPlan({ max: 3 })).send({ type: 'start' });
  for (let crash = 0; crash < 3; crash++)
    life
      .at(crash * 100_000)
      .send(exited)
      .expire();
  assert.deepEqual([life.state.phase, life.state.restarts], ['starting', 3]);
  life.at(1_000_000).send({ type: 'ready' }).at(2_000_000).send(exited);
  assert.deepEqual([life.state.phase, life.state.restarts], ['failed', 3]);
  assert.equal(
    life.state.reason,
    'gave up after it was started again 3 times (restart.max), the last: exited with code 1',
  );
  life.send({ type: 'start' });
  assert.deepEqual([life.state.phase, life.state.restarts], ['starting', 0]);
});

test('a maximum of none means: never again', () => {
  const life = play(restartPlan({ max: 0 }))
    .send({ type: 'start' })
    .send(exited);
  assert.equal(life.state.phase, 'failed');
  assert.equal(life.state.reason, 'is not started again, because restart.max is 0: exited with code 1');
});

test('spawns that fail do not count as restarts', () => {
  const life = play(restartPlan({ max: 1 })).send({ type: 'start' });
  for (let n = 0; n < 20; n++) life.send({ type: 'spawnFailed', reason: 'EAGAIN' }).expire();
  assert.deepEqual([life.state.phase, life.state.restarts], ['starting', 0]);
});

test('an early exit ends it when the policy says so, a later one does not', () => {
  const early = restartPlan({ early: 'give-up', minUptimeMs: 2000 });
  const life = () => play(early).send({ type: 'start' }).at(100).send({ type: 'ready' });
  assert.equal(life().at(1999).send(exited).state.phase, 'failed');
  assert.equal(
    life().at(1999).send(exited).state.reason,
    'gave up because it ended within 2 s (restart.minUptime): exited with code 1',
  );
  assert.equal(life().at(2000).send(exited).state.phase, 'backoff');
});

test('an early end for not being well is not an early exit', () => {
  const life = play(restartPlan({ early: 'give-up', minUptimeMs: 60_000 })).send({ type: 'start' });
  life.expire().send(exited);
  assert.equal(life.state.phase, 'backoff');
});

test('one that lived for the least uptime was well: its next crash is a first one', () => {
  const life = play(restartPlan({ minUptimeMs: 5000 })).send({ type: 'start' });
  life.send(exited).expire().send(exited).expire();
  const since = life.state.startedAt ?? 0;
  life
    .at(since)
    .send({ type: 'ready' })
    .at(since + 4999);
  assert.equal(life.send(exited).state.crashesInARow, 3);
  life.expire();
  const again = life.state.startedAt ?? 0;
  life
    .at(again)
    .send({ type: 'ready' })
    .at(again + 5000);
  assert.equal(life.send(exited).state.crashesInARow, 1);
});

test('a pause comes before every restart, also the first, and grows with the backoff', () => {
  const life = play(restartPlan({ delayMs: 1500 }))
    .send({ type: 'start' })
    .send({ type: 'ready' });
  const delays: number[] = [];
  for (let crash = 0; crash < 8; crash++) {
    const now = crash * 100_000;
    life.at(now).send(exited);
    delays.push((life.state.deadline ?? 0) - now);
    life.expire();
  }
  assert.deepEqual(delays, [1500, 1500, 1500, 1500, 1600, 3200, 6400, 12_800]);
});

test('a job waits until it is started, and again when it has ended, however it did', () => {
  const life = play({ job: true }).send({ type: 'wait', reason: 'waits for its time' });
  assert.deepEqual([life.state.phase, life.state.reason], ['done', 'waits for its time']);
  life.send({ type: 'start' }).send(exitWith(0));
  assert.equal(life.state.phase, 'done');
  life.send({ type: 'start' }).send({ type: 'ready' }).send(exitWith(7));
  assert.deepEqual([life.state.phase, life.state.reason], ['done', 'exited with code 7']);
  life.send({ type: 'start' }).send({ type: 'spawnFailed', reason: 'ENOENT' });
  assert.deepEqual([life.state.phase, life.state.exit], ['done', null]);
  life.send({ type: 'start' }).expire().send(exitWith(null, 'SIGTERM'));
  assert.deepEqual([life.state.phase, life.state.reason], ['done', 'not ready within 30 s']);
  assert.deepEqual(life.effects, ['spawn', 'spawn', 'spawn', 'spawn', 'stop']);
});

test('one that is hindered is tried for ever, and says why', () => {
  const hindrance = 'port 3000 is not held: `hold restart web` mends it';
  const life = play({ hindrance, ...restartPlan({ max: 2, early: 'give-up' }) }).send({ type: 'start' });
  for (let crash = 0; crash < 50; crash++) life.send(exited).expire();
  assert.equal(life.send(exited).state.phase, 'backoff');
  assert.equal(life.state.reason, `exited with code 1; ${hindrance}`);
});

test('forgiving sets all counts to 0 and changes nothing else', () => {
  const life = play().send({ type: 'start' }).send(exited).expire().send(exited);
  const { crashes, crashesInARow, restarts, ...rest } = life.state;
  assert.deepEqual([crashes.length, crashesInARow, restarts], [2, 2, 2]);
  assert.deepEqual(life.send({ type: 'forgive' }).state, {
    ...rest,
    crashes: [],
    crashesInARow: 0,
    restarts: 0,
  });
});

test('a random operator against a hostile app: no double spawn, no signal to nobody, no waiting without a deadline', () => {
  const event = fc.constantFrom<MachineEvent>(
    { type: 'start' },
    { type: 'stop' },
    { type: 'restart' },
    { type: 'wait', reason: 'waits for its time' },
    { type: 'forgive' },
    { type: 'ready' },
    { type: 'unhealthy', reason: 'x' },
    { type: 'unhealthy', reason: 'x', urgent: true },
    exited,
    exitWith(0),
    exitWith(3),
    exitWith(null, 'SIGKILL'),
    { type: 'spawnFailed', reason: 'EAGAIN' },
    { type: 'timeout' },
  );
  const anyPolicy = fc.record({
    job: fc.boolean(),
    hindrance: fc.constantFrom(null, 'x'),
    restart: fc
      .record({
        when: fc.constantFrom('always' as const, 'on-failure' as const, 'never' as const),
        stopCodes: fc.constantFrom([], [3]),
        max: fc.constantFrom(null, 0, 5),
        early: fc.constantFrom('retry' as const, 'give-up' as const),
        delayMs: fc.constantFrom(0, 500),
      })
      .map((given) => ({ ...usual.restart, ...given })),
  });
  const steps = fc.array(fc.tuple(event, fc.nat(20_000)), { maxLength: 300 });
  fc.assert(
    fc.property(anyPolicy, steps, (given, events) => {
      const policy = { ...usual, ...given };
      let state = initialState;
      let process = false;
      let now = 0;
      for (const [next, pause] of events) {
        now += pause;
        if ((next.type === 'exited' || next.type === 'spawnFailed') && !process) continue;
        if (next.type === 'spawnFailed' && state.phase === 'ready') continue;
        if (next.type === 'timeout' && state.deadline === null) continue;
        if (next.type === 'exited' || next.type === 'spawnFailed') process = false;
        const before = state;
        const context: Context = { now, random: 0.3, policy };
        const result = step(state, next, context);
        state = result.state;
        for (const effect of result.effects) {
          if (effect.type === 'spawn') {
            assert.equal(process, false, 'spawned twice');
            process = true;
          } else assert.equal(process, true, 'signalled nobody');
        }
        const waits = state.phase === 'starting' || state.phase === 'stopping' || state.phase === 'backoff';
        assert.equal(state.deadline !== null, waits, `${state.phase} with deadline ${state.deadline}`);
        const runs = state.phase === 'starting' || state.phase === 'ready' || state.phase === 'stopping';
        assert.equal(process, runs, `${state.phase} with a process: ${process}`);
        if (next.type === 'stop') assert.equal(state.wish, 'down');
        if (['backoff', 'failed', 'done'].includes(state.phase)) assert.equal(state.wish, 'up');
        if (policy.job) assert.ok(!['backoff', 'failed'].includes(state.phase), 'a job tries again');
        if (policy.restart.max !== null && policy.hindrance === null)
          assert.ok(state.restarts <= policy.restart.max, `restarted ${state.restarts} times`);
        // What asks for nothing changes no phase.
        if (next.type === 'forgive') assert.equal(state.phase, before.phase);
        if (next.type === 'wait' && before.phase !== 'down') assert.equal(state, before);
      }
    }),
    { numRuns: 1000 },
  );
});
