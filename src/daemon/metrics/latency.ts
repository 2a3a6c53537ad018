/** Durations for outside: fewer classes than are counted, for each is a series there. */
import type { MetricHistogram } from '../../protocol/metrics.ts';
import { type Counts, DURATION_CLASSES_MS } from '../../protocol/traffic-counts.ts';

/** Each is one of DURATION_CLASSES_MS, so that nothing has to be guessed. */
export const LATENCY_ENDS_MS: readonly number[] = [
  5, 10, 20, 50, 100, 200, 300, 500, 1_000, 2_000, 5_000, 10_000, 30_000,
];

export function histogramOf({ durations, durationsMs }: Counts): MetricHistogram {
  const counts = Array.from({ length: LATENCY_ENDS_MS.length + 1 }, () => 0);
  for (const [i, count] of durations.entries()) {
    const end = DURATION_CLASSES_MS[i] ?? Number.POSITIVE_INFINITY;
    const found = LATENCY_ENDS_MS.findIndex((one) => end <= one);
    const at = found === -1 ? LATENCY_ENDS_MS.length : found;
    counts[at] = (counts[at] ?? 0) + count;
  }
  return {
    ends: LATENCY_ENDS_MS.map((ms) => ms / 1000),
    counts,
    sum: durationsMs.reduce((sum, ms) => sum + ms, 0) / 1000,
  };
}
