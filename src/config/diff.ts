/** What differs between two Plans, in the words of the configuration file. */

import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { formatBytes, formatDuration } from '../kit/units.ts';
import type { NotifyRules } from '../protocol/notify-rules.ts';
import { appDefaults } from './app-defaults.ts';
import { diffContent } from './content-diff.ts';
import { printEgressRule } from './egress-rule.ts';
import { metricsDefaults } from './metrics-defaults.ts';
import { metricsChange } from './metrics-diff.ts';
import type {
  AcmePlan,
  AppPlan,
  CertificatePlan,
  CronPlan,
  EdgePlan,
  EgressPlan,
  FrontPlan,
  HealthPlan,
  ListenPlan,
  Plan,
  Probe,
  SitePlan,
  SiteTlsPlan,
} from './plan.ts';
import {
  printAccessLog,
  printBody,
  printCache,
  printHttp2,
  printRates,
  printRoute,
  upstreamRows,
} from './traffic-diff.ts';

/** As `Change` of the control API. */
export interface PlanChange {
  readonly kind: 'add' | 'change' | 'scale' | 'remove';
  readonly what: 'app' | 'site' | 'edge' | 'logs' | 'egress' | 'notify' | 'metrics' | 'dashboard';
  readonly name: string;
  readonly detail: readonly string[];
}

type Diffed = Omit<Plan, 'source' | 'project' | 'release' | 'deploy'>;

/**
 * What makes `next` of `current`; empty when they mean the same. What was said in the shell (baseEnv) does not count.
 * @param isShared other files have sites at the same edge
 */
export function diffPlans(current: Diffed | null, next: Plan, isShared = false): PlanChange[] {
  const before = current ?? {
    apps: {},
    sites: {},
    edge: next.edge,
    logsTotalBytes: null,
    egress: null,
    front: null,
    notify: [],
    metrics: metricsDefaults,
  };
  return [
    ...diffRecords('app', before.apps, next.apps, diffApps, describeApp),
    ...diffRecords('site', before.sites, next.sites, diffSites, () => []),
    ...edgeChange(before, next, isShared),
    ...logsChange(before.logsTotalBytes, next.logsTotalBytes),
    ...egressChange(before.egress, next.egress),
    ...notifyChange(before.notify, next.notify),
    ...metricsChange(before.metrics, next.metrics),
    ...dashboardChange(before.dashboard ?? null, next.dashboard ?? null),
  ];
}

function diffRecords<T>(
  what: 'app' | 'site',
  before: Readonly<Record<string, T>>,
  after: Readonly<Record<string, T>>,
  diff: (before: T, after: T) => string[],
  describe: (added: T) => string[],
): PlanChange[] {
  const removed = Object.keys(before).filter((name) => !Object.hasOwn(after, name));
  const changes = Object.entries(after).flatMap(([name, wanted]): PlanChange[] => {
    const known = Object.hasOwn(before, name) ? before[name] : undefined;
    if (known === undefined) return [{ kind: 'add', what, name, detail: describe(wanted) }];
    const detail = diff(known, wanted);
    if (detail.length === 0) return [];
    const isScale = what === 'app' && detail.every((line) => line.startsWith('instances '));
    return [{ kind: isScale ? 'scale' : 'change', what, name, detail }];
  });
  return [...removed.map((name): PlanChange => ({ kind: 'remove', what, name, detail: [] })), ...changes];
}

function describeApp({ instances }: AppPlan): string[] {
  return instances === 1 ? [] : [`instances ${instances}`];
}

/** One setting: its name in the configuration file, and how its value is printed. */
type Row<T> = readonly [name: string, print: (plan: T) => string];

const appRows: readonly Row<AppPlan>[] = [
  ['run', ({ command }) => (command.node ? `node ${command.file}` : command.file)],
  ['cwd', ({ cwd }) => cwd],
  ['release', ({ release }) => release ?? 'none'],
  ['node', ({ node }) => node?.wanted ?? "Holdfast's"],
  ['instances', ({ instances }) => String(instances)],
  ['port', ({ port }) => String(port ?? 'any')],
  ['guest', ({ guest }) => String(guest)],
  ['portStep', ({ portStep }) => String(portStep)],
  ['namespace', ({ namespace }) => namespace ?? 'none'],
  ['after', ({ after }) => after.join(', ') || 'nothing'],
  ['autostart', ({ autostart }) => String(autostart)],
  ['stdin', ({ stdin }) => String(stdin)],
  ['ready', ({ ready }) => (ready.by === 'probe' ? printProbe(ready.probe) : ready.by)],
  ['readyTimeout', ({ readyTimeoutMs }) => formatDuration(readyTimeoutMs)],
  ['stop.signal', ({ stop }) => stop.signal],
  ['stop.timeout', ({ stop }) => formatDuration(stop.timeoutMs)],
  ['stop.message', ({ stop }) => String(stop.message)],
  ['stop.ends', ({ stop }) => stop.ends],
  ['health', ({ health }) => printHealth(health)],
  ['watchdog', ({ watchdogMs }) => (watchdogMs === null ? 'off' : formatDuration(watchdogMs))],
  ['drain', ({ drainMs }) => formatDuration(drainMs)],
  [
    'restart.backoff',
    ({ restart }) => `${formatDuration(restart.backoffMinMs)}..${formatDuration(restart.backoffMaxMs)}`,
  ],
  [
    'restart.giveUpAfter',
    ({ restart: { giveUp } }) => `${giveUp.crashes} in ${formatDuration(giveUp.withinMs)}`,
  ],
  ['restart.when', ({ restart }) => restart.when],
  ['restart.stopCodes', ({ restart }) => restart.stopCodes.join(', ') || 'none'],
  ['restart.max', ({ restart }) => String(restart.max ?? 'no limit')],
  ['restart.minUptime', ({ restart }) => formatDuration(restart.minUptimeMs)],
  ['restart.early', ({ restart }) => restart.early],
  ['restart.delay', ({ restart }) => formatDuration(restart.delayMs)],
  ['restart.cron', ({ restart }) => printCron(restart.at)],
  ['cron', ({ job }) => printCron(job)],
  ['cron.missed', ({ job }) => job?.missed ?? 'skip'],
  ['cron.timeout', ({ job }) => (job?.timeoutMs ? formatDuration(job.timeoutMs) : 'none')],
  ['watch', ({ watch }) => watch?.paths.join(', ') ?? 'off'],
  ['watch.ignore', ({ watch }) => watch?.ignore.join(', ') ?? ''],
  ['watch.extensions', ({ watch }) => watch?.extensions.join(', ') ?? ''],
  ['watch.debounce', ({ watch }) => (watch ? formatDuration(watch.debounceMs) : '')],
  ['memory.soft', ({ memory }) => printLimit(memory.softBytes)],
  ['memory.hard', ({ memory }) => printLimit(memory.hardBytes)],
  ['user', ({ rights }) => rights.user ?? "Holdfast's"],
  ['group', ({ rights }) => rights.group ?? "the user's"],
  ['umask', ({ rights }) => rights.umask?.toString(8).padStart(3, '0') ?? 'as it is'],
  ['nice', ({ rights }) => String(rights.nice ?? 'as it is')],
  ['oomScore', ({ rights }) => String(rights.oomScore ?? 'as it is')],
  ['ulimits', ({ rights }) => printPairs(rights.ulimits)],
  ['cpu', ({ rights }) => String(rights.cpu ?? 'no limit')],
  ['pids', ({ rights }) => String(rights.pids ?? 'no limit')],
  ['pidFile', ({ pidFile }) => pidFile ?? 'none'],
  ...upstreamRows.map(
    ([name, print]): Row<AppPlan> => [`upstream.${name}`, ({ upstream }) => print(upstream)],
  ),
  ['sticky', ({ sticky }) => sticky],
  ['hold', ({ hold }) => formatDuration(hold.timeoutMs)],
  ['holdMax', ({ hold }) => String(hold.maxWaiting)],
  ['log.rotate.size', ({ log }) => formatBytes(log.rotateBytes)],
  ['log.rotate.keep', ({ log }) => String(log.keep)],
  ['log.rotate.compress', ({ log }) => String(log.compress)],
  ['log.total', ({ log }) => formatBytes(log.totalBytes)],
  ['log.rotate.every', ({ log }) => log.rotateEvery ?? 'never'],
  ['log.format', ({ log }) => log.format],
  ['log.overflow', ({ log }) => log.overflow],
  ['log.files.all', ({ log }) => log.files.all ?? 'none'],
  ['log.files.out', ({ log }) => log.files.out ?? 'none'],
  ['log.files.err', ({ log }) => log.files.err ?? 'none'],
];

function printProbe(probe: Probe): string {
  if (probe.kind === 'command') return 'a command';
  const port = probe.port === null ? '' : ` on ${probe.port}`;
  return probe.kind === 'http' ? `GET ${probe.path}${port}` : `a connection${port}`;
}

function printHealth(health: HealthPlan | null): string {
  if (!health) return 'off';
  const { probe, everyMs, timeoutMs, failures } = health;
  return `${printProbe(probe)} every ${formatDuration(everyMs)}, ${failures} times within ${formatDuration(timeoutMs)}`;
}

function printCron(cron: CronPlan | null): string {
  return cron ? [cron.expression, cron.timezone].filter(Boolean).join(' ') : 'off';
}

function printLimit(bytes: number | null): string {
  return bytes === null ? 'no limit' : formatBytes(bytes);
}

function printPairs(record: Readonly<Record<string, string | number>>): string {
  return (
    Object.entries(record)
      .map(([key, value]) => `${key}=${value}`)
      .join(', ') || 'as they are'
  );
}

function printCustomer(eab: AcmePlan['eab']): string {
  if (!eab) return 'none';
  const { keyId, hmac } = eab;
  // A secret is not printed, but another one is a change.
  const key = hmac.startsWith('file:') ? hmac : createHash('sha256').update(hmac).digest('hex').slice(0, 8);
  return `${keyId} ${key}`;
}

const edgeRows: readonly Row<EdgePlan>[] = [
  ['listen.http', ({ http }) => printListen(http)],
  ['listen.https', ({ https }) => printListen(https)],
  ['acme.directory', ({ acme }) => acme.directory],
  ['acme.directoryCa', ({ acme }) => acme.directoryCa ?? 'none'],
  ['acme.email', ({ acme }) => acme.email ?? 'none'],
  ['acme.eab', ({ acme }) => printCustomer(acme.eab)],
  ['acme.challenge', ({ acme }) => acme.challenge],
  ['edge.processes', ({ processes }) => String(processes)],
  ['edge.unknownHost', ({ unknownHost }) => String(unknownHost)],
  ['edge.trust', ({ trust }) => trust.join(', ') || 'nobody'],
  ['edge.drain', ({ drainMs }) => formatDuration(drainMs)],
  ['edge.accessLog', ({ accessLog }) => printAccessLog(accessLog)],
  ['edge.http2', ({ http2 }) => printHttp2(http2)],
  ['edge.proxyProtocol', ({ proxyProtocol }) => String(proxyProtocol)],
  [
    'edge.limits.memory',
    ({ limits }) => (limits.memoryBytes === 0 ? 'no limit' : formatBytes(limits.memoryBytes)),
  ],
  ['edge.limits.headTimeout', ({ limits }) => formatDuration(limits.headTimeoutMs)],
  ['edge.limits.bodyIdle', ({ limits }) => formatDuration(limits.bodyIdleMs)],
  ['edge.limits.keepAlive', ({ limits }) => formatDuration(limits.keepAliveMs)],
  ['edge.limits.upstreamTimeout', ({ limits }) => formatDuration(limits.upstreamTimeoutMs)],
  ['edge.limits.connectionsPerIp', ({ limits }) => String(limits.connectionsPerIp)],
  ['edge.limits.body', ({ limits }) => (limits.bodyBytes === 0 ? 'no limit' : formatBytes(limits.bodyBytes))],
];

function diffRows<T>(rows: readonly Row<T>[], before: T, after: T): string[] {
  return rows.flatMap(([name, print]) => {
    const [was, is] = [print(before), print(after)];
    return was === is ? [] : [`${name} ${was} -> ${is}`];
  });
}

/** What is not as it would be without a word: by the names of the configuration file. */
export function specialSettings(plan: AppPlan): (readonly [name: string, value: string])[] {
  const plain: AppPlan = { ...appDefaults, name: plan.name, command: plan.command, cwd: plan.cwd };
  return appRows.flatMap(([name, print]) => {
    const value = print(plan);
    return value === print(plain) ? [] : [[name, value] as const];
  });
}

function diffApps(before: AppPlan, after: AppPlan): string[] {
  const lines = diffRows(appRows, before, after);
  // Arguments and variables may be secrets, so only their names are printed.
  if (!isDeepStrictEqual(before.command.args, after.command.args)) lines.push('args');
  if (!isDeepStrictEqual(before.command.nodeArgs, after.command.nodeArgs)) lines.push('node options');
  const names = [...new Set([...Object.keys(before.env), ...Object.keys(after.env)])].sort();
  for (const name of names) {
    if (!Object.hasOwn(after.env, name)) lines.push(`env.${name} removed`);
    else if (!Object.hasOwn(before.env, name)) lines.push(`env.${name} added`);
    else if (before.env[name] !== after.env[name]) lines.push(`env.${name} changed`);
  }
  return lines.length === 0 && !same(before, after) ? ['its settings'] : lines;
}

/** Also finds what is printed alike, such as 60s and 60.4s. */
function same(
  { baseEnv: _before, project: _was, ...before }: AppPlan,
  { baseEnv: _after, project: _is, ...after }: AppPlan,
): boolean {
  return isDeepStrictEqual(before, after);
}

function diffSites(before: SitePlan, after: SitePlan): string[] {
  const lines = [
    ...diffRoutes(before, after),
    ...diffRows(tlsRows, before.tls, after.tls),
    ...diffContent(before.content, after.content),
    ...diffRows(trafficRows, before, after),
  ];
  return lines.length === 0 && !isDeepStrictEqual(before, after) ? ['its settings'] : lines;
}

const tlsRows: readonly Row<SiteTlsPlan | null>[] = [
  ['tls', (tls) => (tls ? printCertificate(tls.certificate) : 'off')],
  ['tls.clients', (tls) => printClients(tls?.clients ?? null)],
  ['redirect', (tls) => String(tls?.redirect ?? true)],
  ['hsts', (tls) => (tls?.hstsSeconds ? formatDuration(tls.hstsSeconds * 1000) : 'off')],
];

const trafficRows: readonly Row<SitePlan>[] = [
  ['limits.body', ({ load }) => printBody(load?.bodyBytes)],
  ['limits.rate', ({ load }) => printRates(load?.rates ?? [])],
  ['cache', ({ cache }) => printCache(cache)],
  ['accessLog', ({ accessLog }) => String(accessLog)],
];

function printCertificate(plan: CertificatePlan): string {
  if (plan.from === 'acme') return 'auto';
  const { cert, key, ca } = plan;
  return [cert, key, ca].filter((path) => path !== null).join(' ');
}

function printClients(clients: SiteTlsPlan['clients']): string {
  if (!clients) return 'not asked';
  return `${clients.require ? 'required' : 'asked'}, ${clients.ca}`;
}

function diffRoutes(before: SitePlan, after: SitePlan): string[] {
  const was = new Map(before.routes.map((route) => [route.prefix, printRoute(route)]));
  const is = new Map(after.routes.map((route) => [route.prefix, printRoute(route)]));
  return [...new Set([...was.keys(), ...is.keys()])].flatMap((prefix) => {
    const [from, to] = [was.get(prefix), is.get(prefix)];
    if (from === to) return [];
    return [
      `routes ${prefix} ${from === undefined ? `-> ${to}` : to === undefined ? 'removed' : `${from} -> ${to}`}`,
    ];
  });
}

/** Passwords are hashes, and yet nobody's business. */
function dashboardChange(before: Diffed['dashboard'], after: Diffed['dashboard']): PlanChange[] {
  if (isDeepStrictEqual(before, after)) return [];
  const about = { what: 'dashboard', name: 'dashboard' } as const;
  if (!after) return [{ kind: 'remove', ...about, detail: [] }];
  const rows: readonly Row<Diffed['dashboard']>[] = [
    ['dashboard.listen', (plan) => (plan?.listen ? printListen(plan.listen) : 'off')],
    ['dashboard.users', (plan) => Object.keys(plan?.users ?? {}).join(', ') || 'none'],
  ];
  return [{ kind: before ? 'change' : 'add', ...about, detail: diffRows(rows, before, after) }];
}

function printListen({ host, port }: ListenPlan): string {
  return host === null ? String(port) : `${printHost(host)}:${port}`;
}

function printHost(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}

/** A file that says nothing of it leaves the cap as it is. */
function logsChange(before: number | null, after: number | null): PlanChange[] {
  if (after === null || before === after) return [];
  const detail = [`logs.total ${printLimit(before)} -> ${printLimit(after)}`];
  return [{ kind: 'change', what: 'logs', name: 'logs', detail }];
}

function egressChange(before: EgressPlan | null, after: EgressPlan | null): PlanChange[] {
  if (isDeepStrictEqual(before, after)) return [];
  const about = { what: 'egress', name: 'egress' } as const;
  if (!after) return [{ kind: 'remove', ...about, detail: [] }];
  const kind = before ? 'change' : 'add';
  return [{ kind, ...about, detail: diffRows(egressRows, before ?? NO_EGRESS, after) }];
}

/** Addresses are secrets, so only how many there are, and of what they are told. A client of an older version says nothing of it. */
function notifyChange(
  before: readonly NotifyRules[],
  after: readonly NotifyRules[] | undefined = [],
): PlanChange[] {
  if (isDeepStrictEqual(before, after)) return [];
  const about = { what: 'notify', name: 'notify' } as const;
  if (after.length === 0) return [{ kind: 'remove', ...about, detail: [] }];
  const detail = after.map(({ on, style }) => `${style}: ${on.join(', ')}`);
  return [{ kind: before.length === 0 ? 'add' : 'change', ...about, detail }];
}

const NO_EGRESS: EgressPlan = { observe: false, allow: [], apps: {}, port: null, socket: null };

const egressRows: readonly Row<EgressPlan>[] = [
  ['egress', ({ observe }) => (observe ? 'observe' : 'allow')],
  ['egress.port', ({ port }) => String(port ?? 'any')],
  ['egress.socket', ({ socket }) => (socket === true ? 'run/egress.sock' : (socket ?? 'none'))],
  ['egress.allow', ({ allow }) => allow.map(printEgressRule).join(', ') || 'nothing'],
  [
    'egress.apps',
    ({ apps }) =>
      Object.entries(apps)
        .map(([app, rules]) => `${app}: ${rules.map(printEgressRule).join(', ')}`)
        .join('; ') || 'none',
  ],
];

function printFront(front: FrontPlan | null): string {
  if (!front) return 'edge';
  const { server, file, check, reload } = front;
  const commands = { check, reload };
  const own = Object.entries(commands).flatMap(([name, args]) =>
    args ? [`${name} \`${args.join(' ')}\``] : [],
  );
  return [server, ...(file === null ? [] : [file]), ...own].join(' ');
}

/** The settings in which one edge differs from another: what of what. */
export function edgeDifferences(before: EdgePlan, after: EdgePlan): string[] {
  return diffRows(edgeRows, before, after);
}

/** The edge runs while there are sites. */
function edgeChange(
  before: Pick<Plan, 'sites' | 'edge' | 'front'>,
  after: Plan,
  isShared: boolean,
): PlanChange[] {
  const [had, runs] = [before, after].map(({ sites }) => Object.keys(sites).length > 0);
  const ran = had || isShared;
  if (!runs) return had && !isShared ? [{ kind: 'remove', what: 'edge', name: 'edge', detail: [] }] : [];
  if (!ran) {
    const front = after.front ? [`front ${printFront(after.front)}`] : [];
    const detail = [...front, `listen.http ${printListen(after.edge.http)}`];
    return [{ kind: 'add', what: 'edge', name: 'edge', detail }];
  }
  if (isDeepStrictEqual([before.edge, before.front], [after.edge, after.front])) return [];
  const detail = [
    ...diffRows([['front', printFront]], before.front, after.front),
    ...diffRows(edgeRows, before.edge, after.edge),
  ];
  return [
    { kind: 'change', what: 'edge', name: 'edge', detail: detail.length > 0 ? detail : ['its settings'] },
  ];
}
