/** A plan as it is in a container: the environment of the container is that of its apps, and logs are on their way out. Pure. */
import type { AppPlan, Plan, RestartPlan } from '../../config/plan.ts';

/** A log that is only passed on: as much as a reader may be behind, since it may lie in memory (tmpfs). */
const PASSED_ON = {
  rotateBytes: 8 * 1024 ** 2,
  rotateEvery: null,
  keep: 2,
  totalBytes: 24 * 1024 ** 2,
} as const;

/** Who wants so many crashes in so little time wants no end. */
const SHORTEST_MS = 100;

/**
 * The pauses between crashes grow to where `giveUpAfter` would hardly be reached, and the engine, who could act, would not hear of it: in
 * a container they stay so short that it is.
 */
function reachable(restart: RestartPlan): RestartPlan {
  const { giveUp, backoffMinMs, backoffMaxMs } = restart;
  const longest = Math.floor(giveUp.withinMs / (4 * giveUp.crashes));
  if (longest < SHORTEST_MS) return restart;
  return {
    ...restart,
    backoffMinMs: Math.min(backoffMinMs, longest),
    backoffMaxMs: Math.min(backoffMaxMs, longest),
  };
}

/** @param isTemporary nobody looks at the files of the log later */
export function containerPlan(plan: Plan, env: NodeJS.ProcessEnv, isTemporary: boolean): Plan {
  const given = Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) =>
      value === undefined || name.startsWith('HOLDFAST_') ? [] : [[name, value] as const],
    ),
  );
  const inContainer = (app: AppPlan): AppPlan => ({
    ...app,
    baseEnv: { ...given, ...app.baseEnv },
    restart: reachable(app.restart),
    log: isTemporary ? { ...app.log, ...PASSED_ON, compress: false } : app.log,
  });
  return {
    ...plan,
    apps: Object.fromEntries(Object.entries(plan.apps).map(([name, app]) => [name, inContainer(app)])),
  };
}
