/** The measures in the order in which they are kept. On disk each has its place, so new ones come last. */
import type { HistoryRange, Measure } from '../../protocol/history.ts';

export const MEASURES = [
  'requestsPerSecond',
  'errorsPerSecond',
  'p50Ms',
  'p95Ms',
  'p99Ms',
  'openWebSockets',
  'bytesOutPerSecond',
  'cpu',
  'memoryBytes',
  'loopDelayMs',
  'instances',
  'restarts',
  'load1',
  'memoryFreeBytes',
  'diskFreeBytes',
] as const satisfies readonly Measure[];

export type Row = { readonly [M in Measure]?: number | null };

/** How long a point stands for, and how many are kept. */
export interface Tier {
  readonly range: HistoryRange;
  readonly stepMs: number;
  readonly points: number;
}

const MINUTE_MS = 60_000;

export const TIERS: readonly Tier[] = [
  { range: '1h', stepMs: 10_000, points: 360 },
  { range: '24h', stepMs: 2 * MINUTE_MS, points: 720 },
  { range: '7d', stepMs: 15 * MINUTE_MS, points: 672 },
];

/** Series at a time. */
export const MOST_SERIES = 400;
