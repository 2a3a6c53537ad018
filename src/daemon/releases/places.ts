/** Which release of a project serves, and which did before. Pure. */
import { HoldfastError } from '../../errors.ts';
import type { PromotionView } from '../../protocol/release.ts';
import type { Failure, ProjectReleases, Promotion } from './promotion.ts';
import { shareOf } from './steps.ts';

type Places = Pick<ProjectReleases, 'serving' | 'previous'>;

/** While a step lasts: it has all of the traffic from the bake on. */
export function placesOf(promotion: Promotion, now: number): Places {
  return promotion.step === 'bake' ? taken(promotion, now) : asBefore(promotion);
}

export function placesAfter(promotion: Promotion, failure: Failure | null, now: number): Places {
  if (failure) return asBefore(promotion);
  return taken(promotion, promotion.step === 'bake' ? promotion.stepSince : now);
}

function taken({ release, from }: Promotion, since: number): Places {
  const serving = { release, since: new Date(since).toISOString() };
  return { serving, previous: from.serving?.release === release ? from.previous : from.serving };
}

function asBefore({ from: { serving, previous } }: Promotion): Places {
  return { serving, previous };
}

export function viewOf(project: string, { serving, previous, promotion }: ProjectReleases): PromotionView {
  return {
    project,
    serving: serving?.release ?? null,
    previous: previous?.release ?? null,
    promotion: promotion && {
      release: promotion.release,
      step: promotion.step,
      share: promotion.step === 'canary' ? shareOf(promotion) : null,
      until: untilOf(promotion),
    },
  };
}

function untilOf({ step, stepSince, plan: { release } }: Promotion): string | null {
  if (step === 'canary') return new Date(stepSince + release.canaryStepMs).toISOString();
  return step === 'bake' ? new Date(stepSince + release.bakeMs).toISOString() : null;
}

/** The answer to whoever asked for a promotion that came to nothing. */
export function refusal({ release, from }: Promotion, failure: Failure): HoldfastError {
  const last = from.serving?.release;
  const hint = last === undefined ? 'No release served before it' : whatServes(last, failure);
  return new HoldfastError(
    'RELEASE_REFUSED',
    `Release "${release}" does not serve (${failure.step}): ${failure.reason}`,
    { hint: `${hint}; \`hold releases show ${release}\` says what happened`, details: failure.details },
  );
}

function whatServes(last: string, { step, stranded = false }: Failure): string {
  // Until the rollout it has had all but a share of the traffic.
  const still = step === 'trial' || step === 'canary';
  if (!stranded) return `"${last}" ${still ? 'still serves' : 'serves again'}`;
  return `"${last}" was to serve again, and that has failed, too: look at \`hold ls\`, and try \`hold rollback ${last}\``;
}
