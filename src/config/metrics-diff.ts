/** What differs in `metrics`, in the words of the configuration file. Tokens and headers are secrets, and not printed. */
import { isDeepStrictEqual } from 'node:util';
import { formatDuration } from '../kit/units.ts';
import { metricsDefaults } from './metrics-defaults.ts';
import type { MetricsPlan } from './plan.ts';

interface MetricsChange {
  readonly kind: 'add' | 'change' | 'remove';
  readonly what: 'metrics';
  readonly name: string;
  readonly detail: readonly string[];
}

const rows: readonly (readonly [name: string, print: (plan: MetricsPlan) => string])[] = [
  ['listen', ({ listen }) => (listen ? `${listen.host}:${listen.port}` : 'nowhere')],
  ['otlp', ({ otlp }) => (otlp ? `${new URL(otlp.url).host} every ${formatDuration(otlp.everyMs)}` : 'off')],
  ['alerts.errors', ({ alerts }) => printShare(alerts.errorShare)],
  ['alerts.disk', ({ alerts }) => printShare(alerts.diskFreeShare)],
  [
    'alerts.certificate',
    ({ alerts: { certificateMs } }) => (certificateMs === null ? 'off' : formatDuration(certificateMs)),
  ],
  ['alerts.crashes', ({ alerts }) => String(alerts.crashes)],
  ['alerts.watchdog', ({ alerts }) => String(alerts.watchdog)],
];

/** A client of an older version says nothing of it. */
export function metricsChange(
  before: MetricsPlan,
  after: MetricsPlan | undefined = metricsDefaults,
): MetricsChange[] {
  if (isDeepStrictEqual(before, after)) return [];
  const about = { what: 'metrics', name: 'metrics' } as const;
  if (isDeepStrictEqual(after, metricsDefaults)) return [{ kind: 'remove', ...about, detail: [] }];
  const kind = isDeepStrictEqual(before, metricsDefaults) ? 'add' : 'change';
  const detail = rows.flatMap(([name, print]) => {
    const [was, is] = [print(before), print(after)];
    if (was === is) return [];
    return kind === 'add' ? [`${name} ${is}`] : [`${name} ${was} -> ${is}`];
  });
  return [{ kind, ...about, detail: detail.length > 0 ? detail : ['its secrets'] }];
}

function printShare(share: number | null): string {
  return share === null ? 'off' : `${Number((share * 100).toFixed(2))}%`;
}
