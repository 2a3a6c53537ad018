/**
 * Numbers for programs outside, as a structure of its own: `GET /v1/metrics?format=json` of the control API. Prometheus' texts and OTLP
 * are made of it. Units are seconds and bytes; names and types as of OpenMetrics 1.0.
 */

export interface MetricFamily {
  /** Without the endings `_total`, `_bucket` …, which the encodings add. */
  readonly name: string;
  /** info: its labels say something, its value is always 1. */
  readonly type: 'counter' | 'gauge' | 'histogram' | 'info';
  /** One line. */
  readonly help: string;
  readonly unit: 'seconds' | 'bytes' | null;
  readonly points: readonly MetricPoint[];
}

export interface MetricPoint {
  readonly labels: Readonly<Record<string, string>>;
  /** Of a histogram: how many values there were. */
  readonly value: number;
  readonly histogram?: MetricHistogram;
}

export interface MetricHistogram {
  /** Upper ends of the classes, rising; one more class is for what is above the last. */
  readonly ends: readonly number[];
  /** How many are in each class, by itself. */
  readonly counts: readonly number[];
  /** All values together. */
  readonly sum: number;
}

export interface Metrics {
  /** Unix time in ms since when counters count. */
  readonly since: number;
  readonly families: readonly MetricFamily[];
}

export type TextFormat = 'openmetrics' | 'prometheus';

export const contentTypes: Readonly<Record<TextFormat, string>> = {
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
  prometheus: 'text/plain; version=0.0.4; charset=utf-8',
};

/** Which one an `Accept` field asks for. */
export function formatFor(accept: string | undefined): TextFormat {
  return /application\/openmetrics-text/i.test(accept ?? '') ? 'openmetrics' : 'prometheus';
}
