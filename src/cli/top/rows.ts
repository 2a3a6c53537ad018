/** The rows of the live view: apps and below each its instances, with their figures; sorted and filtered. Pure. */
import { plus, quantile } from '../../kit/tally.ts';
import type { AppView, InstanceView, TrafficView } from '../../protocol/api.ts';
import type { Counts } from '../../protocol/traffic-counts.ts';
import { needsALook } from '../print/app-table.ts';

/** null = not known, such as requests of an app that is on a port of its own. */
export interface Figures {
  /** In a second. */
  readonly requests: number | null;
  /** Answers 5xx and requests that were not answered, in the time that `hold traffic` looks back. */
  readonly errors: number | null;
  /** In ms, until the answer begins. */
  readonly p99: number | null;
  /** Share of a core. */
  readonly cpu: number | null;
  /** In bytes. */
  readonly memory: number | null;
  /** In ms; of an app that of its worst instance. */
  readonly loop: number | null;
  readonly restarts: number;
  /** In ms; of an app that of its youngest instance. */
  readonly uptime: number | null;
}

export interface Row {
  /** Stays the same while the row means the same. */
  readonly key: string;
  readonly app: AppView;
  /** null: the row is the app's. */
  readonly instance: InstanceView | null;
  readonly figures: Figures;
}

export const sortColumns = [
  'name',
  'state',
  'requests',
  'errors',
  'p99',
  'cpu',
  'memory',
  'loop',
  'restarts',
  'uptime',
] as const;
export type SortColumn = (typeof sortColumns)[number];

export interface RowsOptions {
  readonly traffic: TrafficView | null;
  readonly sort: SortColumn;
  /** The other way round: names downwards, figures upwards. */
  readonly reversed: boolean;
  /** Every instance, not only those of apps in trouble. */
  readonly instances: boolean;
  /** Part of a name or a state; empty = everything. */
  readonly filter: string;
}

export function rowsOf(apps: readonly AppView[], options: RowsOptions): Row[] {
  const { traffic, sort, reversed, instances, filter } = options;
  const order = compare(sort, reversed);
  return apps
    .map((app): Row => ({ key: app.name, app, instance: null, figures: appFigures(app, traffic) }))
    .sort(order)
    .flatMap((row) => {
      const below = instanceRows(row.app, traffic).sort(order);
      if (filter !== '') {
        if (matches(row, filter)) return instances ? [row, ...below] : [row];
        const found = below.filter((each) => matches(each, filter));
        return found.length > 0 ? [row, ...found] : [];
      }
      return instances || needsALook(row.app) ? [row, ...below] : [row];
    });
}

function instanceRows(app: AppView, traffic: TrafficView | null): Row[] {
  const seen = new Set<string>();
  // During a reload two have the same id: the newer one keeps the place.
  const newestFirst = [...app.instances].sort((a, b) => b.serial - a.serial);
  const rows = newestFirst.map((instance): Row => {
    const isOld = seen.has(instance.id);
    seen.add(instance.id);
    const key = isOld ? `${instance.id}#${instance.serial}` : instance.id;
    return { key, app, instance, figures: instanceFigures(instance, isOld ? null : traffic) };
  });
  return rows.sort((a, b) => (a.instance?.slot ?? 0) - (b.instance?.slot ?? 0));
}

function matches({ app, instance }: Row, filter: string): boolean {
  const wanted = filter.toLowerCase();
  const words = instance ? [instance.id, instance.status] : [app.name, app.status, app.namespace ?? ''];
  return words.some((word) => word.toLowerCase().includes(wanted));
}

function instanceFigures(instance: InstanceView, traffic: TrafficView | null): Figures {
  const found = traffic?.instances.find((each) => each.instance === instance.id);
  return {
    ...trafficFigures(found?.recent, traffic),
    cpu: instance.cpu,
    memory: instance.memoryBytes,
    loop: instance.loopDelayMs,
    restarts: instance.restarts,
    uptime: instance.status === 'ready' ? instance.uptimeMs : null,
  };
}

function appFigures(app: AppView, traffic: TrafficView | null): Figures {
  const own = (traffic?.instances ?? []).filter((each) => each.app === app.name);
  const sum = own.reduce<(typeof own)[number]['recent'] | undefined>(
    (all, { recent }) => plus(recent, all),
    undefined,
  );
  const known = (of: (instance: InstanceView) => number | null) =>
    app.instances.flatMap((instance) => of(instance) ?? []);
  const cpu = known((instance) => instance.cpu);
  const memory = known((instance) => instance.memoryBytes);
  const loop = known((instance) => instance.loopDelayMs);
  const uptime = known(({ status, uptimeMs }) => (status === 'ready' ? uptimeMs : null));
  return {
    ...trafficFigures(sum, traffic),
    cpu: cpu.length > 0 ? total(cpu) : null,
    memory: memory.length > 0 ? total(memory) : null,
    loop: loop.length > 0 ? Math.max(...loop) : null,
    restarts: total(app.instances.map((instance) => instance.restarts)),
    uptime: uptime.length > 0 ? Math.min(...uptime) : null,
  };
}

function trafficFigures(
  counts: (Counts & { readonly failures: number }) | undefined,
  traffic: TrafficView | null,
): Pick<Figures, 'requests' | 'errors' | 'p99'> {
  if (!counts || !traffic) return { requests: null, errors: null, p99: null };
  const { durations, durationsMs } = counts;
  const histogram = { ends: traffic.durationClassesMs, counts: durations, sums: durationsMs };
  return {
    requests: counts.requests / (traffic.recentMs / 1000),
    errors: (counts.status[4] ?? 0) + counts.failures,
    p99: quantile(histogram, 0.99) ?? null,
  };
}

/** What is worst comes first. */
const gravity: Readonly<Record<string, number>> = {
  failed: 9,
  backoff: 8,
  degraded: 7,
  stopping: 6,
  draining: 5,
  starting: 4,
  ready: 3,
  running: 3,
  waiting: 2,
  done: 1,
};

function compare(sort: SortColumn, reversed: boolean): (a: Row, b: Row) => number {
  const sign = reversed ? -1 : 1;
  const byName = (a: Row, b: Row) => nameOf(a).localeCompare(nameOf(b), 'en', { numeric: true });
  if (sort === 'name') return (a, b) => sign * byName(a, b);
  const value = (row: Row) =>
    sort === 'state'
      ? (gravity[row.instance?.status ?? row.app.status] ?? 0)
      : (row.figures[sort] ?? Number.NEGATIVE_INFINITY);
  return (a, b) => {
    const [one, other] = [value(a), value(b)];
    return one === other ? byName(a, b) : sign * (other > one ? 1 : -1);
  };
}

function nameOf({ app, instance }: Row): string {
  return instance?.id ?? app.name;
}

function total(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0);
}
