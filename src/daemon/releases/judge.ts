/** Is the new release worse than the one before? Compares what each did, and says in words what is wrong. Pure. */
import { quantile } from '../../kit/tally.ts';
import { formatDuration } from '../../kit/units.ts';
import { DURATION_CLASSES_MS } from '../../protocol/traffic-counts.ts';
import type { Figures } from './promotion.ts';

/** Fewer say nothing about the share of errors, or of slow ones. */
const ENOUGH = 20;
const ENOUGH_FOR_P95 = 200;
/** One may be anybody's. */
const LEAST_ERRORS = 3;
/** What is taken for normal when nothing is known of the release before. */
const USUAL_ERRORS = 0.05;
/** Two standard deviations: what is beyond on both sides is no chance. */
const Z = 2;
const SLOWER_TIMES = 3;
const SLOWER_MS = 100;

/** @returns what is wrong, for people; null = nothing that could be seen */
export function judgeTraffic(fresh: Figures, old: Figures): string | null {
  return judgeErrors(fresh, old) ?? judgeLatency(fresh, old);
}

export function judgeErrors(fresh: Figures, old: Figures): string | null {
  if (fresh.requests < ENOUGH || fresh.errors < LEAST_ERRORS) return null;
  const usual = old.requests < ENOUGH ? USUAL_ERRORS : interval(old).upper;
  if (interval(fresh).lower <= usual) return null;
  const share = Math.round((100 * fresh.errors) / fresh.requests);
  const before =
    old.requests === 0
      ? 'there are no figures of the release before'
      : `the release before had ${old.errors} of ${old.requests}`;
  return `5xx: ${fresh.errors} of ${fresh.requests} requests (${share} %), ${before}`;
}

export function judgeLatency(fresh: Figures, old: Figures): string | null {
  if (fresh.requests < ENOUGH_FOR_P95 || old.requests < ENOUGH_FOR_P95) return null;
  const [now, before] = [p95(fresh), p95(old)];
  if (now === null || before === null) return null;
  if (now <= SLOWER_TIMES * before || now - before <= SLOWER_MS) return null;
  const [slow, usual] = [now, before].map((ms) => formatDuration(Math.round(ms)));
  return `slow: 95 % of ${fresh.requests} requests took up to ${slow}, with the release before up to ${usual}`;
}

/**
 * @param crashes of the new release, since it is watched
 * @param before those of the release before: in the same time, and in the ten minutes before it
 */
export function judgeCrashes(crashes: number, before: number): string | null {
  if (crashes <= before) return null;
  const times = (count: number) => (count === 1 ? 'once' : `${count} times`);
  const old =
    before === 0 ? 'the release before did not' : `the release before did ${times(before)} in ten minutes`;
  return `crashed ${times(crashes)}, ${old}`;
}

/** Wilson's interval of the share of errors. */
function interval({ errors, requests: n }: Figures): { readonly lower: number; readonly upper: number } {
  const share = Math.min(1, errors / n);
  const middle = share + Z ** 2 / (2 * n);
  const spread = Z * Math.sqrt((share * (1 - share)) / n + Z ** 2 / (4 * n ** 2));
  const scale = 1 + Z ** 2 / n;
  return { lower: (middle - spread) / scale, upper: (middle + spread) / scale };
}

function p95({ durations }: Figures): number | null {
  // What is above the last class is taken as just that.
  const top = DURATION_CLASSES_MS.at(-1) ?? 0;
  const sums = durations.map((count, i) => count * (DURATION_CLASSES_MS[i] ?? top));
  return quantile({ ends: DURATION_CLASSES_MS, counts: durations, sums }, 0.95) ?? null;
}
