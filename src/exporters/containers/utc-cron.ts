/** Platforms that start jobs by five fields of cron, in UTC, and know no more. */
import type { AppPlan } from '../../config/plan.ts';
import type { Lost } from '../losses.ts';

export function isUtcCron({ expression, timezone }: NonNullable<AppPlan['job']>): boolean {
  return (
    /^(?:[\d*/,A-Za-z-]+ ){4}[\d*/,A-Za-z-]+$/.test(expression) && /^(?:Etc\/)?UTC$/.test(timezone ?? 'UTC')
  );
}

/** @param timeout what becomes of a run that takes too long */
export function utcCronLost(platform: string, job: AppPlan['job'], timeout: string): Lost {
  if (!job) return undefined;
  if (!isUtcCron(job)) return `${platform} knows five fields in UTC only: nothing starts it by the clock`;
  return {
    timezone: job.timezone === null ? 'times are in UTC' : undefined,
    missed: job.missed === 'run' ? 'what was missed is not done later' : undefined,
    timeout: job.timeoutMs === null ? undefined : timeout,
  };
}
