/** The edge as an app like any other: its plan. Pure. */
import { appDefaults } from '../config/app-defaults.ts';
import type { AppPlan, EdgePlan, ListenPlan } from '../config/plan.ts';
import { EDGE_NAME } from '../protocol/api.ts';
import type { DesiredState } from './state.ts';

export const EDGE = EDGE_NAME;

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
    // `hold logs @edge` reads what the access log says.
    log: { ...appDefaults.log, format: edge.accessLog?.format === 'json' ? 'json' : 'text' },
  };
}

/** Where edges listen: for HTTPS only when there is a site with TLS. */
export function edgeAddresses({ edge, sites }: Pick<DesiredState, 'edge' | 'sites'>): readonly ListenPlan[] {
  if (!edge) return [];
  const withTls = Object.values(sites).some(({ site }) => site.tls);
  return withTls ? [edge.http, edge.https] : [edge.http];
}
