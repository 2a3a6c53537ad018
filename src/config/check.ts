/** Checks a configuration's value as a whole and completes it to a Plan. */

import type { ErrorCode } from '../errors.ts';
import { completeAcme } from './acme-schema.ts';
import { completeApp, type Surroundings } from './app.ts';
import { completeDashboard } from './dashboard-schema.ts';
import { completeEgress } from './egress-schema.ts';
import { completeFront } from './front-schema.ts';
import { configJsonSchema } from './json-schema.ts';
import { completeMetrics } from './metrics-schema.ts';
import { completeNotify } from './notify-schema.ts';
import type { AppPlan, Plan } from './plan.ts';
import { type Problem, problemsOf } from './problems.ts';
import { completeDeploy, completeRelease } from './release-schema.ts';
import { configSettings, type Settings } from './schema.ts';
import { show, showPath } from './show.ts';
import { completeSites } from './sites.ts';
import { didYouMean } from './suggest.ts';

export interface Checked {
  readonly plan: Plan | undefined;
  readonly problems: readonly Problem[];
  /** What to call the problems together. */
  readonly code: ErrorCode;
}

export interface Place extends Surroundings {
  /** Absolute path of the file. */
  readonly source: string;
  readonly isRoot: boolean;
  /** What the project is called when the file does not say it. */
  readonly project: string;
}

export function checkConfig(value: unknown, around: Place): Checked {
  const problems: Problem[] = unsafeNames(value);
  const parsed = configSettings.safeParse(value, { reportInput: true });
  if (parsed.success && problems.length === 0)
    return complete(parsed.data, Object.keys(parsed.data.apps), around);
  if (!parsed.success) {
    const found = problemsOf(parsed.error.issues, configJsonSchema());
    problems.push(...found.filter(({ path }) => path.at(-1) !== '__proto__'));
  }
  const rest = soundPart(value, problems);
  const more = rest ? complete(rest, appNames(value), around).problems : [];
  // What a part lacks because it was taken out is no mistake of its author.
  problems.push(...more.filter(({ path }) => !problems.some((known) => isWithin(known.path, path))));
  return { plan: undefined, problems, code: 'CONFIG_INVALID' };
}

/** As far as it can be known before the programs are there. */
export function checkReleaseFacts(value: unknown) {
  const parsed = configSettings.safeParse(value, { reportInput: true });
  if (!parsed.success)
    return { facts: undefined, problems: problemsOf(parsed.error.issues, configJsonSchema()) };
  const problems: Problem[] = [];
  const { name, release, deploy, apps, sites } = parsed.data;
  const rest = {
    release: completeRelease(release, problems),
    deploy: completeDeploy(deploy, problems),
    apps: Object.entries(apps).map(([app, settings]) => ({
      name: app,
      user: settings.user ?? null,
      node: (settings as { node?: string }).node ?? null,
    })),
    sites: Object.keys(sites),
  };
  return { facts: { project: name, rest }, problems };
}

/**
 * What is left without the parts that are wrong, so that the rest can be checked in the same run. What lacks something
 * is wrong as a whole, hence the second look.
 */
function soundPart(value: unknown, problems: readonly Problem[]): Settings | undefined {
  let rest = problems.reduce((left, { path }) => without(left, wholeOf(path)), value);
  const parsed = configSettings.safeParse(rest);
  if (parsed.success) return parsed.data;
  for (const { path } of parsed.error.issues) rest = without(rest, wholeOf(path.slice(0, -1)));
  return configSettings.safeParse(rest).data;
}

function isWithin(path: readonly PropertyKey[], whole: readonly PropertyKey[]): boolean {
  return whole.every((step, index) => String(path[index]) === String(step));
}

/** An app, a route, and a list, are judged as a whole: half of one would have mistakes of its own. */
function wholeOf(path: readonly PropertyKey[]): readonly PropertyKey[] {
  if (path[0] === 'apps') return path.slice(0, 2);
  if (path[0] === 'sites' && path[2] === 'routes') return path.slice(0, 4);
  const index = path.findIndex((step) => typeof step === 'number');
  return index < 0 ? path : path.slice(0, index);
}

function without(value: unknown, [first, ...rest]: readonly PropertyKey[]): unknown {
  if (first === undefined) return undefined;
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).flatMap(([key, inner]): [string, unknown][] => {
    if (key !== String(first)) return [[key, inner]];
    return rest.length === 0 ? [] : [[key, without(inner, rest)]];
  });
  return Object.fromEntries(entries);
}

/** Also of apps that are not in order: a route to one of these is not wrong. */
function appNames(value: unknown): string[] {
  const apps = typeof value === 'object' && value !== null && 'apps' in value ? value.apps : undefined;
  return typeof apps === 'object' && apps !== null ? Object.keys(apps) : [];
}

/** zod passes over a key `__proto__`, which would leave a part of the file unread without a word. */
function unsafeNames(value: unknown, path: readonly PropertyKey[] = []): Problem[] {
  if (typeof value !== 'object' || value === null || path.length > 10) return [];
  return Object.keys(value).flatMap((key) => {
    if (key === '__proto__') return [{ path: [...path, key], text: 'is not a usable name' }];
    return unsafeNames((value as Record<string, unknown>)[key], [...path, key]);
  });
}

function complete(settings: Settings, names: readonly string[], around: Place): Checked {
  const problems: Problem[] = [];
  const project = settings.name ?? around.project;
  let missingScripts = 0;
  const apps: Record<string, AppPlan> = {};
  for (const [name, app] of Object.entries(settings.apps)) {
    const done = completeApp(name, app, { ...around, project });
    if (done.app) apps[name] = done.app;
    problems.push(...done.problems.map(({ path, text }) => ({ path: ['apps', name, ...path], text })));
    missingScripts += done.missingScript ? 1 : 0;
  }
  problems.push(...nameClashes(settings), ...portClashes(settings), ...orderProblems(settings, names));
  problems.push(...fileClashes(apps), ...edgeProblems(settings));
  const sites = completeSites(settings, names, problems, around.root);
  const { edge, listen } = settings;
  const plan: Plan = {
    source: around.source,
    project,
    release: completeRelease(settings.release, problems),
    deploy: completeDeploy(settings.deploy, problems),
    apps,
    sites,
    logsTotalBytes: settings.logs.total ?? null,
    egress: completeEgress(settings.egress, names, problems),
    front: completeFront(settings, problems),
    notify: completeNotify(settings.notify, around.root, problems),
    dashboard: completeDashboard(settings.dashboard, problems),
    metrics: completeMetrics(settings.metrics, around.root, problems),
    edge: {
      processes: edge.processes,
      http: listen.http ?? { host: null, port: around.isRoot ? 80 : 8080 },
      https: listen.https ?? { host: listen.http?.host ?? null, port: around.isRoot ? 443 : 8443 },
      acme: completeAcme(settings.acme, problems, around.root),
      unknownHost: edge.unknownHost,
      trust: edge.trust,
      limits: {
        headTimeoutMs: edge.limits.headTimeout,
        bodyIdleMs: edge.limits.bodyIdle,
        keepAliveMs: edge.limits.keepAlive,
        upstreamTimeoutMs: edge.limits.upstreamTimeout,
        connectionsPerIp: edge.limits.connectionsPerIp,
        bodyBytes: edge.limits.body,
        memoryBytes: edge.limits.memory,
      },
      accessLog: edge.accessLog,
      http2: edge.http2,
      proxyProtocol: edge.proxyProtocol,
      drainMs: edge.drain,
    },
  };
  const code = missingScripts === problems.length ? 'SCRIPT_NOT_FOUND' : 'CONFIG_INVALID';
  return { plan, problems, code };
}

/** An edge that does nothing has half of this. */
const LEAST_MEMORY = 128 * 1024 ** 2;

function edgeProblems({ edge }: Settings): Problem[] {
  const problems: Problem[] = [];
  if (edge.proxyProtocol && edge.trust.length === 0) {
    const text = 'needs "trust", the addresses of the load balancers: nobody else may say who the client is';
    problems.push({ path: ['edge', 'proxyProtocol'], text });
  }
  const { memory } = edge.limits;
  if (memory > 0 && memory < LEAST_MEMORY) {
    const text = 'must be "128MB" or more, or 0 for no limit: with less the edge would turn everybody away';
    problems.push({ path: ['edge', 'limits', 'memory'], text });
  }
  return problems;
}

/** Logs and sockets are files named after apps, and some file systems do not tell `web` from `Web`. */
function nameClashes({ apps }: Settings): Problem[] {
  const seen = new Map<string, string>();
  return Object.keys(apps).flatMap((name) => {
    const other = seen.get(name.toLowerCase());
    seen.set(name.toLowerCase(), name);
    return other === undefined
      ? []
      : [{ path: ['apps', name], text: `differs from ${show(other)} only in case` }];
  });
}

/** `after` must name other apps, and not lead back to where it began; a namespace must not be taken for an app. */
function orderProblems({ apps }: Settings, names: readonly string[]): Problem[] {
  const problems: Problem[] = [];
  for (const [name, { after, namespace }] of Object.entries(apps)) {
    const unknown = after.filter((other) => !names.includes(other));
    for (const other of unknown) {
      const text = `must name apps of this file: there is none named ${show(other)}${didYouMean(other, names)}`;
      problems.push({ path: ['apps', name, 'after'], text });
    }
    const circle = circleFrom(name, apps);
    if (circle) {
      const text = `must not lead back to the app itself: ${circle.join(' is after ')}`;
      problems.push({ path: ['apps', name, 'after'], text });
    }
    if (namespace !== undefined && names.includes(namespace)) {
      const text = `must not be the name of an app: there is one named ${show(namespace)}`;
      problems.push({ path: ['apps', name, 'namespace'], text });
    }
  }
  return problems;
}

function circleFrom(start: string, apps: Settings['apps']): string[] | undefined {
  const search = (path: string[]): string[] | undefined => {
    for (const next of apps[path.at(-1) ?? '']?.after ?? []) {
      if (next === start) return [...path, next];
      if (path.includes(next)) continue;
      const found = search([...path, next]);
      if (found) return found;
    }
    return undefined;
  };
  return search([start]);
}

/** Two that write into one file would destroy each other's. */
function fileClashes(apps: Readonly<Record<string, AppPlan>>): Problem[] {
  const problems: Problem[] = [];
  const users = new Map<string, { readonly app: string; readonly setting: string }>();
  for (const [name, { pidFile, log }] of Object.entries(apps)) {
    const { all, out, err } = log.files;
    const files = { pidFile, 'log.files.all': all, 'log.files.out': out, 'log.files.err': err };
    for (const [setting, file] of Object.entries(files)) {
      if (file === null || file.startsWith('/dev/')) continue;
      const other = users.get(file);
      users.set(file, other ?? { app: name, setting });
      if (!other || (other.app === name && other.setting !== 'pidFile' && setting !== 'pidFile')) continue;
      const text = `must be a file of its own: ${show(file)} is ${showPath(['apps', other.app, ...other.setting.split('.')])}`;
      problems.push({ path: ['apps', name, ...setting.split('.')], text });
    }
  }
  return problems;
}

function portClashes({ apps, sites, listen }: Settings): Problem[] {
  const problems: Problem[] = [];
  const users = new Map<number, string>();
  if (listen.http && Object.keys(sites).length > 0) users.set(listen.http.port, 'listen.http');
  if (listen.https && Object.values(sites).some(({ tls }) => tls !== false)) {
    const { port } = listen.https;
    if (users.has(port)) {
      const text = `must be a port of its own: ${port} is the port of listen.http`;
      problems.push({ path: ['listen', 'https'], text });
    }
    users.set(port, 'listen.https');
  }
  for (const [name, { port }] of Object.entries(apps)) {
    if (port === undefined) continue;
    const path = ['apps', name, 'port'];
    const other = users.get(port);
    if (other !== undefined)
      problems.push({ path, text: `must be a port of its own: ${port} is the port of ${other}` });
    else users.set(port, showPath(path));
  }
  return problems;
}
