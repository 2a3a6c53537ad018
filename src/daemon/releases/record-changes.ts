/** What a promotion writes into the records of releases. Pure. */
import type { ReleaseRecord, StepRecord } from '../../protocol/release.ts';
import type { StepName } from '../../protocol/release-rules.ts';
import { outcomeOf } from './machine.ts';
import type { Failure, Promotion, PromotionStep } from './promotion.ts';

type Change = (record: ReleaseRecord) => ReleaseRecord;

const iso = (ms: number): string => new Date(ms).toISOString();

/** A step begins; it is the one that runs already when a daemon goes on with it, or another share of the canary. */
export function stepBegun(step: PromotionStep, now: number): Change {
  return (record) => {
    if (step === 'rollback') return record;
    const outcome = step === 'bake' ? 'baking' : 'promoting';
    const served = step === 'bake' ? { servedFrom: record.servedFrom ?? iso(now), servedUntil: null } : {};
    const runs = record.steps.some(({ name, outcome: is }) => name === step && is === 'running');
    const steps = runs ? record.steps : [...record.steps, begun(step, now)];
    return { ...record, ...served, outcome, reason: null, steps };
  };
}

function begun(name: StepName, now: number): StepRecord {
  return { name, startedAt: iso(now), tookMs: null, outcome: 'running', note: null };
}

export function stepEnded(
  step: PromotionStep,
  outcome: 'done' | 'skipped' | 'failed',
  note: string | null,
  now: number,
): Change {
  return (record) => ({
    ...record,
    steps: record.steps.map((one) =>
      one.name === step && one.outcome === 'running'
        ? { ...one, outcome, note, tookMs: Math.max(0, now - Date.parse(one.startedAt)) }
        : one,
    ),
  });
}

/** It serves, for good. */
export function served(now: number): Change {
  return (record) => ({
    ...record,
    outcome: 'serving',
    reason: null,
    servedFrom: record.outcome === 'baking' ? record.servedFrom : iso(now),
    servedUntil: null,
  });
}

/**
 * It has not come to serve. Of one that is new, that it had traffic for a while is in its steps: nobody is to go back to it. One that
 * has served before may be gone back to all the same, when what was in its way is mended.
 */
export function fallen(kind: Promotion['kind'], failure: Failure): Change {
  return (record) => ({
    ...record,
    outcome: outcomeOf(failure),
    reason: failure.reason,
    ...(kind === 'deploy' && { servedFrom: null, servedUntil: null }),
  });
}

/** It served until now. `kind`: of what took its place. */
export function replaced(kind: Promotion['kind'], by: string, now: number): Change {
  return (record) => ({
    ...record,
    outcome: kind === 'rollback' ? 'rolledBack' : 'superseded',
    reason: kind === 'rollback' ? `rolled back to ${by} by a person` : null,
    servedUntil: iso(now),
  });
}

/** Everything was stopped, and so it served until now. */
export function stopped(now: number): Change {
  return (record) => ({
    ...record,
    outcome: 'superseded',
    reason: 'it was stopped with everything else',
    servedUntil: iso(now),
  });
}

/** It serves again, as if nothing had been. */
export function restored(): Change {
  return (record) => ({ ...record, outcome: 'serving', reason: null, servedUntil: null });
}
