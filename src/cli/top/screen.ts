/** One frame of the live view, as lines. Pure. */
import { formatBytes } from '../../kit/units.ts';
import type { AppView } from '../../protocol/api.ts';
import { formatCpu, readyCount } from '../print/app-table.ts';
import { eventLine } from '../print/event-line.ts';
import { logLine } from '../print/log-line.ts';
import type { Style } from '../print/style.ts';
import { plain } from '../print/text.ts';
import { detailScreen } from './detail.ts';
import { cut, fold, widthOf } from './fold.ts';
import { helpLines } from './help.ts';
import { listLines } from './list.ts';
import { rowsOfState, type Subject, selectedIndex, type TopState } from './state.ts';

export interface Frame {
  readonly columns: number;
  readonly rows: number;
  readonly style: Style;
  readonly now: number;
  /** Lines above everything, such as the URL of the example. */
  readonly header: readonly string[];
}

export interface Drawn {
  /** Never more than `rows`, none wider than `columns`. */
  readonly lines: string[];
  /** Where it is scrolled to: `offset` of the state, as far as that can be. */
  readonly offset: number;
  /** Lines that scroll. */
  readonly page: number;
}

/** Lines of events are shown from this height on. */
const eventsFrom = 14;
const mostEvents = 8;

export function frame(state: TopState, options: Frame): Drawn {
  const { columns, rows, style } = options;
  const width = Math.max(10, columns);
  const top = [...(rows >= 12 ? options.header : []), title(state, style)];
  const bottom = lastLine(state, style);
  const room = Math.max(1, rows - top.length - 1);
  const body = bodyOf(state, { ...options, columns: width }, room);
  const lines = [...top, ...body.lines.slice(0, room)];
  while (lines.length < rows - 1) lines.push('');
  const all = [...lines.slice(0, Math.max(0, rows - 1)), bottom];
  return { ...body, lines: all.map((line) => cut(line, width)) };
}

function bodyOf(state: TopState, options: Frame, room: number): Drawn {
  const { place } = state;
  const { style, columns, now } = options;
  if (state.help) return fromTop(helpLines(style), 0, room);
  if (place.kind === 'list') return listBody(state, options, room);
  if (place.kind === 'detail') {
    const lines = detailScreen(state, place, { width: columns, style, now });
    return fromTop(
      ['', ...lines].flatMap((line) => fold(line, columns)),
      state.offset,
      room,
    );
  }
  return logBody(state, options, room);
}

function listBody(state: TopState, { columns, rows, style, now }: Frame, room: number): Drawn {
  const shown = rowsOfState(state);
  const here = selectedIndex(state, shown);
  const eventRows = rows < eventsFrom ? 0 : Math.min(mostEvents, Math.floor(room / 3));
  const events = state.events.slice(-eventRows || undefined).map((event) => eventLine(event, style, now));
  const news = eventRows > 0 && events.length > 0 ? ['', ...events] : [];
  const { sort, reversed } = state;
  const [head = '', ...body] = listLines(shown, { width: columns - 2, style, sort, reversed });
  const page = Math.max(1, room - news.length - 1);
  // As little as is needed for the row of the cursor to be seen.
  const wanted = Math.min(Math.max(state.offset, here - page + 1), here);
  const offset = clampOffset(wanted, body.length, page);
  const lines = body.map((line, index) => (index === here ? underCursor(line, columns, style) : `  ${line}`));
  const window = lines.slice(offset, offset + page);
  if (shown.length === 0) window.push(`  ${style.dim(nothing(state))}`);
  while (window.length < page) window.push('');
  return { lines: [`  ${head}`, ...window, ...news], offset, page };
}

function nothing({ apps, filter, away }: TopState): string {
  if (apps.length > 0) return `nothing has "${filter}" in its name or state`;
  return away === null ? 'no apps: `hold start` and `hold up` start some' : '';
}

function underCursor(line: string, columns: number, style: Style): string {
  const fitting = cut(`> ${line}`, columns);
  return style.inverse(fitting + ' '.repeat(Math.max(0, columns - widthOf(fitting))));
}

function logBody(state: TopState, { columns, style, now }: Frame, room: number): Drawn {
  const { lines } = state.paused ?? state.log;
  const nameWidth = Math.max(0, ...lines.slice(-room).map(({ instance }) => instance.length));
  const text = { style, now, forTerminal: true, nameWidth };
  // From the end, as far as is needed.
  const folded: string[] = [];
  for (let i = lines.length - 1; i >= 0 && folded.length < state.offset + room; i--) {
    const line = lines[i];
    if (line) {
      const parts = logLine(line, text)
        .split('\n')
        .flatMap((each) => fold(each, columns));
      folded.unshift(...parts);
    }
  }
  if (folded.length === 0) folded.push(style.dim('nothing yet'));
  const offset = clampOffset(state.offset, folded.length, room);
  const end = folded.length - offset;
  return { lines: folded.slice(Math.max(0, end - room), end), offset, page: room };
}

function fromTop(lines: readonly string[], wanted: number, room: number): Drawn {
  const offset = clampOffset(wanted, lines.length, room);
  return { lines: lines.slice(offset, offset + room), offset, page: room };
}

/** So that the last page is full. */
export function clampOffset(offset: number, length: number, room: number): number {
  return Math.max(0, Math.min(offset, length - room));
}

function title(state: TopState, style: Style): string {
  const { place, away, log, paused } = state;
  if (away !== null) return style.yellow(`waiting for the daemon: ${plain(away)}`);
  if (place.kind === 'list') return style.bold(summary(state));
  if (place.kind === 'detail') return style.bold(nameOf(place));
  const news = paused ? log.total - paused.total : 0;
  const how = paused ? style.yellow(`paused${news > 0 ? `, ${news} new` : ''}`) : style.green('follows');
  return `${style.bold(`log of ${nameOf(place)}`)}  ${how}`;
}

function summary({ apps, filter }: TopState): string {
  const own = apps.filter(({ kind }) => kind === 'app');
  const total = (of: (app: AppView) => number) => apps.reduce((sum, app) => sum + of(app), 0);
  const wanted = total((app) => (app.status === 'stopped' ? 0 : app.wanted));
  const sum = (field: 'memoryBytes' | 'cpu') =>
    total(({ instances }) => instances.reduce((all, instance) => all + (instance[field] ?? 0), 0));
  return [
    `${own.length} ${own.length === 1 ? 'app' : 'apps'}`,
    `${total(readyCount)} of ${wanted} instances ready`,
    `memory ${formatBytes(sum('memoryBytes'))}`,
    `cpu ${formatCpu(sum('cpu'))}`,
    ...(filter === '' ? [] : [`only "${filter}"`]),
  ].join('   ');
}

function lastLine(state: TopState, style: Style): string {
  const { prompt, said, place, help } = state;
  if (prompt?.kind === 'filter') return `/${prompt.text}_`;
  if (prompt?.kind === 'scale')
    return `${style.bold(`instances of ${prompt.app} (now ${prompt.now}):`)} ${prompt.text}_`;
  if (prompt?.kind === 'sure') return style.bold(`${prompt.verb} ${nameOf(prompt.subject)}? [y/N]`);
  if (said) return said.bad ? style.red(plain(said.text)) : style.green(plain(said.text));
  if (help) return style.dim('any key: back');
  return style.dim(keysAt[place.kind]);
}

const keysAt = {
  list: 'q quit  ? help  / filter  ←→ sort  ⏎ more  l log  r restart  e reload  x stop',
  detail: 'q back  ? help  l log  r restart  e reload  x stop  t start  n instances',
  log: 'q back  ? help  Space pause  End follow  ⏎ more  r restart',
};

function nameOf({ app, instance }: Subject): string {
  return instance ?? app;
}
