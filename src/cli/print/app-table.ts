/** `hold ls`: what somebody who was called at night wants to see in five seconds. */
import { formatBytes, formatDuration } from '../../kit/units.ts';
import type { AppStatus, AppView, InstanceStatus, InstanceView } from '../../protocol/api.ts';
import type { Style } from './style.ts';
import { type Cell, type Column, table } from './table.ts';
import { plain } from './text.ts';

const columns: readonly Column[] = [
  { head: 'NAME', shrink: 12, comfort: 24 },
  { head: 'STATUS' },
  { head: 'READY', align: 'right' },
  { head: 'RESTARTS', align: 'right', drop: 1 },
  { head: 'UPTIME', align: 'right', drop: 2 },
  { head: 'MEMORY', align: 'right', drop: 3 },
  { head: 'CPU', align: 'right', drop: 4 },
  // The reasons stand here too: what one came for is never left out.
  { head: 'URL', shrink: 12, comfort: 28 },
];

/** An app here, or on a host of a target. */
export type ShownApp = AppView & { readonly host?: string };

export interface AppTableOptions {
  readonly width: number;
  readonly style: Style;
  /** Every instance of every app; otherwise of those whose instances are not all alike. */
  readonly all?: boolean;
  /** In ms since the epoch. */
  readonly now?: number;
}

export function appTable(
  apps: readonly ShownApp[],
  { width, style, all = false, now = Date.now() }: AppTableOptions,
): string[] {
  const isRemote = apps.some(({ host }) => host !== undefined);
  const placed = (app: ShownApp, row: Cell[]): Cell[] => (isRemote ? [app.host ?? '', ...row] : row);
  const rows = apps.flatMap((app) => [
    placed(app, appRow(app, style, now)),
    ...(all || needsALook(app)
      ? app.instances.map((instance) => placed(app, instanceRow(instance, style)))
      : []),
  ]);
  return table(isRemote ? [{ head: 'HOST' }, ...columns] : columns, rows, { width, paintHead: style.dim });
}

/** Its instances are not simply all well, or all stopped. */
export function needsALook(app: AppView): boolean {
  const [first] = app.instances;
  if (!first) return false;
  if (app.status === 'done' || isResting(app)) return false;
  if (app.status !== 'running' && app.status !== 'stopped') return true;
  return app.instances.some(
    (instance) => instance.status !== first.status || instance.restarts !== first.restarts,
  );
}

/** A job between two runs. */
function isResting(app: AppView): boolean {
  return app.status === 'waiting' && app.nextRun !== null;
}

/** Nothing of it should run now. */
function isIdle(app: AppView): boolean {
  return app.status === 'done' || isResting(app);
}

export function readyCount(app: AppView): number {
  return app.instances.filter((instance) => instance.status === 'ready').length;
}

export function formatCpu(share: number | null): string {
  return share === null ? '-' : `${Math.round(share * 100)}%`;
}

export function paintStatus(status: AppStatus | InstanceStatus, style: Style): (text: string) => string {
  return style[tones[status]];
}

const tones = {
  running: 'green',
  ready: 'green',
  starting: 'yellow',
  degraded: 'yellow',
  draining: 'yellow',
  stopping: 'yellow',
  backoff: 'red',
  failed: 'red',
  stopped: 'dim',
  down: 'dim',
  done: 'dim',
  waiting: 'dim',
} as const satisfies Record<AppStatus | InstanceStatus, keyof Style>;

function appRow(app: AppView, style: Style, now: number): Cell[] {
  const uptimes = app.instances.flatMap(({ status, uptimeMs }) =>
    status === 'ready' ? (uptimeMs ?? []) : [],
  );
  const ready = readyCount(app);
  const wanted = app.status === 'stopped' ? 0 : app.wanted;
  return [
    { text: app.name, paint: style.bold },
    { text: app.status, paint: paintStatus(app.status, style) },
    isIdle(app) ? '-' : { text: `${ready}/${wanted}`, paint: ready < wanted ? style.red : same },
    restarts(sum(app.instances.map((instance) => instance.restarts)) ?? 0, style),
    // Of the youngest, because that is the one that tells of trouble.
    uptimes.length > 0 ? formatDuration(Math.min(...uptimes)) : '-',
    bytes(sum(app.instances.map((instance) => instance.memoryBytes))),
    formatCpu(sum(app.instances.map((instance) => instance.cpu))),
    app.nextRun === null
      ? { text: app.urls.join(' '), paint: style.cyan }
      : { text: `runs in ${formatDuration(Math.max(0, Date.parse(app.nextRun) - now))}`, paint: style.dim },
  ];
}

function instanceRow(instance: InstanceView, style: Style): Cell[] {
  return [
    { text: `  ${instance.id}`, paint: same },
    { text: instance.status, paint: paintStatus(instance.status, style) },
    '',
    restarts(instance.restarts, style),
    instance.uptimeMs === null ? '-' : formatDuration(instance.uptimeMs),
    bytes(instance.memoryBytes),
    formatCpu(instance.cpu),
    { text: instanceReason(instance), paint: style.dim },
  ];
}

/** Why it is as it is, and when that will change. */
export function instanceReason({ reason, nextStartMs, status }: InstanceView): string {
  const next = status === 'backoff' && nextStartMs !== null ? nextStartWords(nextStartMs) : '';
  return [reason === null ? '' : plain(reason), next].filter(Boolean).join('; ');
}

function nextStartWords(ms: number): string {
  return ms < 1 ? 'starts again now' : `starts again in ${formatDuration(ms)}`;
}

function restarts(count: number, style: Style): Cell {
  return { text: String(count), paint: count > 0 ? style.yellow : same };
}

function bytes(count: number | null): string {
  return count === null ? '-' : formatBytes(count);
}

/** null when nothing is known. */
function sum(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : known.reduce((total, value) => total + value, 0);
}

function same(text: string): string {
  return text;
}
