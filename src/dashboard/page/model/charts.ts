/** Which charts an app, a site and the machine have, and their points. */
import type { History, HistoryRange, Measure } from '../../../protocol/history.ts';
import { formatCount, formatCpu, formatMs, formatSize } from './format.ts';

export interface Curve {
  readonly measure: Measure;
  readonly label: string;
  /** Number of its colour in the style sheet. */
  readonly color: 1 | 2 | 3;
}

export interface ChartPlan {
  readonly title: string;
  readonly curves: readonly Curve[];
  readonly format: (value: number | null | undefined) => string;
}

export const ranges: readonly {
  readonly range: HistoryRange;
  readonly label: string;
  readonly spoken: string;
}[] = [
  { range: '1h', label: '1 h', spoken: 'the last hour' },
  { range: '24h', label: '24 h', spoken: 'the last 24 hours' },
  { range: '7d', label: '7 d', spoken: 'the last 7 days' },
];

export const charts: readonly ChartPlan[] = [
  {
    title: 'Requests per second',
    curves: [
      { measure: 'requestsPerSecond', label: 'requests', color: 1 },
      { measure: 'errorsPerSecond', label: 'errors', color: 3 },
    ],
    format: formatCount,
  },
  {
    title: 'Latency',
    curves: [
      { measure: 'p50Ms', label: 'p50', color: 1 },
      { measure: 'p95Ms', label: 'p95', color: 2 },
      { measure: 'p99Ms', label: 'p99', color: 3 },
    ],
    format: formatMs,
  },
  { title: 'Memory', curves: [{ measure: 'memoryBytes', label: 'memory', color: 1 }], format: formatSize },
  { title: 'CPU', curves: [{ measure: 'cpu', label: 'of a core', color: 1 }], format: formatCpu },
  {
    title: 'Event loop delay',
    curves: [{ measure: 'loopDelayMs', label: 'delay', color: 1 }],
    format: formatMs,
  },
  {
    title: 'Open WebSockets',
    curves: [{ measure: 'openWebSockets', label: 'open', color: 1 }],
    format: formatCount,
  },
  {
    title: 'Load',
    curves: [{ measure: 'load1', label: 'of one minute', color: 1 }],
    format: formatCount,
  },
  {
    title: 'Free memory',
    curves: [{ measure: 'memoryFreeBytes', label: 'free', color: 1 }],
    format: formatSize,
  },
  {
    title: 'Free disk',
    curves: [{ measure: 'diskFreeBytes', label: 'free', color: 1 }],
    format: formatSize,
  },
  {
    title: 'Instances and restarts',
    curves: [
      { measure: 'instances', label: 'ready', color: 1 },
      { measure: 'restarts', label: 'restarts', color: 3 },
    ],
    format: formatCount,
  },
];

/** Those charts of which the history has at least one point. */
export function chartsOf(history: History): readonly ChartPlan[] {
  return charts
    .map((chart) => ({
      ...chart,
      curves: chart.curves.filter(({ measure }) =>
        history.measures[measure]?.some((point) => point !== null),
      ),
    }))
    .filter((chart) => chart.curves.length > 0);
}

/** Columns as uPlot wants them: times in seconds, then each curve. */
export function columnsOf(history: History, chart: ChartPlan): (number | null)[][] {
  const rows = chart.curves.map(({ measure }) => [...(history.measures[measure] ?? [])]);
  const length = Math.max(...rows.map((row) => row.length));
  const times = Array.from({ length }, (_, n) => (history.from + n * history.stepMs) / 1000);
  return [times, ...rows.map((row) => [...row, ...Array(length - row.length).fill(null)])];
}

/** For those who do not see the curve: the newest and the largest value of each. */
export function chartInWords(history: History, chart: ChartPlan): string {
  const spoken = ranges.find(({ range }) => range === history.range)?.spoken ?? history.range;
  const parts = chart.curves.map(({ measure, label }) => {
    const points = (history.measures[measure] ?? []).filter((point) => point !== null);
    return `${label} now ${chart.format(points.at(-1))}, at most ${chart.format(Math.max(...points))}`;
  });
  return `${chart.title} of ${spoken}: ${parts.join('; ')}`;
}
