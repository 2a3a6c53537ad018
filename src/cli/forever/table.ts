/** The table of `forever list`, and of what was stopped or restarted. */
import type { Style } from '../print/style.ts';
import { plain } from '../print/text.ts';
import { type ForeverProcess, scriptName } from './process.ts';

interface ForeverColumn {
  readonly text: (process: ForeverProcess) => string;
  readonly tone?: 'dim' | 'magenta' | 'yellow';
}

/** The names that `columns` takes. */
export const foreverColumns: Readonly<Record<string, ForeverColumn>> = {
  uid: { text: ({ uid }) => uid },
  id: { text: ({ id }) => id ?? '' },
  command: { text: ({ command }) => command ?? process.execPath, tone: 'dim' },
  script: { text: (each) => [scriptName(each), ...each.args].join(' '), tone: 'dim' },
  forever: { text: ({ foreverPid }) => String(foreverPid) },
  pid: { text: ({ pid }) => (pid === null ? '-' : String(pid)) },
  logfile: { text: ({ logFile }) => logFile ?? '', tone: 'magenta' },
  dir: { text: ({ sourceDir }) => sourceDir, tone: 'dim' },
  uptime: {
    text: ({ uptimeMs }) => (uptimeMs === null ? 'STOPPED' : formatUptime(uptimeMs)),
    tone: 'yellow',
  },
};

/** Head first; each row begins with its index in brackets. Columns that are none say MISSING, as forever does. */
export function processTable(
  processes: readonly ForeverProcess[],
  columns: readonly string[],
  style: Style,
): string[] {
  const rows = processes.map((each, index) => [
    `[${index}]`,
    ...columns.map((name) => plain(columnOf(name)?.text(each) ?? 'MISSING')),
  ]);
  const paints = [undefined, ...columns.map((name) => columnOf(name)?.tone)];
  return alignedRows([['   ', ...columns], ...rows], (text, column) => {
    if (text.trim() === 'STOPPED') return style.red(text);
    const tone = paints[column];
    return tone ? style[tone](text) : text;
  });
}

function columnOf(name: string): ForeverColumn | undefined {
  return Object.hasOwn(foreverColumns, name) ? foreverColumns[name] : undefined;
}

/** One blank between columns. */
export function alignedRows(
  rows: readonly (readonly string[])[],
  paint: (text: string, column: number) => string,
): string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? '').length)),
  );
  return rows.map((row) =>
    row
      .map((text, column) => paint(text.padEnd(widths[column] ?? 0), column))
      .join(' ')
      .trimEnd(),
  );
}

/** `days:hours:minutes:seconds.milliseconds` */
export function formatUptime(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  const fraction =
    ms % 1000 === 0
      ? ''
      : `.${String(Math.floor(ms % 1000))
          .padStart(3, '0')
          .replace(/0+$/, '')}`;
  const [days, hours, minutes] = [
    Math.floor(seconds / 86_400),
    Math.floor(seconds / 3600) % 24,
    Math.floor(seconds / 60) % 60,
  ];
  return `${days}:${hours}:${minutes}:${seconds % 60}${fraction}`;
}
