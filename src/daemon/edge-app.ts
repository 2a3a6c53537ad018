/** The edge as an app like any other: its plan, and the route table that its processes get. Pure. */
import { appDefaults } from '../config/app-defaults.ts';
import type { AppPlan, EdgePlan } from '../config/plan.ts';
import { EDGE_NAME } from '../protocol/api.ts';
import type { EdgePool, EdgeSite, EdgeTable, EdgeTarget } from '../protocol/edge-table.ts';
import type { DesiredState } from './state.ts';

export const EDGE = EDGE_NAME;

const DEFAULT_HOLD = appDefaults.hold;
const NO_HOLD = { timeoutMs: 0, maxWaiting: 0 };

export function edgeAppPlan(
  edge: EdgePlan,
  entry: string,
  baseEnv: Readonly<Record<string, string>>,
): AppPlan {
  return {
    ...appDefaults,
    name: EDGE,
    command: { file: entry, args: [], node: true, nodeArgs: [] },
    cwd: '/',
    instances: edge.processes,
    // Names the address, so that another one makes running edges outdated.
    env: { HOLDFAST_LISTEN: `${edge.http.host ?? '*'} ${edge.http.port}` },
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
    const routes = site.routes.map(({ prefix, to }) => {
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
    return { host: site.host, routes };
  });
  const { unknownHost, trust, limits, accessLog } = edge;
  return { version, sites, pools, unknownHost, trust, limits, accessLog };
}
