/** How long to wait before the next start. Pure: the random number is a parameter. */
import type { RestartPlan } from '../config/plan.ts';

/**
 * Delay in ms before the start that follows crash number `crashesInARow` (1 = the first since it last was well).
 * The first crash of an instance that had been ready is answered at once: a crash must cost as little time as
 * possible. After that the delay doubles from `backoffMinMs` to `backoffMaxMs`, less a random part of up to a half,
 * so that instances that died together do not come back together.
 *
 * @param random 0 <= random < 1
 */
export function backoffDelay(
  crashesInARow: number,
  wasReady: boolean,
  policy: Pick<RestartPlan, 'backoffMinMs' | 'backoffMaxMs'>,
  random: number,
): number {
  if (crashesInARow <= 1 && wasReady) return 0;
  const doubled = policy.backoffMinMs * 2 ** Math.min(Math.max(crashesInARow - 1, 0), 30);
  const limited = Math.min(doubled, policy.backoffMaxMs);
  return Math.round(limited * (1 - random / 2));
}
