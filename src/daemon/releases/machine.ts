/**
 * The steps of a promotion: trial, each share of the canary, rollout, bake; and from each of them the way back. Pure: what becomes
 * of a promotion when something has happened. Carried out by releases.ts.
 */
import type { Failure, Promotion, PromotionStep } from './promotion.ts';

export type PromotionEvent =
  /** The step is done. */
  | { readonly type: 'passed' }
  | { readonly type: 'failed'; readonly reason: string; readonly details: readonly string[] }
  /** A person wants the way back now. */
  | { readonly type: 'abort' }
  /** A person does not want to watch any longer. */
  | { readonly type: 'continue' };

export type Course =
  | { readonly kind: 'step'; readonly promotion: Promotion }
  /** `failure: null`: it serves. */
  | { readonly kind: 'over'; readonly failure: Failure | null }
  /** This cannot be done now. */
  | { readonly kind: 'refused'; readonly why: string };

/** The step that a promotion begins with: a rollback is neither tried nor watched. */
export function firstStep(kind: Promotion['kind']): PromotionStep {
  return kind === 'rollback' ? 'rollout' : 'trial';
}

/** @param shares of the traffic that can be given to it, rising; empty when no site leads to it */
export function advance(
  promotion: Promotion,
  event: PromotionEvent,
  { shares, now }: { readonly shares: readonly number[]; readonly now: number },
): Course {
  const to = (step: PromotionStep, more: Partial<Promotion> = {}): Course => ({
    kind: 'step',
    promotion: { ...promotion, step, stepSince: now, ...more },
  });
  const back = (reason: string, details: readonly string[], aborted: boolean): Course =>
    to('rollback', { failure: { step: promotion.step, reason, details, aborted } });
  const { kind, step, shareIndex, plan, failure } = promotion;
  const nextShare = (index: number): Course =>
    index < shares.length ? to('canary', { shareIndex: index }) : to('rollout');
  const watched = step === 'canary' || step === 'bake';

  switch (event.type) {
    case 'continue':
      if (!watched) return { kind: 'refused', why: `there is nothing to skip in the step "${step}"` };
      return advance(promotion, { type: 'passed' }, { shares, now });
    case 'abort':
      if (step === 'rollback') return { kind: 'refused', why: 'it is being rolled back already' };
      return back('it was aborted', [], true);
    case 'failed':
      if (step !== 'rollback' || !failure) return back(event.reason, event.details, false);
      return {
        kind: 'over',
        failure: {
          ...failure,
          stranded: true,
          reason: `${failure.reason}; and then, on the way back: ${event.reason}`,
          details: [...failure.details, ...event.details],
        },
      };
    case 'passed':
      if (step === 'trial') return nextShare(0);
      if (step === 'canary') return nextShare(shareIndex + 1);
      if (step === 'rollout' && kind === 'deploy' && plan.release.bakeMs > 0) return to('bake');
      return { kind: 'over', failure };
  }
}

/** What `hold releases` calls it: `failed` never had all of the traffic. */
export function outcomeOf(failure: Failure): 'failed' | 'rolledBack' | 'abandoned' {
  if (failure.step === 'bake') return 'rolledBack';
  return failure.aborted ? 'abandoned' : 'failed';
}
