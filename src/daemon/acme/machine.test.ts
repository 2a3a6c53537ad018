import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  type CertificateEvent,
  type CertificateState,
  initialState,
  renewalTime,
  step,
  triesOf,
} from './machine.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const MIDDLE = 0.5;

/** Events at a time, one after the other. */
function after(
  state: CertificateState,
  now: number,
  ...events: readonly CertificateEvent[]
): CertificateState {
  return events.reduce((before, event) => step(before, event, now, MIDDLE), state);
}

const look = { type: 'looked' } as const;
const begin = { type: 'began' } as const;
const fail = { type: 'failed', retryAfterMs: null } as const;

test('without a certificate one is due at once; with one, at two thirds of its life or up to a twentieth before', () => {
  assert.equal(after(initialState(null, null, 0, MIDDLE), 0, look).phase, 'due');
  const validity = { notBefore: 0, notAfter: 90 * DAY };
  assert.equal(renewalTime(validity, 0), 60 * DAY);
  assert.equal(renewalTime(validity, 1), 55.5 * DAY);
  const served = initialState(validity, null, DAY, 0);
  assert.equal(after(served, 60 * DAY - 1, look).phase, 'rests');
  assert.equal(after(served, 60 * DAY, look).phase, 'due');
});

test('tries follow one another slower and slower: five in the first hour, at least one in twelve', () => {
  let state = initialState(null, null, 0, MIDDLE);
  const begun: number[] = [];
  for (let now = 0; begun.length < 9; now = state.at) {
    state = after(state, now, look, begin, fail);
    begun.push(now);
  }
  assert.deepEqual(
    begun.filter((at) => at < HOUR),
    [0, MINUTE, 4 * MINUTE, 13 * MINUTE, 40 * MINUTE],
  );
  assert.equal((begun[8] ?? 0) - (begun[7] ?? 0), 12 * HOUR);
});

test('a server that wants to be left alone is, for a day at most', () => {
  const ordering = after(initialState(null, null, 0, MIDDLE), 0, look, begin);
  assert.equal(after(ordering, 0, { type: 'failed', retryAfterMs: 3 * HOUR }).at, 3 * HOUR);
  assert.equal(after(ordering, 0, { type: 'failed', retryAfterMs: 1000 }).at, MINUTE);
  assert.equal(after(ordering, 0, { type: 'failed', retryAfterMs: 400 * DAY }).at, DAY);
});

test('a daemon that died in mid order is followed by a pause, not by the same order', () => {
  const died = after(initialState(null, null, 0, MIDDLE), 0, look, begin);
  const next = initialState(null, triesOf(died), 5, MIDDLE);
  assert.equal(after(next, 5, look).phase, 'rests');
  assert.equal(after(next, MINUTE, look).phase, 'due');
});

test('a clock that is set forward makes it due, one that is set back does not make it wait for years', () => {
  const failed = after(initialState(null, null, 400 * DAY, MIDDLE), 400 * DAY, look, begin, fail);
  assert.equal(after(failed, 500 * DAY, look).phase, 'due');
  const back = after(failed, 0, look);
  assert.ok(back.at <= 12 * HOUR, String(back.at));
});

test('a certificate that is old when it comes is not renewed in a circle', () => {
  const ordering = after(initialState(null, null, 0, MIDDLE), 10 * DAY, look, begin);
  const validity = { notBefore: 0, notAfter: 11 * DAY };
  const state = after(ordering, 10 * DAY, { type: 'obtained', validity });
  assert.equal(after(state, 10 * DAY + 1, look).phase, 'rests');
});

test('the authority may want it renewed earlier, never later; a person may want another try', () => {
  const served = initialState({ notBefore: 0, notAfter: 90 * DAY }, null, DAY, 0);
  assert.equal(after(served, DAY, { type: 'advised', at: 2 * DAY }).at, 2 * DAY);
  assert.equal(after(served, DAY, { type: 'advised', at: 80 * DAY }).at, 60 * DAY);
  assert.equal(after(served, DAY, { type: 'asked' }).at, 60 * DAY);
  const failed = after(initialState(null, null, 0, MIDDLE), 0, look, begin, fail);
  assert.equal(after(failed, 10, { type: 'asked' }, look).phase, 'due');
  const silenced = after(failed, MINUTE, look, begin, { type: 'failed', retryAfterMs: HOUR });
  assert.equal(after(silenced, 2 * MINUTE, { type: 'asked' }, look).phase, 'rests');
  assert.equal(after(silenced, 61 * MINUTE, look).phase, 'due');
});

test('whatever happens in whatever order, the certificate stays, and no two tries begin within 45 seconds unless asked for', () => {
  const event: fc.Arbitrary<CertificateEvent> = fc.oneof(
    fc.constant(look),
    fc.constant(begin),
    fc.record({ type: fc.constant('failed' as const), retryAfterMs: fc.option(fc.nat(2 * DAY)) }),
    fc.record({ type: fc.constant('advised' as const), at: fc.nat(100 * DAY) }),
  );
  const steps = fc.array(fc.tuple(event, fc.nat(2 * HOUR), fc.double({ min: 0, max: 0.99, noNaN: true })));
  fc.assert(
    fc.property(steps, (all) => {
      const validity = { notBefore: 0, notAfter: 30 * DAY };
      let state = initialState(validity, null, 0, MIDDLE);
      let now = 25 * DAY;
      let last = Number.NEGATIVE_INFINITY;
      for (const [what, ms, random] of all) {
        now += ms;
        const next = step(state, what, now, random);
        if (state.phase === 'due' && next.phase === 'ordering') {
          assert.ok(now - last >= 0.75 * MINUTE, `${last} then ${now}`);
          last = now;
        }
        state = next;
        assert.deepEqual(state.validity, validity);
      }
    }),
    { numRuns: 300 },
  );
});
