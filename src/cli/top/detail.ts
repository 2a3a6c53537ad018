/** One app, or one of its instances, in full: how it is, what happened lately, and its last crash. Pure. */
import { formatBytes, formatDuration } from '../../kit/units.ts';
import { formatCpu, instanceReason, paintStatus } from '../print/app-table.ts';
import { crashLines, groupCrashes } from '../print/crash.ts';
import { detailLines } from '../print/detail.ts';
import { eventLine } from '../print/event-line.ts';
import type { Style } from '../print/style.ts';
import { milliseconds, rate } from './list.ts';
import { type Row, rowsOf } from './rows.ts';
import type { Subject, TopState } from './state.ts';

export interface DetailScreenOptions {
  readonly width: number;
  readonly style: Style;
  readonly now: number;
}

export function detailScreen(state: TopState, subject: Subject, options: DetailScreenOptions): string[] {
  const { style, now } = options;
  const { detail } = state;
  if (!detail)
    return [style.dim(state.away === null ? 'looking …' : 'not known: the daemon does not answer')];
  const crashes = state.crashes.filter(
    ({ instance }) => subject.instance === null || instance === subject.instance,
  );
  const newest = groupCrashes(crashes).at(-1);
  const crash = newest ? crashLines(newest, style, { now, lines: 20, app: detail }) : [];
  const body =
    subject.instance === null ? detailLines(detail, options) : instanceScreen(state, subject, options);
  return [
    ...body,
    ...section(crashes.length > 1 ? `Last of ${crashes.length} crashes` : 'Last crash', crash, style),
  ];
}

function instanceScreen(state: TopState, subject: Subject, { style, now }: DetailScreenOptions): string[] {
  const all = { ...state, sort: 'name', reversed: false, instances: true, filter: '' } as const;
  const row = rowsOf(state.apps, all).find(({ instance }) => instance?.id === subject.instance);
  const events = (state.detail?.events ?? []).filter(({ instance }) => instance === subject.instance);
  const lately = section('Lately', events.map((event) => eventLine(event, style, now)).slice(-10), style);
  if (!row?.instance) return [style.bold(subject.instance ?? ''), '', 'It is gone.', ...lately];
  const status = paintStatus(row.instance.status, style)(row.instance.status);
  return [
    [style.bold(row.instance.id), status, instanceReason(row.instance)].filter(Boolean).join('  '),
    '',
    ...facts(row, state).map(([name, value]) => `  ${style.dim(name.padEnd(10))} ${value}`),
    ...lately,
  ];
}

function facts({ instance, figures }: Row, { detail }: TopState): (readonly [string, string])[] {
  const ports = (detail?.ports ?? []).map(({ host, port }) =>
    host === null ? `${port}` : `${host}:${port}`,
  );
  const known: (readonly [string, string | null])[] = [
    ['pid', orNull(instance?.pid, String)],
    ['up', orNull(instance?.uptimeMs, formatDuration)],
    ['restarts', String(figures.restarts)],
    ['release', instance?.release ?? null],
    ['ports', ports.length > 0 ? ports.join(', ') : null],
    ['requests', orNull(figures.requests, (value) => `${rate(value)}/s`)],
    ['errors', orNull(figures.errors, String)],
    ['p99', orNull(figures.p99, milliseconds)],
    ['cpu', orNull(figures.cpu, formatCpu)],
    ['memory', orNull(figures.memory, formatBytes)],
    ['heap', orNull(instance?.heapBytes, formatBytes)],
    ['loop delay', orNull(figures.loop, milliseconds)],
    ['log', detail?.logFile ?? null],
  ];
  return known.flatMap(([name, value]) => (value === null ? [] : [[name, value] as const]));
}

function orNull(value: number | null | undefined, words: (value: number) => string): string | null {
  return value === null || value === undefined ? null : words(value);
}

function section(title: string, lines: readonly string[], style: Style): string[] {
  return lines.length === 0 ? [] : ['', style.bold(title), ...lines.map((line) => `  ${line}`)];
}
