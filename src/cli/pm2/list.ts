/** `ls`, and the table below every change. */
import { userInfo } from 'node:os';
import type { Style } from '../print/style.ts';
import { allProcesses } from './look-up.ts';
import { namespaceOf, type Pm2Status } from './processes.ts';
import { isCluster, versionOf } from './record.ts';
import type { Session } from './session.ts';
import { type Shown, shown } from './shown.ts';
import { type BoxCell, type BoxColumn, boxTable } from './table.ts';

export async function list(session: Session): Promise<void> {
  const { client, processes } = await allProcesses(session);
  printTable(session, client ? await shown(client, processes) : []);
}

/** The table below a change; with `-s` nothing, as nothing was asked. */
export async function listAfter(session: Session): Promise<void> {
  if (!session.voice.silent) await list(session);
}

function printTable(session: Session, all: readonly Shown[]): void {
  const { context, words } = session;
  const { out } = context;
  if (words.options.has('mini-list')) {
    out.lines(all.map(miniLine));
    return;
  }
  const sorted = words.options.has('sort') ? sortedBy(all, words.options.get('sort') ?? '') : byName(all);
  const width = out.isTTY ? out.width : Number.POSITIVE_INFINITY;
  const rows = sorted.map((one) => row(one, out.style));
  out.lines(boxTable(columns, rows, { width, paintHead: (text) => out.style.bold(out.style.cyan(text)) }));
  const ill = new Set(
    all.flatMap(({ status, app }) =>
      status === 'errored' || status === 'waiting restart' ? [app.name] : [],
    ),
  );
  if (ill.size > 0) session.voice.say(`What happened: hold crashes ${[...ill].join(' ')}`);
}

const columns: readonly BoxColumn[] = [
  { head: 'id' },
  { head: 'name', shrink: 10 },
  { head: 'namespace', shrink: 9, drop: 3 },
  { head: 'version', drop: 6 },
  { head: 'mode', drop: 2 },
  { head: 'pid' },
  { head: 'uptime' },
  { head: '↺' },
  { head: 'status' },
  { head: 'cpu', drop: 1 },
  { head: 'mem' },
  { head: 'user', drop: 4 },
  { head: 'watching', drop: 5 },
];

const tones: Readonly<Record<Pm2Status, keyof Style & ('green' | 'red' | 'yellow')>> = {
  online: 'green',
  launching: 'yellow',
  stopping: 'yellow',
  'waiting restart': 'yellow',
  stopped: 'red',
  errored: 'red',
};

function row({ id, app, instance, status, detail, starts }: Shown, style: Style): BoxCell[] {
  const { plan } = detail;
  const runs = instance !== undefined && instance.pid !== null;
  return [
    { text: String(id), paint: (text) => style.bold(style.cyan(text)) },
    { text: app.name },
    { text: namespaceOf(app) },
    { text: versionOf(plan.cwd) },
    { text: isCluster(plan) ? 'cluster' : 'fork' },
    { text: String(instance?.pid ?? 0) },
    { text: runs ? shortTime(instance.uptimeMs ?? 0) : '0' },
    { text: String(starts.restarts) },
    { text: status, paint: (text) => style.bold(style[tones[status]](text)) },
    { text: `${Math.round((instance?.cpu ?? 0) * 100)}%` },
    { text: shortSize(instance?.memoryBytes ?? 0) },
    { text: plan.rights.user ?? userInfo().username },
    { text: plan.watch ? 'enabled' : 'disabled' },
  ];
}

/** PM2's: `12s`, `5m`, `3h`, `2D`. */
export function shortTime(ms: number): string {
  const units = [
    [86_400_000, 'D'],
    [3_600_000, 'h'],
    [60_000, 'm'],
    [1000, 's'],
  ] as const;
  const [size, unit] = units.find(([size]) => ms >= size) ?? [1000, 's'];
  return `${Math.floor(ms / size)}${unit}`;
}

function shortSize(bytes: number): string {
  if (bytes === 0) return '0b';
  const units = [
    [1024 ** 3, 'gb'],
    [1024 ** 2, 'mb'],
    [1024, 'kb'],
  ] as const;
  const [size, unit] = units.find(([size]) => bytes >= size) ?? [1, 'b'];
  return `${(bytes / size).toFixed(1)}${unit}`;
}

function miniLine({ id, app, instance, status, starts }: Shown): string {
  const memory = shortSize(instance?.memoryBytes ?? 0);
  return `+--- ${app.name}\nid: ${id}  pid: ${instance?.pid ?? 0}  ↺: ${starts.restarts}  status: ${status}  mem: ${memory}`;
}

function byName(all: readonly Shown[]): Shown[] {
  return [...all].sort((a, b) => a.app.name.localeCompare(b.app.name) || a.id - b.id);
}

/** `memory:desc` */
function sortedBy(all: readonly Shown[], order: string): Shown[] {
  const [field = 'name', direction = 'asc'] = order.split(':');
  const key = sortKeys[field];
  if (!key) return byName(all);
  const sign = direction === 'desc' ? -1 : 1;
  return byName(all).sort((a, b) => {
    const [left, right] = [key(a), key(b)];
    return sign * (left < right ? -1 : left > right ? 1 : 0);
  });
}

const sortKeys: Readonly<Record<string, (one: Shown) => number | string>> = {
  name: ({ app }) => app.name,
  id: ({ id }) => id,
  pid: ({ instance }) => instance?.pid ?? 0,
  memory: ({ instance }) => instance?.memoryBytes ?? 0,
  cpu: ({ instance }) => instance?.cpu ?? 0,
  status: ({ status }) => status,
  uptime: ({ instance }) => instance?.uptimeMs ?? 0,
};
