/** What is kept of the last week as numbers over time: `GET /v1/history?series=&range=` of the control API. */

/** `total`: all of the home. `app:web`, `instance:web.0`, `site:example.com`, `host`: this machine. */
export type SeriesName = string;

export type HistoryRange = '1h' | '24h' | '7d';

/** One measure of a series; which of them a series has depends on what it is about. */
export type Measure =
  // Of sites, apps, instances and the total: of what went over the edges.
  | 'requestsPerSecond'
  | 'errorsPerSecond' // answers of class 5xx
  | 'p50Ms'
  | 'p95Ms'
  | 'p99Ms'
  | 'openWebSockets'
  | 'bytesOutPerSecond'
  // Of apps, instances and the total.
  | 'cpu' // 1 = one core
  | 'memoryBytes'
  | 'loopDelayMs'
  | 'instances' // ready
  | 'restarts' // in the step
  // Of the host.
  | 'load1'
  | 'memoryFreeBytes'
  | 'diskFreeBytes';

export interface History {
  readonly series: SeriesName;
  readonly range: HistoryRange;
  readonly stepMs: number;
  /** Unix time in ms of the first point; each further one is `stepMs` later. */
  readonly from: number;
  /** One row of points for each measure that the series has; null where nothing was measured. */
  readonly measures: { readonly [M in Measure]?: readonly (number | null)[] };
}
