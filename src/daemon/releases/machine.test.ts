import assert from 'node:assert/strict';
import { test } from 'node:test';
import { promotionOf, releasePlan } from '../../../test/support/promotion.ts';
import { advance, type Course, firstStep, outcomeOf, type PromotionEvent } from './machine.ts';
import type { Failure, Promotion, PromotionStep } from './promotion.ts';

const steps: readonly PromotionStep[] = ['trial', 'canary', 'rollout', 'bake', 'rollback'];
const failed: PromotionEvent = { type: 'failed', reason: 'it is ill', details: ['err | oh'] };
const failure: Failure = { step: 'canary', reason: 'first', details: [], aborted: false };

/** In short: the step that follows, `over`, `over!` with a failure, or `refused`. */
function short(course: Course): string {
  if (course.kind === 'step') {
    const { step, shareIndex } = course.promotion;
    return step === 'canary' ? `canary ${shareIndex}` : step;
  }
  if (course.kind === 'refused') return 'refused';
  return course.failure ? 'over!' : 'over';
}

function after(given: Partial<Promotion>, event: PromotionEvent, shares: readonly number[] = []): string {
  return short(advance(promotionOf(given), event, { shares, now: 5 }));
}

test('every step goes on as it should, whatever happens', () => {
  const table: Record<PromotionStep, Record<PromotionEvent['type'], string>> = {
    trial: { passed: 'canary 0', failed: 'rollback', abort: 'rollback', continue: 'refused' },
    canary: { passed: 'canary 1', failed: 'rollback', abort: 'rollback', continue: 'canary 1' },
    rollout: { passed: 'bake', failed: 'rollback', abort: 'rollback', continue: 'refused' },
    bake: { passed: 'over', failed: 'rollback', abort: 'rollback', continue: 'over' },
    rollback: { passed: 'over!', failed: 'over!', abort: 'refused', continue: 'refused' },
  };
  const events: readonly PromotionEvent[] = [
    { type: 'passed' },
    failed,
    { type: 'abort' },
    { type: 'continue' },
  ];
  for (const step of steps) {
    for (const event of events) {
      const given = { step, failure: step === 'rollback' ? failure : null };
      assert.equal(after(given, event, [0.1, 0.5]), table[step][event.type], `${step} ${event.type}`);
    }
  }
});

test('what is not wanted, or cannot be, is left out', () => {
  assert.equal(after({ step: 'trial' }, { type: 'passed' }), 'rollout', 'no canary');
  assert.equal(after({ step: 'canary', shareIndex: 1 }, { type: 'passed' }, [0.1, 0.5]), 'rollout');
  assert.equal(after({ step: 'rollout', plan: releasePlan({ bakeMs: 0 }) }, { type: 'passed' }), 'over');
  assert.equal(firstStep('rollback'), 'rollout');
  assert.equal(after({ step: 'rollout', kind: 'rollback' }, { type: 'passed' }), 'over');
});

test('a failure says in which step, and what went wrong on the way back as well', () => {
  const back = advance(promotionOf({ step: 'bake' }), failed, { shares: [], now: 5 });
  assert.ok(back.kind === 'step' && back.promotion.failure);
  assert.deepEqual(back.promotion.failure, {
    step: 'bake',
    reason: 'it is ill',
    details: ['err | oh'],
    aborted: false,
  });
  assert.equal(back.promotion.stepSince, 5);
  const twice = advance(back.promotion, { ...failed, reason: 'gone' }, { shares: [], now: 6 });
  assert.ok(twice.kind === 'over');
  assert.equal(twice.failure?.reason, 'it is ill; and then, on the way back: gone');
  assert.equal(twice.failure.stranded, true);
});

test('outcomes', () => {
  const rows: [PromotionStep, boolean, string][] = [
    ['trial', false, 'failed'],
    ['rollout', false, 'failed'],
    ['canary', true, 'abandoned'],
    ['bake', false, 'rolledBack'],
    ['bake', true, 'rolledBack'],
  ];
  for (const [step, aborted, outcome] of rows)
    assert.equal(outcomeOf({ ...failure, step, aborted }), outcome);
});
