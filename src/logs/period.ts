/** Hours and days of the local time zone, at whose beginning logs are rotated. */
import type { LogPlan } from '../config/plan.ts';

export type Period = NonNullable<LogPlan['rotateEvery']>;

const LENGTH_MS: Readonly<Record<Period, number>> = { hour: 3_600_000, day: 86_400_000 };

/** When the period of `at` is over, in ms since the epoch. Days of 23 and 25 hours are days. */
export function periodEnd(at: number, every: Period): number {
  const date = new Date(at);
  if (every === 'hour') date.setMinutes(60, 0, 0);
  else date.setHours(24, 0, 0, 0);
  return date.getTime();
}

/** An end so far ahead means that the clock was wrong when it was computed, and is right now, or the other way round. */
export function isAbsurd(end: number, now: number, every: Period): boolean {
  return end - now > 2 * LENGTH_MS[every];
}
