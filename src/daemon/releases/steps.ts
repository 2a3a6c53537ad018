/** Carries out the steps of a promotion: each is an `up` of a plan that was made for it, and what has to be seen then. */
import type { Plan, Probe } from '../../config/plan.ts';
import { HoldfastError } from '../../errors.ts';
import type { Clock } from '../../kit/clock.ts';
import type { Change, OutputLine, TrafficView } from '../../protocol/api.ts';
import type { Instance } from '../../supervisor/instance.ts';
import type { Supervisor } from '../../supervisor/supervisor.ts';
import type { Problem } from '../probe.ts';
import type { DesiredState } from '../state.ts';
import type { UpOptions } from '../up.ts';
import type { CrashLog } from './crash-log.ts';
import { pointBack, targetOf, writeCurrent } from './current-link.ts';
import { nextName } from './next-name.ts';
import type { Promotion } from './promotion.ts';
import { canaryApps, canaryPlan, emptied, rolloutPlan, trialPlan, triedApps } from './stages.ts';
import { withOthers } from './standing.ts';
import { tryOut } from './trial.ts';
import { watch } from './watch.ts';

export interface StepsOptions {
  readonly clock: Clock;
  readonly operations: { up(next: Plan, how?: UpOptions): Promise<Change[]> };
  readonly supervisor: Pick<Supervisor, 'app'>;
  readonly prober: { ask(instance: Instance, probe: Probe, timeoutMs: number): Promise<Problem> };
  readonly crashes: Pick<CrashLog, 'all' | 'onCrash'>;
  state(): DesiredState;
  traffic(): Pick<TrafficView, 'instances'>;
  lastLines(key: string): readonly OutputLine[];
}

/** What was seen, for people; null = nothing that is worth a word. */
export type Note = string | null;

/** Longer than anything takes to end. */
const BUSY_MS = 120_000;
const BUSY_LOOK_MS = 100;

const nothingStopped = { stopped: [], idle: {} } as const;

/** Shares of the traffic that a release can be given before it gets all. */
export function sharesOf({ kind, plan, before }: Promotion): readonly number[] {
  const can = kind === 'deploy' && canaryApps(before?.plan ?? null, plan).length > 0;
  return can ? plan.release.canary : [];
}

export function shareOf(promotion: Promotion): number {
  return promotion.plan.release.canary[promotion.shareIndex] ?? 1;
}

export class Steps {
  readonly #options: StepsOptions;

  constructor(options: StepsOptions) {
    this.#options = options;
  }

  /** Does it, or does the rest of it: a daemon that comes in between does it again. @throws FailedStep, HoldfastError */
  carryOut(promotion: Promotion, signal: AbortSignal): Promise<Note> {
    switch (promotion.step) {
      case 'trial':
        return this.#try(promotion, signal);
      case 'canary':
        return this.#canary(promotion, signal);
      case 'rollout':
        return this.#rollOut(promotion, signal);
      case 'bake':
        return watch(promotion, promotion.plan.release.bakeMs, this.#options, signal);
      case 'rollback':
        return this.#goBack(promotion, signal);
    }
  }

  async #try({ before, plan: next }: Promotion, signal: AbortSignal): Promise<Note> {
    const tried = triedApps(next);
    if (tried.length === 0) return 'no app of it gets requests';
    const plan = trialPlan(this.#standing(before?.plan ?? emptied(next), next), next);
    const waitFor = tried.map(nextName);
    await this.#up(plan, {
      keep: before ?? nothingStopped,
      waitFor,
      signal,
    });
    const instances = waitFor.flatMap((name) => this.#options.supervisor.app(name)?.current ?? []);
    return tryOut(next, instances, this.#options);
  }

  async #canary(promotion: Promotion, signal: AbortSignal): Promise<Note> {
    const { before, plan: next } = promotion;
    const share = shareOf(promotion);
    const stands = this.#standing(before?.plan ?? emptied(next), next);
    await this.#up(canaryPlan(stands, next, share), {
      keep: before ?? nothingStopped,
      waitFor: canaryApps(stands, next).map(nextName),
      signal,
    });
    const seen = await watch(promotion, next.release.canaryStepMs, this.#options, signal);
    return `${Math.round(share * 100)} %: ${seen}`;
  }

  async #rollOut(promotion: Promotion, signal: AbortSignal): Promise<Note> {
    const { before, plan: next, root, release } = promotion;
    const share = sharesOf(promotion).at(-1);
    const how = { inherit: true, signal };
    if (before && share !== undefined) await this.#up(rolloutPlan(before.plan, next, share), how);
    await this.#up(next, how);
    signal.throwIfAborted();
    writeCurrent(root, targetOf(release));
    return null;
  }

  /** All as it was. Apps that the release has not touched are not waited for: they may have been ill before. */
  async #goBack(promotion: Promotion, signal: AbortSignal): Promise<Note> {
    const { before, plan: next, failure } = promotion;
    const untouched = failure?.step === 'trial' || failure?.step === 'canary';
    const plan = this.#standing(before?.plan ?? emptied(next), next);
    await this.#up(plan, {
      keep: before ?? nothingStopped,
      signal,
      ...(untouched && { waitFor: [] }),
    });
    signal.throwIfAborted();
    pointBack(promotion);
    return null;
  }

  /** Something else may be ending just now, such as what an `up` has removed that was overtaken: it is waited for. */
  async #up(plan: Plan, how: UpOptions & { readonly signal: AbortSignal }): Promise<void> {
    const { clock, operations } = this.#options;
    const patience = clock.now() + BUSY_MS;
    for (;;) {
      try {
        await operations.up(plan, { insist: true, ...how });
        return;
      } catch (error) {
        const isBusy = error instanceof HoldfastError && error.code === 'BUSY';
        if (!isBusy || how.signal.aborted || clock.now() > patience) throw error;
        await new Promise<void>((resolve) => clock.after(BUSY_LOOK_MS, resolve));
      }
    }
  }

  #standing(plan: Plan, next: Plan): Plan {
    return withOthers(plan, next, this.#options.state());
  }
}
