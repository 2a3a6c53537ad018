/** One frame of the live view, as lines. Pure. */
import { formatBytes } from '../../kit/units.ts';
import type { AppView } from '../../protocol/api.ts';
import { appTable, formatCpu, readyCount } from '../print/app-table.ts';
import { eventLine } from '../print/event-line.ts';
import type { Style } from '../print/style.ts';
import { plain, truncate } from '../print/text.ts';
import { figure, sortApps, type TopState } from './state.ts';

export interface Frame {
  readonly columns: number;
  readonly rows: number;
  readonly style: Style;
  readonly now: number;
  /** Lines above everything, such as the URL of the example. */
  readonly header: readonly string[];
}

/** Never more than `rows` lines, the table giving way first, since it scrolls; and the offset that it could scroll to. */
export function frame(
  state: TopState,
  { columns, rows, style, now, header }: Frame,
): { lines: string[]; offset: number } {
  const width = Math.max(20, columns);
  const top = [...header, summary(state, style, width), ''];
  const apps = sortApps(state.apps, state.sort);
  const [head = '', ...body] = appTable(apps, { width, style, all: state.instances });
  const keys = truncate(
    `q quit   ↑↓ scroll   s sorted by ${state.sort}   a ${state.instances ? 'fewer' : 'all'} instances`,
    width,
  );
  const eventRows = Math.max(0, Math.min(8, Math.floor((rows - top.length) / 3)));
  const events = state.events.slice(-eventRows).map((event) => eventLine(event, style, now));
  const bottom = [...(events.length > 0 ? ['', ...events] : []), '', style.dim(keys)];
  const room = Math.max(1, rows - top.length - 1 - bottom.length);
  const offset = clampOffset(state.offset, body.length, room);
  const lines = [...top, head, ...body.slice(offset, offset + room)];
  while (lines.length + bottom.length < rows) lines.push('');
  return { lines: [...lines, ...bottom].slice(0, rows), offset };
}

/** So that the last page is full. */
export function clampOffset(offset: number, length: number, room: number): number {
  return Math.max(0, Math.min(offset, length - room));
}

function summary({ apps, away }: TopState, style: Style, width: number): string {
  if (away !== null) return style.yellow(truncate(`waiting for the daemon: ${plain(away)}`, width));
  const own = apps.filter(({ kind }) => kind === 'app');
  const total = (of: (app: AppView) => number) => apps.reduce((sum, app) => sum + of(app), 0);
  const wanted = total((app) => (app.status === 'stopped' ? 0 : app.wanted));
  const facts = [
    `${own.length} ${own.length === 1 ? 'app' : 'apps'}`,
    `${total(readyCount)} of ${wanted} instances ready`,
    `memory ${formatBytes(total((app) => figure(app, 'memory')))}`,
    `cpu ${formatCpu(total((app) => figure(app, 'cpu')))}`,
  ];
  return style.bold(truncate(facts.join('   '), width));
}
