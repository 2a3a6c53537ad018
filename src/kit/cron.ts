/** Cron expressions as questions about time. The library that answers them runs nothing here and keeps no timers. */
import { Cron } from 'croner';

/** All times in ms since the epoch. */
export interface Schedule {
  /** The first planned time after this one; null when there is none any more. */
  next(after: number): number | null;
  /** The newest planned time that has come by now; null when there was none. */
  latest(now: number): number | null;
  /** How many planned times lie after `from`, up to and including `to`; counts no further than `limit`. */
  count(from: number, to: number, limit: number): number;
}

/**
 * Five fields, six with seconds first, or a nickname such as `@daily`, see crontab(5). When the clocks change, fixed times (no `*`
 * in hour and minute) run exactly once: one that does not exist that day runs when the gap ends, one that exists twice
 * runs the first time. Steps such as `*\/5` just go on in real time.
 *
 * @param timezone IANA name; null = this machine's
 * @throws TypeError, RangeError when there is no such expression or time zone
 */
export function schedule(expression: string, timezone: string | null): Schedule {
  const cron = new Cron(expression, {
    paused: true,
    fixedTimeRule: 'no-wildcard',
    ...(timezone !== null && { timezone }),
  });
  const next = (after: number) => cron.nextRun(new Date(after))?.getTime() ?? null;
  return {
    next,
    // The library leaves out a time that is exactly `now`.
    latest: (now) => cron.previousRuns(1, new Date(now + 1))[0]?.getTime() ?? null,
    count(from, to, limit) {
      let count = 0;
      for (let time = next(from); time !== null && time <= to && count < limit; time = next(time)) count += 1;
      return count;
    },
  };
}
