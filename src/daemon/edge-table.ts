/** From the wish to the route table that the edge's processes get. Pure. */
import { isDeepStrictEqual } from 'node:util';
import { appDefaults } from '../config/app-defaults.ts';
import { noContent } from '../config/content-defaults.ts';
import type {
  Destination,
  EdgePlan,
  RoutePlan,
  SitePlan,
  SiteTlsPlan,
  UpstreamPlan,
} from '../config/plan.ts';
import type {
  EdgePool,
  EdgeRoute,
  EdgeSite,
  EdgeSiteTls,
  EdgeTable,
  EdgeTarget,
} from '../protocol/edge-table.ts';
import type { DesiredState, StoredSite } from './state.ts';

/** Nobody restarts a server that is not ours: what refuses for longer is down. */
const UPSTREAM_HOLD = { ...appDefaults.hold, timeoutMs: 2_000 };
const NO_HOLD = { timeoutMs: 0, maxWaiting: 0 };

/** The apps that some site routes to, or that listen apart: each has sockets where only Holdfast reaches it. */
export function routedApps(state: DesiredState): ReadonlySet<string> {
  const names = new Set<string>();
  for (const { plan } of Object.values(state.apps)) if (plan.apart) names.add(plan.name);
  for (const { site } of Object.values(state.sites)) {
    for (const route of site.routes) {
      for (const to of destinations(route)) if (to.kind === 'app') names.add(to.app);
    }
  }
  return names;
}

/** Everywhere that requests of a route may go. */
export function destinations({ to, mirror }: RoutePlan): readonly Destination[] {
  const copies = mirror ? [mirror.to] : [];
  if (to.kind === 'files') return copies;
  return to.kind === 'split' ? [...to.parts.map((part) => part.to), ...copies] : [to, ...copies];
}

/**
 * @param targetsOf the ready and draining instances of an app
 * @param authorities the certificates in a file that a route names; null: it has never been readable
 */
export function edgeTable(
  version: number,
  state: DesiredState,
  edge: EdgePlan,
  targetsOf: (app: string) => readonly EdgeTarget[],
  authorities: (file: string) => string | null = () => null,
): EdgeTable {
  const pools: Record<string, EdgePool> = {};
  for (const app of routedApps(state)) {
    const stored = state.apps[app];
    pools[app] = {
      sticky: stored?.plan.sticky ?? 'none',
      // Nothing is coming that a request could wait for.
      hold: stored && !stored.stopped ? stored.plan.hold : NO_HOLD,
      targets: stored ? targetsOf(app) : [],
      rules: stored?.plan.upstream ?? appDefaults.upstream,
    };
  }
  const servers = new Map<string, UpstreamPlan>();
  const poolOf = (to: Destination): string => {
    if (to.kind === 'app') return to.app;
    const name = poolName(to, servers);
    servers.set(name, to);
    pools[name] ??= upstreamPool(name, to, authorities);
    return name;
  };
  const sites = Object.values(state.sites).map((stored) => edgeSite(stored, poolOf));
  const { unknownHost, trust, limits, accessLog, http2, proxyProtocol } = edge;
  return { version, sites, pools, unknownHost, trust, limits, accessLog, http2, proxyProtocol };
}

/** As it is written; but the same server with other rules is another pool. `http://` is left out, as it says nothing. */
function poolName(to: UpstreamPlan, known: ReadonlyMap<string, UpstreamPlan>): string {
  const name = to.url.replace(/^http:\/\//, '');
  for (let number = 1; ; number++) {
    const free = number === 1 ? name : `${name} (${number})`;
    const other = known.get(free);
    if (!other || isDeepStrictEqual(other, to)) return free;
  }
}

function upstreamPool(
  name: string,
  { address, tls, proxyProtocol, rules, check }: UpstreamPlan,
  authorities: (file: string) => string | null,
): EdgePool {
  const ca = tls?.ca ? authorities(tls.ca) : null;
  const target: EdgeTarget = {
    // Access logs have it as one word.
    id: name.replace(/ \((\d+)\)$/, '#$1'),
    address,
    guest: false,
    state: 'ready',
    ...(tls && { tls: { serverName: tls.serverName, ...(ca !== null && { ca }) } }),
    ...(proxyProtocol && { proxyProtocol }),
  };
  return { sticky: 'none', hold: UPSTREAM_HOLD, targets: [target], rules, ...(check && { check }) };
}

function edgeSite({ site, paused }: StoredSite, poolOf: (to: Destination) => string): EdgeSite {
  const routes = site.routes.map((route) => edgeRoute(route, poolOf));
  const content = site.content ?? (needsGate(site, routes) || paused ? noContent : null);
  return {
    host: site.host,
    routes,
    ...(site.tls && { tls: siteTls(site.tls) }),
    ...(content && { content }),
    ...(site.load && { load: site.load }),
    ...(site.cache && { cache: site.cache }),
    ...(paused && { paused }),
    ...(!site.accessLog && { unlogged: true as const }),
  };
}

/** Something is done with its requests besides passing them on. */
function needsGate({ cache, load }: SitePlan, routes: readonly EdgeRoute[]): boolean {
  if (cache || load?.rates.length) return true;
  return routes.some((route) => 'files' in route || route.mirror || route.load?.rates.length);
}

function edgeRoute(
  { prefix, to, load, cache, mirror }: RoutePlan,
  poolOf: (to: Destination) => string,
): EdgeRoute {
  const more = {
    ...(load && { load }),
    ...(cache !== null && { cache }),
    ...(mirror && { mirror: { pool: poolOf(mirror.to), share: mirror.share } }),
  };
  if (to.kind === 'files') return { prefix, files: to.files, ...more };
  if (to.kind !== 'split') return { prefix, pool: poolOf(to), ...more };
  const parts = to.parts.map((part) => ({ pool: poolOf(part.to), weight: part.weight }));
  return { prefix, split: { parts, sticky: to.sticky }, ...more };
}

function siteTls({ redirect, hstsSeconds, clients }: SiteTlsPlan): EdgeSiteTls {
  return { redirect, hstsSeconds, clients: clients && (clients.require ? 'required' : 'asked') };
}
