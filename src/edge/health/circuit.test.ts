import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { OutlierRules } from '../../protocol/traffic-rules.ts';
import { type CircuitEvent, type CircuitState, circuitStep, closedCircuit } from './circuit.ts';

const rules: OutlierRules = { failures: 3, ejectMs: 1_000, maxEjectMs: 4_000, maxShare: 0.5 };

/** Follows events; a number lets that many ms pass, and says so at the deadline. */
function play(story: readonly (CircuitEvent | number)[], mayOpen = true, from = closedCircuit, start = 0) {
  let state: CircuitState = from;
  let now = start;
  for (const part of story) {
    if (typeof part === 'number') {
      now += part;
      if (state.deadline !== 0 && state.deadline <= now)
        state = circuitStep(state, 'timeout', { now, rules, mayOpen });
    } else state = circuitStep(state, part, { now, rules, mayOpen });
  }
  return { state, now };
}

const open: readonly CircuitEvent[] = ['failure', 'failure', 'failure'];

const stories: readonly [name: string, story: readonly (CircuitEvent | number)[], phase: string][] = [
  ['a few failures are nothing', ['failure', 'failure'], 'closed'],
  ['as many as the rules say in a row open it', open, 'open'],
  [
    'an answer in between is a new beginning',
    ['failure', 'failure', 'success', 'failure', 'failure'],
    'closed',
  ],
  ['what was sent before changes nothing', [...open, 'success', 'failure', 999], 'open'],
  ['after its time it may be tried', [...open, 1_000], 'halfOpen'],
  ['one request tries it', [...open, 1_000, 'begun', 'begun'], 'trying'],
  ['that is answered: all is well', [...open, 1_000, 'begun', 'success'], 'closed'],
  ['that fails: it is out again', [...open, 1_000, 'begun', 'failure'], 'open'],
  ['that says nothing: the next one tries it', [...open, 1_000, 'begun', 'untold'], 'halfOpen'],
  ['that takes for ever: the next one tries it', [...open, 1_000, 'begun', 1_000], 'halfOpen'],
  ['a session that lives there can tell as well', [...open, 1_000, 'success'], 'closed'],
];

for (const [name, story, phase] of stories) {
  test(name, () => assert.equal(play(story).state.phase, phase));
}

test('it stays closed when too many are out, and opens with the next failure when they are not', () => {
  const { state, now } = play([...open, 'failure'], false);
  assert.equal(state.phase, 'closed');
  assert.equal(play(['failure'], true, state, now).state.phase, 'open');
});

test('each time it is out for twice as long, up to a limit, and less again for each such time that it was well', () => {
  const again = (ms: number): (CircuitEvent | number)[] => [ms, 'begun', 'failure'];
  const ejected = (story: readonly (CircuitEvent | number)[]) => play(story).state.ejectedMs;
  assert.equal(ejected(open), 1_000);
  assert.equal(ejected([...open, ...again(1_000)]), 2_000);
  assert.equal(ejected([...open, ...again(1_000), ...again(2_000), ...again(4_000)]), 4_000);
  const back = [...open, ...again(1_000), 2_000, 'begun', 'success'] as const;
  assert.equal(ejected([...back, ...open]), 4_000, 'at once');
  assert.equal(ejected([...back, 2_000, ...open]), 2_000, 'well for as long as it was out');
  assert.equal(ejected([...back, 100_000, ...open]), 1_000, 'well for long');
});

test('whatever happens: it is never stuck, never tried by two, and out no longer than the rules say', () => {
  const event = fc.constantFrom<CircuitEvent>('success', 'failure', 'begun', 'untold');
  const step = fc.record({ event, wait: fc.nat(3_000), mayOpen: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      let state: CircuitState = closedCircuit;
      let now = 0;
      for (const { event, wait, mayOpen } of steps) {
        now += wait;
        if (state.deadline !== 0 && state.deadline <= now)
          state = circuitStep(state, 'timeout', { now, rules, mayOpen });
        const before = state;
        state = circuitStep(state, event, { now, rules, mayOpen });
        if (state.phase === 'open' || state.phase === 'trying') {
          assert.ok(state.deadline > now && state.deadline <= now + rules.maxEjectMs);
        } else assert.equal(state.deadline, 0);
        if (before.phase === 'closed' && state.phase === 'open') assert.ok(mayOpen && state.failures >= 3);
        if (state.phase === 'trying' && before.phase !== 'trying') assert.equal(before.phase, 'halfOpen');
        assert.ok(state.ejectedMs <= rules.maxEjectMs);
      }
      // Answers bring it back, however it was.
      for (let i = 0; i < 3; i++) {
        now += rules.maxEjectMs;
        state = circuitStep(state, 'timeout', { now, rules, mayOpen: true });
        state = circuitStep(state, 'success', { now, rules, mayOpen: true });
      }
      assert.equal(state.phase, 'closed');
    }),
    { numRuns: 500 },
  );
});
