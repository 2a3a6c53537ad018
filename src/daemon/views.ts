/** How things are, as the control API shows them. */

import { maskEnv } from '../config/mask.ts';
import type { AppPlan, EdgePlan, RoutePlan } from '../config/plan.ts';
import type { Clock } from '../kit/clock.ts';
import { schedule } from '../kit/cron.ts';
import {
  type AppDetail,
  type AppKind,
  type AppStatus,
  type AppView,
  FRONT_NAME,
  type InstanceStatus,
  type InstanceView,
  type PortView,
} from '../protocol/api.ts';
import type { App } from '../supervisor/app.ts';
import type { Instance } from '../supervisor/instance.ts';
import { DASHBOARD, dashboardAddresses, openMounts, pageAddresses } from './dashboard-app.ts';
import type { Address, Door } from './doors.ts';
import { describeAddress, sameAddress } from './doors.ts';
import { EDGE, edgeAddresses } from './edge-app.ts';
import { destinations } from './edge-table.ts';
import { isOwn } from './egress-app.ts';
import type { Journal } from './journal.ts';
import type { Links, Listening } from './links.ts';
import { pauseNotes } from './pausing.ts';
import type { DesiredState, StoredApp } from './state.ts';
import type { UsageMeter } from './usage.ts';

export interface ViewSources {
  readonly clock: Clock;
  readonly links: Links;
  readonly usage: UsageMeter;
  readonly journal: Journal;
  readonly logDir: string;
  state(): DesiredState;
  app(name: string): App | undefined;
  doors(): readonly Door[];
  isRouted(app: string): boolean;
  /** What is to be said of the edge, such as of certificates. */
  edgeNotes(): readonly string[];
  /** The same of the server in the place of it. */
  readonly front: { readonly troubles: readonly string[]; readonly notes: readonly string[] };
}

export function appViews(sources: ViewSources): AppView[] {
  const names = Object.keys(sources.state().apps).sort((a, b) => Number(isOwn(a)) - Number(isOwn(b)));
  const views = names.flatMap((name) => appView(name, sources) ?? []);
  sources.usage.keepOnly(new Set(views.flatMap(({ instances }) => instances.map(({ pid }) => pid ?? 0))));
  return views;
}

export function appView(name: string, sources: ViewSources): AppView | undefined {
  const stored = sources.state().apps[name];
  if (!stored) return undefined;
  const app = sources.app(name);
  const wanted = stored.stopped ? 0 : stored.plan.instances - stored.idle.length;
  const instances = (app?.instances ?? []).map((instance) => instanceView(instance, sources));
  const paused = pausedSites(name, sources.state());
  const notes =
    name === DASHBOARD
      ? openMounts(sources.state())
      : name === EDGE
        ? sources.edgeNotes()
        : standsFor(name, sources)
          ? sources.front.troubles
          : [];
  return {
    name,
    kind: kindOf(name),
    namespace: stored.plan.namespace,
    after: stored.plan.after,
    numbers: stored.numbers,
    nextRun: stored.stopped ? null : nextRunOf(stored.plan, sources.clock.now()),
    status: statusOf(wanted, app),
    wanted,
    urls: wanted === 0 ? [] : urlsOf(name, sources),
    ...(paused.length > 0 && { paused }),
    ...(notes.length > 0 && { notes }),
    instances: stored.stopped ? instances : withEmptySlots(stored, instances, app),
  };
}

export function appDetail(name: string, sources: ViewSources): AppDetail | undefined {
  const view = appView(name, sources);
  const stored = sources.state().apps[name];
  if (!view || !stored) return undefined;
  const { plan } = stored;
  return {
    ...view,
    plan: { ...plan, env: maskEnv(plan.env), baseEnv: maskEnv(plan.baseEnv) },
    ports: portsOf(name, sources),
    notes: notesOf(stored, sources),
    events: sources.journal.tail(20, (event) => event.app === name),
    logFile: `${sources.logDir}/${name}.log`,
  };
}

/** Of the instances that are to do the work; those on their way out do not count, unless nothing else is wanted. */
export function statusOf(
  wanted: number,
  app: Pick<App, 'current' | 'instances' | 'waitsFor' | 'desired'> | undefined,
): AppStatus {
  const { current = [], instances = [] } = app ?? {};
  if (wanted === 0) return instances.length === 0 ? 'stopped' : 'stopping';
  const ready = current.filter(({ phase }) => phase === 'ready').length;
  const done = current.filter(({ phase }) => phase === 'done').length;
  if (done >= wanted) return app?.desired.plan.job ? 'waiting' : 'done';
  if (ready + done >= wanted) return 'running';
  if (current.length > 0 && current.every(({ phase }) => phase === 'failed')) return 'failed';
  // Down, and not because it is still on its way up.
  const ill = current.some(
    (i) => i.phase === 'failed' || i.phase === 'backoff' || i.machine.crashesInARow > 0,
  );
  if (ready > 0 || ill) return 'degraded';
  return app?.waitsFor ? 'waiting' : 'starting';
}

/** Slots in which nothing is, because they are stopped, or wait for another app. */
function withEmptySlots(
  { plan, idle }: StoredApp,
  instances: readonly InstanceView[],
  app: App | undefined,
): InstanceView[] {
  const blocker = app?.waitsFor;
  const waits = blocker ? `waits for ${blocker.app}, which ${blocker.state}` : null;
  const empty = Array.from({ length: plan.instances }, (_, slot) => slot)
    .filter((slot) => !instances.some((instance) => instance.slot === slot))
    .filter((slot) => waits !== null || idle.includes(slot));
  const rows = empty.map(
    (slot): InstanceView => ({
      id: `${plan.name}.${slot}`,
      slot,
      serial: 0,
      pid: null,
      status: 'down',
      restarts: 0,
      uptimeMs: null,
      memoryBytes: null,
      cpu: null,
      loopDelayMs: null,
      heapBytes: null,
      startedAt: null,
      release: plan.release,
      reason: idle.includes(slot) ? 'it is stopped' : waits,
      nextStartMs: null,
    }),
  );
  return [...instances, ...rows].sort((a, b) => a.slot - b.slot || a.serial - b.serial);
}

function instanceView(instance: Instance, { clock, links, usage }: ViewSources): InstanceView {
  const now = clock.now();
  const { machine, running } = instance;
  const { pid, spawnedAt } = running?.record ?? { pid: null, spawnedAt: null };
  const { memoryBytes, cpu } =
    pid === null ? { memoryBytes: null, cpu: null } : usage.of(pid, spawnedAt ?? now);
  const status: InstanceStatus = instance.draining && machine.phase === 'ready' ? 'draining' : machine.phase;
  return {
    id: instance.id,
    slot: instance.slot,
    serial: instance.serial,
    pid,
    status,
    restarts: instance.restarts,
    uptimeMs: spawnedAt === null ? null : now - spawnedAt,
    memoryBytes,
    cpu,
    loopDelayMs: links.get(instance.key)?.loopDelayMs ?? null,
    heapBytes: links.get(instance.key)?.heapBytes ?? null,
    startedAt: spawnedAt === null ? null : new Date(spawnedAt).toISOString(),
    release: instance.plan.release,
    reason: machine.reason,
    nextStartMs: machine.phase === 'backoff' ? Math.max(0, (machine.deadline ?? now) - now) : null,
  };
}

/** What the running instances say that they listen on, each address once. */
function listeningOf(name: string, { app, links }: ViewSources): Listening[] {
  const all = (app(name)?.current ?? []).flatMap((instance) => links.get(instance.key)?.listening ?? []);
  const seen = new Map(all.map((one) => [`${one.host} ${one.port}`, one]));
  return [...seen.values()];
}

function portsOf(name: string, sources: ViewSources): PortView[] {
  return listeningOf(name, sources)
    .filter(({ via, port }) => !isBehind(via) && port > 0)
    .map((one) => ({ host: one.host, port: one.port, held: isHeld(one, sources), tls: one.tls }));
}

/** It came from us, and we still have it: after daemon and holder were killed together only the instances do. */
function isHeld(one: Listening, { doors }: ViewSources): boolean {
  return one.via !== 'own' && doors().some((door) => sameAddress(door, one));
}

/** What is to be said of the server in front is said here: the one of the machine is no app, so those behind it say it. */
function standsFor(name: string, { state, isRouted }: ViewSources): boolean {
  if (name === FRONT_NAME) return true;
  return (state().front?.file ?? null) !== null && !isOwn(name) && isRouted(name);
}

function urlsOf(name: string, sources: ViewSources): string[] {
  const state = sources.state();
  if (name === EDGE || name === FRONT_NAME)
    return edgeAddresses(state).map((one, i) => urlOf(i === 0 ? 'http' : 'https', one));
  if (state.apps[name]?.plan.apart && !state.edge) return [];
  if (sources.isRouted(name) && state.edge) return siteUrls(name, state, state.edge);
  const listening = listeningOf(name, sources).filter(({ port }) => port > 0);
  if (listening.length > 0) {
    return listening.map((one) => urlOf(one.tls ? 'https' : 'http', one) + onlyPath(name, one.port, state));
  }
  const port = state.apps[name]?.plan.port ?? null;
  return port === null ? [] : [urlOf('http', { host: null, port })];
}

/** Where the dashboard listens for those who collect numbers alone, there is no page at `/`. */
function onlyPath(app: string, port: number, state: DesiredState): string {
  if (app !== DASHBOARD || pageAddresses(state).some((one) => one.port === port)) return '';
  return dashboardAddresses(state).some((one) => one.port === port) ? '/metrics' : '';
}

function answering(to: RoutePlan['to']): readonly RoutePlan['to'][] {
  return to.kind === 'split' ? to.parts.map((part) => part.to) : [to];
}

function siteUrls(app: string, state: DesiredState, edge: EdgePlan): string[] {
  return Object.values(state.sites).flatMap(({ site }) =>
    site.routes
      .filter(({ to }) => answering(to).some((one) => one.kind === 'app' && one.app === app))
      .map(({ prefix }) => {
        const listen = site.tls ? edge.https : edge.http;
        const host = site.host === '*' ? listen.host : site.host;
        return (
          urlOf(site.tls ? 'https' : 'http', { host, port: listen.port }) + (prefix === '/' ? '' : prefix)
        );
      }),
  );
}

/** Hosts of the paused sites that lead to this app. */
function pausedSites(app: string, { sites }: DesiredState): string[] {
  return Object.values(sites).flatMap(({ site, paused }) => {
    const leads = site.routes.some((route) =>
      destinations(route).some((to) => to.kind === 'app' && to.app === app),
    );
    return paused && (app === EDGE || leads) ? [site.host] : [];
  });
}

/** `http://localhost:3000`; an address that means "all" is shown as one that can be typed. */
function urlOf(scheme: 'http' | 'https', { host, port }: Address): string {
  const everywhere = host === null || host === '::' || host === '0.0.0.0';
  const shown = everywhere ? 'localhost' : host;
  const implied = port === (scheme === 'http' ? 80 : 443);
  return `${scheme}://${implied ? hostOnly(shown) : describeAddress({ host: shown, port })}`;
}

function hostOnly(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}

function notesOf(stored: StoredApp, sources: ViewSources): string[] {
  const { plan } = stored;
  const state = sources.state();
  const notes = pauseNotes(state, pausedSites(plan.name, state));
  if (plan.name === EDGE) notes.push(...sources.edgeNotes());
  if (plan.name === DASHBOARD) notes.push(...openMounts(state));
  if (standsFor(plan.name, sources)) notes.push(...sources.front.notes);
  const listening = listeningOf(plan.name, sources);
  const routed = sources.isRouted(plan.name);
  const running = (sources.app(plan.name)?.current ?? []).some(({ phase }) => phase === 'ready');
  if (plan.port !== null && listening.length > 0 && !listening.some(({ port }) => port === plan.port)) {
    const real = listening.map(describeAddress).join(', ');
    notes.push(`it listens on ${real}, not on the configured port ${plan.port}`);
  }
  for (const one of listening.filter((each) => each.via !== 'own' && !isBehind(each.via))) {
    if (isHeld(one, sources)) continue;
    notes.push(
      `port ${describeAddress(one)} is held by its instances only, since Holdfast was killed together with what stands in for it: its next reload has a gap, and then it is held again`,
    );
  }
  for (const one of listening.filter(({ via }) => via === 'own')) {
    notes.push(`port ${describeAddress(one)} is its own: while it restarts, connections are refused`);
  }
  if (routed && listening.some(({ tls, via }) => tls && !isBehind(via))) {
    notes.push(
      'it speaks TLS itself; the edge speaks plain HTTP to apps, so its TLS server gets no requests from a site',
    );
  }
  if (running && !hasGuest(plan) && !routed && plan.port !== null && !plan.name.startsWith('@')) {
    notes.push(
      'it is not a Node program, so its port is its own: a reload stops it before it starts it again',
    );
  }
  return notes;
}

function kindOf(name: string): AppKind {
  if (name === EDGE) return 'edge';
  if (name === FRONT_NAME) return 'front';
  if (name === DASHBOARD) return 'dashboard';
  return isOwn(name) ? 'egress' : 'app';
}

function nextRunOf({ job }: AppPlan, now: number): string | null {
  if (!job) return null;
  const next = schedule(job.expression, job.timezone).next(now);
  return next === null ? null : new Date(next).toISOString();
}

/** It gets the requests of the sites there. */
function isBehind(via: Listening['via']): boolean {
  return via === 'socket' || via === 'front';
}

function hasGuest(plan: AppPlan): boolean {
  return plan.guest && plan.command.node;
}
