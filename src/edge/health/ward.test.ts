import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FakeClock } from '../../kit/clock.ts';
import { answerTimedOut, badAnswer, connectFailed, died } from '../failure.ts';
import { Sweeper } from '../sweeper.ts';
import { Target } from '../target.ts';
import { Ward } from './ward.ts';

const NOW = 1_000_000;

function wardOf(count: number, maxShare: number, failures = 1) {
  const sweeper = new Sweeper(
    new FakeClock(NOW),
    () => {},
    (error) => assert.ifError(error),
  );
  const targets = Array.from({ length: count }, (_, i) => {
    const id = `web.${i}#1`;
    return new Target({ id, address: { path: '/nowhere' }, guest: false, state: 'ready' }, sweeper);
  });
  const notices: string[] = [];
  const ward = new Ward((text) => notices.push(text));
  ward.follow({ failures, ejectMs: 1_000, maxEjectMs: 8_000, maxShare }, targets);
  return { ward, targets, notices, out: () => targets.filter(({ ejected }) => ejected).length };
}

test('what counts as a failure of a target, and what does not', () => {
  const failures = [
    [connectFailed('x'), false, true],
    [died('x'), false, true],
    [badAnswer('x'), false, true],
    [answerTimedOut(), true, true],
    // An idle connection may end at any time.
    [died('x'), true, false],
    [connectFailed('EPIPE'), true, false],
  ] as const;
  for (const [failure, reused, counts] of failures) {
    const { ward, targets, out } = wardOf(2, 0.5);
    ward.failed(targets[0] as Target, failure, reused, NOW);
    assert.equal(out(), counts ? 1 : 0, `${failure.cause}, ${failure.retryable}, ${reused}`);
  }
  for (const [status, counts] of [
    [502, 1],
    [503, 1],
    [504, 1],
    [500, 0],
    [501, 0],
    [404, 0],
    [200, 0],
  ] as const) {
    const { ward, targets, out } = wardOf(2, 0.5);
    ward.answered(targets[0] as Target, status, NOW);
    assert.equal(out(), counts, `${status}`);
  }
});

test('an answer of 500 is an answer: it ends a row of failures', () => {
  const { ward, targets, out } = wardOf(2, 0.5, 2);
  for (const status of [503, 500, 503]) ward.answered(targets[0] as Target, status, NOW);
  assert.equal(out(), 0);
});

test('only who tries a target decides: not what was sent before it was out, nor who tried it before', () => {
  const { ward, targets, out } = wardOf(2, 0.5);
  const target = targets[0] as Target;
  ward.answered(target, 503, NOW);
  ward.tick(NOW + 1_000);
  // Sent before.
  ward.answered(target, 200, NOW + 1_000);
  ward.answered(target, 503, NOW + 1_000);
  assert.deepEqual([out(), target.circuit.phase], [1, 'halfOpen']);
  const first = ward.begun(target, NOW + 1_000);
  assert.ok(first > 0);
  assert.equal(ward.begun(target, NOW + 1_000), 0);
  ward.failed(target, died('x'), false, NOW + 1_000);
  ward.answered(target, 200, NOW + 1_000);
  assert.equal(target.circuit.phase, 'trying');
  // It takes for ever: the next one tries it.
  ward.tick(NOW + 2_000);
  const second = ward.begun(target, NOW + 2_000);
  assert.notEqual(second, first);
  ward.failed(target, died('x'), false, NOW + 2_000, first);
  ward.untold(target, NOW + 2_000, first);
  assert.equal(target.circuit.phase, 'trying');
  ward.answered(target, 200, NOW + 2_000, second);
  assert.equal(out(), 0);
});

test('without rules nobody is out, and who was is not any more', () => {
  const { ward, targets, out } = wardOf(2, 0.5);
  ward.answered(targets[0] as Target, 503, NOW);
  assert.equal(out(), 1);
  ward.follow(null, targets);
  assert.equal(out(), 0);
  ward.answered(targets[0] as Target, 503, NOW);
  assert.equal(out(), 0);
});

test('however they fail: no more are out than may be, and never the last; what is said of them adds up', () => {
  const happening = fc.record({
    target: fc.nat(5),
    status: fc.constantFrom(200, 503),
    begun: fc.boolean(),
    wait: fc.nat(900),
  });
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 6 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.array(happening, { maxLength: 60 }),
      (count, maxShare, happenings) => {
        const { ward, targets, notices, out } = wardOf(count, maxShare);
        let now = NOW;
        for (const { target: which, status, begun, wait } of happenings) {
          now += wait;
          ward.tick(now);
          const target = targets[which % count] as Target;
          const probe = begun ? ward.begun(target, now) : 0;
          ward.answered(target, status, now, probe);
          assert.ok(out() <= Math.min(Math.floor(maxShare * count + 1e-9), count - 1));
        }
        const ejected = notices.filter((text) => / is ejected for [1248] s /.test(text)).length;
        const restored = notices.filter((text) => text.endsWith(' is restored')).length;
        assert.equal(ejected + restored, notices.length);
        assert.equal(
          targets.reduce((sum, { ejections }) => sum + ejections, 0),
          ejected,
        );
      },
    ),
    { numRuns: 200 },
  );
});
