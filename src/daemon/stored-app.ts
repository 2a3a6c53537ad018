/** An app as desired state keeps it, and when a new plan makes what runs outdated. Pure. */
import type { AppPlan } from '../config/plan.ts';
import type { RolloutMode } from '../supervisor/rollout.ts';
import type { StoredApp } from './state.ts';

export function fresh(plan: AppPlan, source: string | null): StoredApp {
  return { plan, source, stopped: false, generation: 1, mode: 'rolling', previous: null, learned: [] };
}

/** The app with this plan: a new generation when running instances would be outdated by it. */
export function renewed(
  old: StoredApp | undefined,
  plan: AppPlan,
  source: string | null,
  mode: RolloutMode,
  moved = false,
): StoredApp {
  if (!old) return fresh(plan, source);
  if (!moved && !outdates(old.plan, plan)) return { ...old, plan, source, stopped: false };
  return {
    ...old,
    plan,
    source,
    stopped: false,
    mode,
    learned: moved ? [] : old.learned,
    generation: old.generation + 1,
    previous: old.stopped || moved ? null : (old.previous ?? { plan: old.plan, generation: old.generation }),
  };
}

/** Instances of the old plan must be replaced: all settings but those that the daemon itself applies count. */
function outdates(old: AppPlan, next: AppPlan): boolean {
  const essence = ({
    instances: _i,
    baseEnv: _b,
    log: _l,
    sticky: _s,
    hold: _h,
    drainMs: _d,
    ...rest
  }: AppPlan) => rest;
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
