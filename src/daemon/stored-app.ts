/** An app as desired state keeps it, and when a new plan makes what runs outdated. Pure. */
import type { AppPlan } from '../config/plan.ts';
import type { RolloutMode } from '../supervisor/rollout.ts';
import type { StoredApp } from './state.ts';

export function fresh(plan: AppPlan, source: string | null): StoredApp {
  return {
    plan,
    source,
    stopped: false,
    generation: 1,
    mode: 'rolling',
    previous: null,
    learned: [],
    idle: [],
    numbers: [],
  };
}

/** What stays idle when the app has this many slots; never all of them. */
export function stillIdle(idle: readonly number[], instances: number): readonly number[] {
  const left = idle.filter((slot) => slot < instances);
  return left.length < instances ? left : [];
}

/** The app with this plan, all of it started: a new generation when running instances would be outdated by it. */
export function renewed(
  old: StoredApp | undefined,
  plan: AppPlan,
  source: string | null,
  mode: RolloutMode,
  moved = false,
  /** It runs in another environment than what runs now, although its plan is the same. */
  surrounded = false,
): StoredApp {
  if (!old) return fresh(plan, source);
  if (!moved && !surrounded && !outdates(old.plan, plan))
    return { ...old, plan, source, idle: [], stopped: false };
  return {
    ...old,
    plan,
    source,
    idle: [],
    stopped: false,
    mode,
    learned: moved ? [] : old.learned,
    generation: old.generation + 1,
    previous: old.stopped || moved ? null : (old.previous ?? { plan: old.plan, generation: old.generation }),
  };
}

/**
 * Instances of the old plan must be replaced: all settings count but those that the daemon itself applies, and of which
 * nothing is fixed when a process starts.
 */
function outdates(old: AppPlan, next: AppPlan): boolean {
  const essence = ({
    instances: _instances,
    baseEnv: _baseEnv,
    project: _project,
    log: _log,
    sticky: _sticky,
    upstream: _upstream,
    watch: _watch,
    restart: { when, stopCodes },
    hold: _hold,
    drainMs: _drainMs,
    namespace: _namespace,
    after: _after,
    autostart: _autostart,
    ...rest
    // One that is done is asked again whether it is.
  }: AppPlan) => ({ ...rest, when, stopCodes });
  return canonical(essence(old)) !== canonical(essence(next));
}

/** JSON with sorted keys, so that the order of settings makes no difference. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    inner && typeof inner === 'object' && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}

/** The plan with new variables: those of the shell replace the old ones, `env` is added. */
export function withVariables(
  plan: AppPlan,
  env: Readonly<Record<string, string>> | undefined,
  baseEnv: Readonly<Record<string, string>> | undefined,
): AppPlan {
  return { ...plan, env: { ...plan.env, ...env }, baseEnv: baseEnv ?? plan.baseEnv };
}

/** Names of the variables that have another value, or are there in only one of the two; sorted. Never values. */
export function differingVariables(before: AppPlan, after: AppPlan): readonly string[] {
  const [old, next] = [before, after].map(({ env, baseEnv }) => ({ ...baseEnv, ...env })) as [
    Record<string, string>,
    Record<string, string>,
  ];
  const names = new Set([...Object.keys(old), ...Object.keys(next)]);
  return [...names].filter((name) => old[name] !== next[name]).sort();
}
