/**
 * Metrics as texts. Both formats are nearly the same: OpenMetrics 1.0 names a counter without `_total` in its head, and ends with `# EOF`;
 * Prometheus 0.0.4 knows no units and no `info`.
 */
import type { MetricFamily, MetricPoint, Metrics, TextFormat } from '../../protocol/metrics.ts';

export function textOf({ families }: Pick<Metrics, 'families'>, format: TextFormat): string {
  const lines = families.flatMap((family) => familyLines(family, format));
  if (format === 'openmetrics') lines.push('# EOF');
  return `${lines.join('\n')}\n`;
}

function familyLines(family: MetricFamily, format: TextFormat): string[] {
  const { name, type, help, unit, points } = family;
  const open = format === 'openmetrics';
  const ending = type === 'counter' ? '_total' : type === 'info' ? '_info' : '';
  const head = open ? name : `${name}${ending}`;
  return [
    `# TYPE ${head} ${type === 'info' && !open ? 'gauge' : type}`,
    ...(open && unit !== null ? [`# UNIT ${head} ${unit}`] : []),
    `# HELP ${head} ${escaped(help, open)}`,
    ...points.flatMap((point) => pointLines(name, ending, point)),
  ];
}

function pointLines(
  name: string,
  ending: string,
  { labels, value, histogram }: MetricPoint,
): readonly string[] {
  if (!histogram) return [`${name}${ending}${labelsOf(labels)} ${numberOf(value)}`];
  const { ends, counts, sum } = histogram;
  let below = 0;
  const buckets = counts.map((count, i) => {
    below += count;
    const end = ends[i];
    const le = end === undefined ? '+Inf' : floatOf(end);
    return `${name}_bucket${labelsOf({ ...labels, le })} ${below}`;
  });
  return [
    ...buckets,
    `${name}_sum${labelsOf(labels)} ${numberOf(sum)}`,
    `${name}_count${labelsOf(labels)} ${below}`,
  ];
}

function labelsOf(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value, true)}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

function escaped(text: string, quotes: boolean): string {
  if (!/[\\\n"]/.test(text)) return text;
  const plain = text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
  return quotes ? plain.replaceAll('"', '\\"') : plain;
}

function numberOf(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return '+Inf';
  if (value === Number.NEGATIVE_INFINITY) return '-Inf';
  return String(value);
}

/** OpenMetrics wants ends of classes to look like floats, and always the same. */
function floatOf(end: number): string {
  return Number.isInteger(end) ? `${end}.0` : String(end);
}
