/** The table of the live view. Pure. */
import { formatBytes, formatDuration } from '../../kit/units.ts';
import { formatCpu, instanceReason, paintStatus, readyCount } from '../print/app-table.ts';
import type { Style } from '../print/style.ts';
import { type Cell, type Column, table } from '../print/table.ts';
import { plain } from '../print/text.ts';
import type { Figures, Row, SortColumn } from './rows.ts';

interface ListColumn extends Column {
  readonly sort: SortColumn | null;
  cell(row: Row, style: Style): Cell;
}

const figure = (
  sort: Exclude<SortColumn, 'name' | 'state'>,
  head: string,
  drop: number,
  words: (value: number) => string,
  tone?: (value: number) => 'red' | 'yellow' | undefined,
): ListColumn => ({
  sort,
  head,
  align: 'right',
  drop,
  cell({ figures }, style) {
    const value = figures[sort satisfies keyof Figures];
    if (value === null) return '-';
    const colour = tone?.(value);
    return colour ? { text: words(value), paint: style[colour] } : words(value);
  },
});

/** What goes first on a narrow screen has the highest `drop`. */
const columns: readonly ListColumn[] = [
  {
    sort: 'name',
    head: 'NAME',
    shrink: 10,
    comfort: 16,
    cell: ({ app, instance }, style) =>
      instance ? `  ${instance.id}` : { text: app.name, paint: style.bold },
  },
  {
    sort: 'state',
    head: 'STATE',
    cell: ({ app, instance }, style) => {
      const status = instance?.status ?? app.status;
      const wanted = app.status === 'stopped' ? 0 : app.wanted;
      const count = instance || wanted < 2 ? '' : ` ${readyCount(app)}/${wanted}`;
      return { text: `${status}${count}`, paint: paintStatus(status, style) };
    },
  },
  figure('requests', 'REQ/S', 3, rate),
  figure('errors', 'ERR', 4, String, (count) => (count > 0 ? 'red' : undefined)),
  figure('p99', 'P99', 5, milliseconds),
  figure('cpu', 'CPU', 1, formatCpu, (share) => (share >= 0.9 ? 'yellow' : undefined)),
  figure('memory', 'MEMORY', 2, formatBytes),
  figure('loop', 'LOOP', 7, milliseconds, (ms) => (ms >= 100 ? 'yellow' : undefined)),
  figure('restarts', 'RST', 6, String, (count) => (count > 0 ? 'yellow' : undefined)),
  figure('uptime', 'UPTIME', 8, formatDuration),
  {
    sort: null,
    head: 'WHY',
    shrink: 8,
    comfort: 20,
    drop: 9,
    cell: ({ app, instance }, style) => ({ text: why(app, instance), paint: style.dim }),
  },
];

export interface ListOptions {
  readonly width: number;
  readonly style: Style;
  readonly sort: SortColumn;
  readonly reversed: boolean;
}

/** Its head, then a line for each row. */
export function listLines(rows: readonly Row[], { width, style, sort, reversed }: ListOptions): string[] {
  const mark = (sort === 'name') === reversed ? '↓' : '↑';
  // The column that it is sorted by is always there.
  const shown = columns.map((column): ListColumn => {
    if (column.sort !== sort) return column;
    const { drop, ...kept } = column;
    return { ...kept, head: `${column.head}${mark}` };
  });
  const cells = rows.map((row) => shown.map((column) => column.cell(row, style)));
  return table(shown, cells, { width, paintHead: style.dim });
}

function why(app: Row['app'], instance: Row['instance']): string {
  if (instance) return instanceReason(instance);
  return app.urls.map(plain).join(' ');
}

export function rate(perSecond: number): string {
  if (perSecond === 0) return '0';
  return perSecond < 10 ? perSecond.toFixed(1) : String(Math.round(perSecond));
}

export function milliseconds(ms: number): string {
  if (ms < 10) return `${ms.toFixed(1)}ms`;
  return ms < 1000 ? `${Math.round(ms)}ms` : `${(ms / 1000).toFixed(1)}s`;
}
