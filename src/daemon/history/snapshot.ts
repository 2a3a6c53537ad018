/** A reading by series, and what happened between two of them. Pure. */
import { minus, plus, quantile } from '../../kit/tally.ts';
import { type Counts, DURATION_CLASSES_MS } from '../../protocol/traffic-counts.ts';
import type { InstanceReading, Reading } from '../metrics/reading.ts';
import { isNext } from '../releases/next-name.ts';
import type { Row } from './measures.ts';

/** Of one series: what only grows, and what is as it is. */
export interface SeriesReading {
  readonly counts: Counts | null;
  readonly bytesOut: number | null;
  readonly restarts: number | null;
  readonly now: Row;
}

export interface Snapshot {
  readonly at: number;
  readonly series: ReadonlyMap<string, SeriesReading>;
}

export function snapshotOf({ at, apps, traffic, host }: Reading): Snapshot {
  const series = new Map<string, SeriesReading>();
  const shown = apps.filter(({ name }) => !isNext(name));
  const routes = traffic?.routes ?? [];
  const sockets = new Map(traffic?.instances.map((one) => [one.instance, one.openWebSockets]));
  const socketsOf = (instances: readonly InstanceReading[]): Row => {
    const known = instances.flatMap(({ id }) => sockets.get(id) ?? []);
    return known.length > 0 ? { openWebSockets: total(known) } : {};
  };
  for (const { name, instances } of shown) {
    const own = routes.filter(({ app }) => app === name);
    const now = { ...usage(instances), ...socketsOf(instances) };
    series.set(`app:${name}`, { ...countsOf(own), restarts: restartsOf(instances), now });
    for (const one of instances) {
      const found = traffic?.instances.find(({ instance }) => instance === one.id);
      const counts = found ? found.counts : null;
      const row = { ...usage([one]), ...socketsOf([one]) };
      series.set(`instance:${one.id}`, { counts, bytesOut: null, restarts: one.restarts, now: row });
    }
  }
  for (const { site, openWebSockets } of traffic?.sites ?? []) {
    const own = routes.filter((route) => route.site === site);
    series.set(`site:${site}`, { ...countsOf(own), restarts: null, now: { openWebSockets } });
  }
  const all = shown.flatMap(({ instances }) => instances);
  const open = traffic ? { openWebSockets: total(traffic.sites.map((site) => site.openWebSockets)) } : {};
  series.set('total', { ...countsOf(routes), restarts: restartsOf(all), now: { ...usage(all), ...open } });
  if (host) {
    const { load1, memoryFreeBytes, diskFreeBytes } = host;
    const now = { load1, memoryFreeBytes, diskFreeBytes };
    series.set('host', { counts: null, bytesOut: null, restarts: null, now });
  }
  return { at, series };
}

/** What happened since `before`; what is new since then began with nothing. */
export function rowsBetween(before: Snapshot, after: Snapshot): Map<string, Row> {
  const seconds = Math.max(0.001, (after.at - before.at) / 1000);
  return new Map(
    [...after.series].map(([name, is]) => {
      const was = before.series.get(name);
      const restarts = is.restarts === null ? {} : { restarts: grown(is.restarts, was?.restarts) };
      const bytes =
        is.bytesOut === null ? {} : { bytesOutPerSecond: grown(is.bytesOut, was?.bytesOut ?? 0) / seconds };
      return [
        name,
        { ...is.now, ...traffic(is.counts, was?.counts ?? null, seconds), ...bytes, ...restarts },
      ];
    }),
  );
}

function traffic(is: Counts | null, was: Counts | null, seconds: number): Row {
  if (!is) return {};
  const since = was && was.requests <= is.requests ? minus(is, was) : is;
  const { durations: counts, durationsMs: sums } = since;
  const of = (part: number) => quantile({ ends: DURATION_CLASSES_MS, counts, sums }, part) ?? null;
  return {
    requestsPerSecond: since.requests / seconds,
    errorsPerSecond: (since.status[4] ?? 0) / seconds,
    p50Ms: of(0.5),
    p95Ms: of(0.95),
    p99Ms: of(0.99),
  };
}

/** 0 when it has begun anew, or was not there. */
function grown(is: number, was: number | null | undefined): number {
  return Math.max(0, is - (was ?? is));
}

function countsOf(
  routes: readonly { readonly counts: Counts & { readonly bytesOut: number } }[],
): Pick<SeriesReading, 'counts' | 'bytesOut'> {
  const [first, ...rest] = routes.map(({ counts }) => counts);
  if (!first) return { counts: null, bytesOut: null };
  const { requests, status, durations, durationsMs, bytesOut } = first;
  const sum = rest.reduce((so, one) => plus(so, one), { requests, status, durations, durationsMs, bytesOut });
  return { counts: sum, bytesOut: sum.bytesOut };
}

function usage(instances: readonly InstanceReading[]): Row {
  const known = <T>(value: (one: InstanceReading) => T | null): T[] =>
    instances.flatMap((one) => value(one) ?? []);
  const delays = known(({ loopDelayMs }) => loopDelayMs);
  return {
    instances: instances.filter(({ status }) => status === 'ready').length,
    cpu: sumOf(known(({ cpu }) => cpu)),
    memoryBytes: sumOf(known(({ memoryBytes }) => memoryBytes)),
    loopDelayMs: delays.length > 0 ? Math.max(...delays) : null,
  };
}

function restartsOf(instances: readonly InstanceReading[]): number {
  return total(instances.map(({ restarts }) => restarts));
}

function sumOf(values: readonly number[]): number | null {
  return values.length > 0 ? total(values) : null;
}

function total(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}
