import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { appPlan } from '../../test/support/plans.ts';
import { type Context, initialState, type MachineEvent, type MachineState, step } from './machine.ts';
import type { Policy } from './restart-policy.ts';

const policy: Policy = {
  readyTimeoutMs: 30_000,
  stopTimeoutMs: 10_000,
  restart: appPlan().restart,
  job: false,
  hindrance: null,
};

/** Plays events against the machine; time stands still unless told. */
function play(start: MachineState = initialState) {
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
    const quick: Policy = { ...policy, readyTimeoutMs: 100 };
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

test('a random operator against a hostile app: no double spawn, no signal to nobody, no waiting without a deadline', () => {
  const event = fc.constantFrom<MachineEvent>(
    { type: 'start' },
    { type: 'stop' },
    { type: 'restart' },
    { type: 'ready' },
    { type: 'unhealthy', reason: 'x' },
    exited,
    { type: 'spawnFailed', reason: 'EAGAIN' },
    { type: 'timeout' },
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(event, fc.nat(20_000)), { maxLength: 300 }), (events) => {
      let state = initialState;
      let process = false;
      let now = 0;
      for (const [next, pause] of events) {
        now += pause;
        if ((next.type === 'exited' || next.type === 'spawnFailed') && !process) continue;
        if (next.type === 'spawnFailed' && state.phase === 'ready') continue;
        if (next.type === 'timeout' && state.deadline === null) continue;
        if (next.type === 'exited' || next.type === 'spawnFailed') process = false;
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
      }
    }),
    { numRuns: 1000 },
  );
});
