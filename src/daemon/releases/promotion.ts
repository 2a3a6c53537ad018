/** A promotion as desired state keeps it: all that a new daemon needs to go on. */
import { completedAppPlan, completedEdgePlan, completedSitePlan } from '../../config/completed-plans.ts';
import type { Plan } from '../../config/plan.ts';
import { releaseDefaults } from '../../config/release-defaults.ts';

/** `rollback` is the way back after a failure; a person's `hold rollback` is a promotion of the other release. */
export type PromotionStep = 'trial' | 'canary' | 'rollout' | 'bake' | 'rollback';

/** What is there of one configuration: its plan as it is now, and what people have stopped of it. */
export interface Standing {
  readonly plan: Plan;
  readonly stopped: readonly string[];
  /** By app: the slots that are stopped while others run. */
  readonly idle: Readonly<Record<string, readonly number[]>>;
}

export interface Placed {
  readonly release: string;
  /** ISO 8601; since when it serves, or served. */
  readonly since: string;
}

/** Requests of an app, as instances have answered them. */
export interface Figures {
  readonly requests: number;
  /** Answered with 5xx, or not at all. */
  readonly errors: number;
  /** By DURATION_CLASSES_MS. */
  readonly durations: readonly number[];
}

/** How the release before did, to compare with. */
export interface Past extends Figures {
  readonly crashes: number;
}

export interface Failure {
  readonly step: PromotionStep;
  readonly reason: string;
  /** Further lines, such as the last output. */
  readonly details: readonly string[];
  /** A person wanted it so. */
  readonly aborted: boolean;
  /** The way back has failed as well: nobody can say what runs. */
  readonly stranded?: boolean;
}

export interface Promotion {
  readonly kind: 'deploy' | 'rollback';
  readonly release: string;
  readonly root: string;
  readonly plan: Plan;
  /** Who asked, if that is known. */
  readonly by: string | null;
  /** ms since the epoch. */
  readonly startedAt: number;
  /** The boot of the machine in which it began, see `bootId`; null: an older version has begun it, which did not keep it. */
  readonly boot: string | null;
  readonly step: PromotionStep;
  /** Which of `release.canary`. */
  readonly shareIndex: number;
  /** When the step began; ms since the epoch. */
  readonly stepSince: number;
  /** Null: this is the first release, and there is nothing to go back to. */
  readonly before: Standing | null;
  /** By app. */
  readonly past: Readonly<Record<string, Past>>;
  /** What served, and where `current` led, when it began. */
  readonly from: {
    readonly serving: Placed | null;
    readonly previous: Placed | null;
    readonly current: string | null;
    /** The file that the apps came from before the first deploy; null: there was none. */
    readonly source: string | null;
  };
  /** Set on the way back. */
  readonly failure: Failure | null;
}

/** Of one project. */
export interface ProjectReleases {
  /** Where `current` and the records are; null: an older version has promoted, which did not keep it. */
  readonly root: string | null;
  readonly serving: Placed | null;
  readonly previous: Placed | null;
  readonly promotion: Promotion | null;
  /**
   * How apps do when no bad release has been in between: what the last one that failed was compared with, and until when (ms since the
   * epoch) that is better than what was counted since.
   */
  readonly usual: { readonly past: Promotion['past']; readonly until: number } | null;
}

export const noReleases: ProjectReleases = {
  root: null,
  serving: null,
  previous: null,
  promotion: null,
  usual: null,
};

/** As an older version may have stored it, which knew less. */
export function completedReleases(stored: ProjectReleases): ProjectReleases {
  const { promotion } = stored;
  if (!promotion) return { ...noReleases, ...stored };
  const before = promotion.before && { ...promotion.before, plan: completedPlan(promotion.before.plan) };
  return {
    ...noReleases,
    ...stored,
    promotion: { ...promotion, boot: promotion.boot ?? null, before, plan: completedPlan(promotion.plan) },
  };
}

function completedPlan(plan: Plan): Plan {
  return {
    ...plan,
    apps: mapped(plan.apps, completedAppPlan),
    sites: mapped(plan.sites, completedSitePlan),
    edge: completedEdgePlan(plan.edge),
    release: { ...releaseDefaults, ...plan.release },
  };
}

function mapped<T>(record: Readonly<Record<string, T>>, change: (value: T) => T): Record<string, T> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, change(value)]));
}
