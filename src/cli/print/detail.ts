/** `hold show`: one app in full. */
import { specialSettings } from '../../config/diff.ts';
import type { AppPlan, Command, Probe } from '../../config/plan.ts';
import { formatBytes, formatDuration } from '../../kit/units.ts';
import type { AppDetail, InstanceView, PortView } from '../../protocol/api.ts';
import { formatCpu, instanceReason, paintStatus, readyCount } from './app-table.ts';
import { eventLine } from './event-line.ts';
import type { Style } from './style.ts';
import { type Cell, type Column, table } from './table.ts';
import { plain } from './text.ts';

export interface DetailOptions {
  readonly width: number;
  readonly style: Style;
  readonly now: number;
}

export function detailLines(app: AppDetail, { width, style, now }: DetailOptions): string[] {
  const status = paintStatus(app.status, style)(app.status);
  const ready = `${readyCount(app)} of ${app.wanted} ready`;
  return [
    [style.bold(app.name), status, ready, ...app.urls.map(style.cyan)].join('  '),
    ...app.notes.map((note) => `  ${style.yellow('!')} ${plain(note)}`),
    '',
    ...factLines(facts(app), style),
    ...section('Instances', instanceLines(app.instances, { width: width - 2, style }), style),
    ...section(
      'Lately',
      app.events.map((event) => eventLine(event, style, now)),
      style,
    ),
  ];
}

function factLines(facts: readonly (readonly [string, string])[], style: Style): string[] {
  const width = Math.max(10, ...facts.map(([name]) => name.length));
  return facts.map(([name, value]) => `  ${style.dim(name.padEnd(width))} ${value}`);
}

function section(title: string, lines: readonly string[], style: Style): string[] {
  return lines.length === 0 ? [] : ['', style.bold(title), ...lines.map((line) => `  ${line}`)];
}

function facts({ plan, ports, logFile }: AppDetail): [string, string][] {
  const env = Object.entries(plan.env).map(([name, value]) => `${name}=${plain(value)}`);
  return [
    ['command', commandLine(plan.command)],
    ['directory', plan.cwd],
    ...ports.map((port): [string, string] => ['port', portWords(port)]),
    ['log', logFile],
    ['ready', readyWords(plan)],
    [
      'stop',
      `${plan.stop.signal}, SIGKILL after ${formatDuration(plan.stop.timeoutMs)}, drains for ${formatDuration(plan.drainMs)}`,
    ],
    ['restart', restartWords(plan)],
    ...otherSettings(plan),
    ...env.map((pair, index): [string, string] => [index === 0 ? 'env' : '', pair]),
  ];
}

/** Those above say it in other words. */
const toldAlready =
  /^(run|cwd|instances|port|ready|readyTimeout|drain|stop\.(signal|timeout)|restart\.(when|max|minUptime|backoff|giveUpAfter|delay))$/;

function otherSettings(plan: AppPlan): [string, string][] {
  const secrets = Object.entries(plan.secrets).map(([name, file]): [string, string] => [
    'secret',
    `${name} from ${file}`,
  ]);
  const others = specialSettings(plan).filter(([name]) => !toldAlready.test(name));
  return [...others.map(([name, value]): [string, string] => [name, plain(value)]), ...secrets];
}

/** As one would type it. */
function commandLine({ file, args, node, nodeArgs }: Command): string {
  const words = node ? ['node', ...nodeArgs, file, ...args] : [file, ...args];
  return words
    .map((word) => (/^[\w@%+=:,./${}-]+$/.test(word) ? word : `'${plain(word).replaceAll("'", "'\\''")}'`))
    .join(' ');
}

function portWords({ host, port, held, tls }: PortView): string {
  const where = host === null ? 'all addresses' : host;
  return `${port} on ${where}${tls ? ', TLS' : ''}, ${held ? 'held by Holdfast' : 'held by the app alone: refused while it is away'}`;
}

const readySigns = {
  auto: 'when it listens, if it has a port or a route; else when it runs',
  listen: 'when it listens',
  started: 'when it runs',
  message: "when it calls process.send('ready')",
  notify: 'when it sends READY=1 (sd_notify)',
};

function probeWords(probe: Probe): string {
  if (probe.kind === 'command') return `\`${probe.args.join(' ')}\` succeeds`;
  const port = probe.port === null ? 'its port' : `port ${probe.port}`;
  return probe.kind === 'tcp' ? `${port} can be connected to` : `GET ${probe.path} on ${port} succeeds`;
}

function readyWords({ ready, readyTimeoutMs }: AppPlan): string {
  const when = ready.by === 'probe' ? `when ${probeWords(ready.probe)}` : readySigns[ready.by];
  return `${when}; within ${formatDuration(readyTimeoutMs)}`;
}

/** So many crashes in their time that it does not happen: Holdfast's own apps are started again and again. */
const ENDLESS = 1_000_000;

function restartWords({ restart }: AppPlan): string {
  const { when, max, early, minUptimeMs, delayMs, backoffMinMs, backoffMaxMs, giveUp } = restart;
  if (when === 'never') return 'never';
  return [
    `${when === 'on-failure' ? 'on failure, ' : ''}after ${formatDuration(backoffMinMs)} to ${formatDuration(backoffMaxMs)}`,
    ...(delayMs > 0 ? [`never sooner than after ${formatDuration(delayMs)}`] : []),
    ...(early === 'give-up' ? [`not when it lived less than ${formatDuration(minUptimeMs)}`] : []),
    ...(max === null ? [] : [`at most ${max} times`]),
    giveUp.crashes >= ENDLESS
      ? 'never gives up'
      : `gives up at ${giveUp.crashes} crashes within ${formatDuration(giveUp.withinMs)}`,
  ].join('; ');
}

const release: Column = { head: 'RELEASE', drop: 6 };
const columns: readonly Column[] = [
  { head: 'INSTANCE' },
  { head: 'STATUS' },
  { head: 'PID', align: 'right' },
  { head: 'RESTARTS', align: 'right' },
  { head: 'UPTIME', align: 'right', drop: 2 },
  { head: 'MEMORY', align: 'right', drop: 3 },
  { head: 'CPU', align: 'right', drop: 4 },
  { head: 'LOOP DELAY', align: 'right', drop: 5 },
  release,
  { head: 'WHY', shrink: 12, comfort: 28 },
];

function instanceLines(
  instances: readonly InstanceView[],
  { width, style }: { width: number; style: Style },
): string[] {
  if (instances.length === 0) return [];
  const rows = instances.map((instance): Cell[] => [
    { text: instance.id, paint: style.bold },
    { text: instance.status, paint: paintStatus(instance.status, style) },
    orDash(instance.pid, String),
    String(instance.restarts),
    orDash(instance.uptimeMs, formatDuration),
    orDash(instance.memoryBytes, formatBytes),
    formatCpu(instance.cpu),
    orDash(instance.loopDelayMs, (ms) => `${ms.toFixed(1)}ms`),
    instance.release ?? '-',
    { text: instanceReason(instance), paint: style.dim },
  ]);
  const shown = columns.filter(
    (column) => column !== release || instances.some((one) => one.release !== null),
  );
  const cells = rows.map((row) => row.filter((_, index) => shown.includes(columns[index] ?? release)));
  return table(shown, cells, { width, paintHead: style.dim });
}

function orDash(value: number | null, format: (value: number) => string): string {
  return value === null ? '-' : format(value);
}
