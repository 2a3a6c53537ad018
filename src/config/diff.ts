/** What differs between two Plans, in the words of the configuration file. */

import { isDeepStrictEqual } from 'node:util';
import { formatBytes, formatDuration } from '../kit/units.ts';
import type { AppPlan, EdgePlan, ListenPlan, Plan, RoutePlan, SitePlan } from './plan.ts';

/** As `Change` of the control API. */
export interface PlanChange {
  readonly kind: 'add' | 'change' | 'scale' | 'remove';
  readonly what: 'app' | 'site' | 'edge';
  readonly name: string;
  readonly detail: readonly string[];
}

/** What makes `next` of `current`; empty when they mean the same. What was said in the shell (baseEnv) does not count. */
export function diffPlans(current: Pick<Plan, 'apps' | 'sites' | 'edge'> | null, next: Plan): PlanChange[] {
  const before = current ?? { apps: {}, sites: {}, edge: next.edge };
  return [
    ...diffRecords('app', before.apps, next.apps, diffApps, describeApp),
    ...diffRecords('site', before.sites, next.sites, diffSites, () => []),
    ...edgeChange(before, next),
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
  ['instances', ({ instances }) => String(instances)],
  ['port', ({ port }) => String(port ?? 'any')],
  ['guest', ({ guest }) => String(guest)],
  ['ready', ({ ready }) => ready.by],
  ['readyTimeout', ({ readyTimeoutMs }) => formatDuration(readyTimeoutMs)],
  ['stop.signal', ({ stop }) => stop.signal],
  ['stop.timeout', ({ stop }) => formatDuration(stop.timeoutMs)],
  ['drain', ({ drainMs }) => formatDuration(drainMs)],
  [
    'restart.backoff',
    ({ restart }) => `${formatDuration(restart.backoffMinMs)}..${formatDuration(restart.backoffMaxMs)}`,
  ],
  [
    'restart.giveUpAfter',
    ({ restart: { giveUp } }) => `${giveUp.crashes} in ${formatDuration(giveUp.withinMs)}`,
  ],
  ['sticky', ({ sticky }) => sticky],
  ['hold', ({ hold }) => formatDuration(hold.timeoutMs)],
  ['holdMax', ({ hold }) => String(hold.maxWaiting)],
  ['log.rotate.size', ({ log }) => formatBytes(log.rotateBytes)],
  ['log.rotate.keep', ({ log }) => String(log.keep)],
  ['log.rotate.compress', ({ log }) => String(log.compress)],
  ['log.total', ({ log }) => formatBytes(log.totalBytes)],
];

const edgeRows: readonly Row<EdgePlan>[] = [
  ['listen.http', ({ http }) => printListen(http)],
  ['edge.processes', ({ processes }) => String(processes)],
  ['edge.unknownHost', ({ unknownHost }) => String(unknownHost)],
  ['edge.trust', ({ trust }) => trust.join(', ') || 'nobody'],
  ['edge.accessLog', ({ accessLog }) => String(accessLog)],
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
function same({ baseEnv: _before, ...before }: AppPlan, { baseEnv: _after, ...after }: AppPlan): boolean {
  return isDeepStrictEqual(before, after);
}

function diffSites(before: SitePlan, after: SitePlan): string[] {
  const was = new Map(before.routes.map((route) => [route.prefix, printTarget(route.to)]));
  const is = new Map(after.routes.map((route) => [route.prefix, printTarget(route.to)]));
  return [...new Set([...was.keys(), ...is.keys()])].flatMap((prefix) => {
    const [from, to] = [was.get(prefix), is.get(prefix)];
    if (from === to) return [];
    return [
      `routes ${prefix} ${from === undefined ? `-> ${to}` : to === undefined ? 'removed' : `${from} -> ${to}`}`,
    ];
  });
}

function printTarget(to: RoutePlan['to']): string {
  return to.kind === 'app' ? to.app : `http://${printHost(to.host)}:${to.port}`;
}

function printListen({ host, port }: ListenPlan): string {
  return host === null ? String(port) : `${printHost(host)}:${port}`;
}

function printHost(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}

/** The edge runs while there are sites. */
function edgeChange(before: Pick<Plan, 'sites' | 'edge'>, after: Plan): PlanChange[] {
  const [ran, runs] = [before, after].map(({ sites }) => Object.keys(sites).length > 0);
  if (!runs) return ran ? [{ kind: 'remove', what: 'edge', name: 'edge', detail: [] }] : [];
  if (!ran)
    return [
      { kind: 'add', what: 'edge', name: 'edge', detail: [`listen.http ${printListen(after.edge.http)}`] },
    ];
  if (isDeepStrictEqual(before.edge, after.edge)) return [];
  const detail = diffRows(edgeRows, before.edge, after.edge);
  return [
    { kind: 'change', what: 'edge', name: 'edge', detail: detail.length > 0 ? detail : ['its settings'] },
  ];
}
