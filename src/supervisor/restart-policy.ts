/** What an exit means: whether an instance is started again, when, or why not. Pure. */
import type { RestartPlan } from '../config/plan.ts';
import { backoffDelay } from './backoff.ts';
import { type Exit, isFailure } from './exit.ts';

export interface Policy {
  readonly readyTimeoutMs: number;
  readonly stopTimeoutMs: number;
  readonly restart: RestartPlan;
  /** It is started by the clock, and never again after an exit. */
  readonly job: boolean;
  /**
   * Why it cannot start at present, which no crash of it will change and a person can mend: it does not count its crashes
   * for giving up. null: nothing is known against it.
   */
  readonly hindrance: string | null;
}

/** What is known when an instance has ended without being asked. */
export interface Ending {
  /** null: we ended it because it was not well. */
  readonly exit: Exit | null;
  /** How, in words. */
  readonly reason: string;
  readonly now: number;
  readonly startedAt: number | null;
  readonly readySince: number | null;
  /** When earlier crashes happened. */
  readonly crashes: readonly number[];
  readonly crashesInARow: number;
  /** Restarts so far. */
  readonly restarts: number;
}

export type Verdict =
  | { readonly next: 'done'; readonly reason: string }
  | {
      readonly next: 'again' | 'failed';
      readonly reason: string;
      readonly crashes: readonly number[];
      readonly crashesInARow: number;
    };

export function afterExit(ending: Ending, policy: Policy): Verdict {
  const { reason, now } = ending;
  const { giveUp } = policy.restart;
  if (staysEnded(ending.exit, policy)) return { next: 'done', reason };
  const crashes = [...ending.crashes, now].filter((time) => time > now - giveUp.withinMs);
  const { readySince } = ending;
  const wasWell = readySince !== null && now - readySince >= policy.restart.minUptimeMs;
  const crashesInARow = wasWell ? 1 : ending.crashesInARow + 1;
  if (policy.hindrance !== null) {
    const words = reason.includes(policy.hindrance) ? reason : `${reason}; ${policy.hindrance}`;
    return { next: 'again', reason: words, crashes: ending.crashes, crashesInARow };
  }
  const gaveUp = whyNotAgain(ending, crashes.length, policy.restart);
  return { next: gaveUp ? 'failed' : 'again', reason: gaveUp ?? reason, crashes, crashesInARow };
}

/** ms to the next start. */
export function nextDelay(
  crashesInARow: number,
  wasReady: boolean,
  restart: RestartPlan,
  random: number,
): number {
  return Math.max(restart.delayMs, backoffDelay(crashesInARow, wasReady, restart, random));
}

/** It is not to be started again, and that is how it should be. */
function staysEnded(exit: Exit | null, { restart, job }: Policy): boolean {
  if (job || restart.when === 'never') return true;
  if (exit === null) return false;
  if (exit.code !== null && restart.stopCodes.includes(exit.code)) return true;
  // Whether an exit that nobody saw was a failure is not known; to run once too often is the smaller harm.
  return restart.when === 'on-failure' && exit.code !== null && !isFailure(exit);
}

function whyNotAgain(ending: Ending, crashes: number, restart: RestartPlan): string | null {
  const { exit, reason, now, startedAt, restarts } = ending;
  const { giveUp, max, minUptimeMs } = restart;
  const uptime = now - (startedAt ?? now);
  if (restart.early === 'give-up' && exit !== null && uptime < minUptimeMs) {
    return `gave up because it ended within ${minUptimeMs / 1000} s (restart.minUptime): ${reason}`;
  }
  if (max !== null && restarts >= max) {
    if (max === 0) return `is not started again, because restart.max is 0: ${reason}`;
    const times = restarts === 1 ? 'once' : `${restarts} times`;
    return `gave up after it was started again ${times} (restart.max), the last: ${reason}`;
  }
  if (crashes >= giveUp.crashes) {
    return `gave up after ${crashes} crashes within ${giveUp.withinMs / 1000} s, the last: ${reason}`;
  }
  return null;
}
