/** The edge as an app like any other: its plan, and the route table that its processes get. Pure. */
import { appDefaults } from '../config/app-defaults.ts';
import { noContent } from '../config/content-defaults.ts';
import type { AppPlan, EdgePlan, ListenPlan, SiteTlsPlan } from '../config/plan.ts';
import { EDGE_NAME } from '../protocol/api.ts';
import type {
  EdgePool,
  EdgeRoute,
  EdgeSite,
  EdgeSiteTls,
  EdgeTable,
  EdgeTarget,
} from '../protocol/edge-table.ts';
import type { DesiredState } from './state.ts';

export const EDGE = EDGE_NAME;

const DEFAULT_HOLD = appDefaults.hold;
const NO_HOLD = { timeoutMs: 0, maxWaiting: 0 };

/** @param addresses where it listens, see `edgeAddresses` */
export function edgeAppPlan(
  edge: EdgePlan,
  addresses: readonly ListenPlan[],
  entry: string,
  baseEnv: Readonly<Record<string, string>>,
): AppPlan {
  return {
    ...appDefaults,
    name: EDGE,
    command: { file: entry, args: [], node: true, nodeArgs: [] },
    cwd: '/',
    instances: edge.processes,
    // Names the addresses, so that others make running edges outdated.
    env: { HOLDFAST_LISTEN: addresses.map(({ host, port }) => `${host ?? '*'} ${port}`).join(' ') },
    baseEnv,
    port: edge.http.port,
    guest: false,
    ready: { by: 'listen' },
    readyTimeoutMs: 15_000,
    drainMs: edge.drainMs,
    stop: { ...appDefaults.stop, timeoutMs: 15_000 },
    // It must come back whatever happens: there is no one else to serve.
    restart: {
      ...appDefaults.restart,
      backoffMinMs: 50,
      backoffMaxMs: 5000,
      giveUp: { crashes: 1_000_000, withinMs: 1000 },
    },
    sticky: 'none',
  };
}

/** Where edges listen: for HTTPS only when there is a site with TLS. */
export function edgeAddresses({ edge, sites }: Pick<DesiredState, 'edge' | 'sites'>): readonly ListenPlan[] {
  if (!edge) return [];
  const withTls = Object.values(sites).some(({ site }) => site.tls);
  return withTls ? [edge.http, edge.https] : [edge.http];
}

/** The apps that some site routes to. */
export function routedApps(state: DesiredState): ReadonlySet<string> {
  const names = new Set<string>();
  for (const { site } of Object.values(state.sites)) {
    for (const { to } of site.routes) if (to.kind === 'app') names.add(to.app);
  }
  return names;
}

/** @param targetsOf the ready and draining instances of an app */
export function edgeTable(
  version: number,
  state: DesiredState,
  edge: EdgePlan,
  targetsOf: (app: string) => readonly EdgeTarget[],
): EdgeTable {
  const pools: Record<string, EdgePool> = {};
  for (const app of routedApps(state)) {
    const stored = state.apps[app];
    pools[app] = {
      sticky: stored?.plan.sticky ?? 'none',
      // Nothing is coming that a request could wait for.
      hold: stored && !stored.stopped ? stored.plan.hold : NO_HOLD,
      targets: stored ? targetsOf(app) : [],
    };
  }
  const sites = Object.values(state.sites).map(({ site }): EdgeSite => {
    const routes = site.routes.map(({ prefix, to }): EdgeRoute => {
      if (to.kind === 'files') return { prefix, files: to.files };
      if (to.kind === 'app') return { prefix, pool: to.app };
      const address = { host: to.host, port: to.port };
      const pool = `${to.host}:${to.port}`;
      pools[pool] = {
        sticky: 'none',
        hold: DEFAULT_HOLD,
        targets: [{ id: pool, address, guest: false, state: 'ready' }],
      };
      return { prefix, pool };
    });
    const hasFiles = routes.some((route) => 'files' in route);
    const content = site.content ?? (hasFiles ? noContent : null);
    return {
      host: site.host,
      routes,
      ...(site.tls && { tls: siteTls(site.tls) }),
      ...(content && { content }),
    };
  });
  const { unknownHost, trust, limits, accessLog } = edge;
  return { version, sites, pools, unknownHost, trust, limits, accessLog };
}

function siteTls({ redirect, hstsSeconds, clients }: SiteTlsPlan): EdgeSiteTls {
  return { redirect, hstsSeconds, clients: clients && (clients.require ? 'required' : 'asked') };
}
