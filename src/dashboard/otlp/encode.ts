/**
 * Metrics as OTLP in its JSON encoding: https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding and the proto of metrics, version 1.
 * 64-bit integers are texts there. Counters and histograms are cumulative sums since the daemon began to count. Pure.
 */
import type { MetricFamily, MetricPoint, Metrics } from '../../protocol/metrics.ts';

/** AGGREGATION_TEMPORALITY_CUMULATIVE */
const CUMULATIVE = 2;

const units = { seconds: 's', bytes: 'By' } as const;

export interface Resource {
  readonly host: string;
  readonly version: string;
}

/** `ExportMetricsServiceRequest` */
export function otlpMetrics({ since, families }: Metrics, now: number, { host, version }: Resource): object {
  const resource = { 'service.name': 'holdfast', 'service.version': version, 'host.name': host };
  const times = { startTimeUnixNano: nanoseconds(Math.min(since, now)), timeUnixNano: nanoseconds(now) };
  return {
    resourceMetrics: [
      {
        resource: { attributes: attributes(resource) },
        scopeMetrics: [
          {
            scope: { name: 'holdfast', version },
            metrics: families.map((family) => metric(family, times)),
          },
        ],
      },
    ],
  };
}

interface Times {
  readonly startTimeUnixNano: string;
  readonly timeUnixNano: string;
}

function metric({ name: own, type, help: description, unit, points }: MetricFamily, times: Times): object {
  // As in the texts: Prometheus, where it takes OTLP, adds `_total` itself, and `_ratio` to what has the unit 1.
  const name = type === 'info' ? `${own}_info` : own;
  const about = { name, description, ...(unit !== null && { unit: units[unit] }) };
  if (type === 'histogram') {
    const dataPoints = points.map((point) => histogramPoint(point, times));
    return { ...about, histogram: { aggregationTemporality: CUMULATIVE, dataPoints } };
  }
  if (type === 'counter') {
    const dataPoints = points.map((point) => ({ ...numberPoint(point, times), ...times }));
    return { ...about, sum: { aggregationTemporality: CUMULATIVE, isMonotonic: true, dataPoints } };
  }
  return { ...about, gauge: { dataPoints: points.map((point) => numberPoint(point, times)) } };
}

function numberPoint({ labels, value }: MetricPoint, { timeUnixNano }: Times): object {
  return { attributes: attributes(labels), timeUnixNano, asDouble: value };
}

function histogramPoint({ labels, value, histogram }: MetricPoint, times: Times): object {
  const { ends = [], counts = [], sum = 0 } = histogram ?? {};
  return {
    attributes: attributes(labels),
    ...times,
    count: String(value),
    sum,
    bucketCounts: counts.map(String),
    explicitBounds: ends,
  };
}

function attributes(values: Readonly<Record<string, string>>): object[] {
  return Object.entries(values).map(([key, value]) => ({ key, value: { stringValue: value } }));
}

function nanoseconds(ms: number): string {
  return `${Math.floor(ms)}000000`;
}
