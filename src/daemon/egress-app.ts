/** The egress proxy as an app like any other: its plan, and what it does to desired state. Pure. */
import { appDefaults } from '../config/app-defaults.ts';
import type { AppPlan, EgressPlan, Plan } from '../config/plan.ts';
import { EDGE_NAME, FRONT_NAME } from '../protocol/api.ts';
import { DASHBOARD_NAME } from '../protocol/dashboard.ts';
import { EGRESS_NAME } from '../protocol/egress.ts';
import type { DesiredState } from './state.ts';
import { renewed } from './stored-app.ts';

export const EGRESS = EGRESS_NAME;
/** Apps find it here: nobody else's machine does. */
export const EGRESS_HOST = '127.0.0.1';

/** Holdfast's own: they serve the others, and end after them. */
export function isOwn(app: string): boolean {
  return app === EDGE_NAME || app === FRONT_NAME || app === EGRESS || app === DASHBOARD_NAME;
}

export interface EgressApp {
  /** A port that is free, for when it has none yet. */
  readonly port: number;
  /** The file that it runs. */
  readonly entry: string;
  readonly baseEnv: Readonly<Record<string, string>>;
}

function egressAppPlan({ port, entry, baseEnv }: EgressApp): AppPlan {
  return {
    ...appDefaults,
    name: EGRESS,
    command: { file: entry, args: [], node: true, nodeArgs: [] },
    cwd: '/',
    // Names are looked up on these threads: an app that asks for dead ones must not make the others wait.
    env: { HOLDFAST_LISTEN: `${EGRESS_HOST} ${port}`, UV_THREADPOOL_SIZE: '32' },
    baseEnv,
    port,
    guest: false,
    ready: { by: 'listen' },
    readyTimeoutMs: 15_000,
    // Tunnels live as long as connections to databases do: one that is replaced goes on until the last is done.
    drainMs: 3_600_000,
    stop: { ...appDefaults.stop, timeoutMs: 15_000 },
    // It must come back whatever happens: without it no app reaches anything.
    restart: {
      ...appDefaults.restart,
      backoffMinMs: 50,
      backoffMaxMs: 5000,
      giveUp: { crashes: 1_000_000, withinMs: 1000 },
    },
    sticky: 'none',
  };
}

/** What it is in this version, at the address that apps know. */
export function renewedEgressPlan({ port, baseEnv }: AppPlan, entry: string): AppPlan {
  return egressAppPlan({ port: port ?? 0, entry, baseEnv });
}

/** Desired state with what `next` says of egress, and with the proxy for it; stopped when nobody wants it. */
export function withEgress(state: DesiredState, { source, egress }: Plan, app: EgressApp): DesiredState {
  const { [keyOf(source)]: _mine, ...others } = state.egress;
  const plans = egress ? { ...others, [keyOf(source)]: egress } : others;
  const { [EGRESS]: old, ...apps } = state.apps;
  if (Object.keys(plans).length === 0) {
    const stopped = old && { [EGRESS]: { ...old, stopped: true } };
    return { ...state, egress: plans, apps: { ...apps, ...stopped } };
  }
  const known = old?.plan.port ?? null;
  const port = egress?.port ?? known ?? app.port;
  const plan = egressAppPlan({ ...app, port });
  const next = { ...state, egress: plans, apps: { ...apps, [EGRESS]: renewed(old, plan, null, 'rolling') } };
  return known === null || known === port ? next : withOtherPort(next, state, source);
}

/** Apps know the proxy by its port: those that run are to learn the other one, unless they are replaced anyway. */
function withOtherPort(next: DesiredState, before: DesiredState, source: string | null): DesiredState {
  const apps = Object.entries(next.apps).map(([name, app]) => {
    const old = before.apps[name];
    const uses = egressOf(app.source, before) !== null && egressOf(app.source, next) !== null;
    const isRenewed = app.source === source && old?.generation !== app.generation;
    if (!uses || isRenewed || app.stopped) return [name, app] as const;
    return [name, renewed(app, app.plan, app.source, 'rolling', false, true)] as const;
  });
  return { ...next, apps: Object.fromEntries(apps) };
}

/** What the file that an app came from says of egress; null: nothing. */
export function egressOf(source: string | null, { egress }: DesiredState): EgressPlan | null {
  const plan = source === null ? undefined : egress[keyOf(source)];
  // State of older versions says nothing of a port, and of a socket.
  return plan ? { port: null, socket: null, ...plan } : null;
}

function keyOf(source: string | null): string {
  return source ?? '';
}

/**
 * The unix sockets at which the proxy is to be found, of all files.
 *
 * @param own where it is when a file names none
 */
export function egressSockets({ egress }: DesiredState, own: string): readonly string[] {
  const named = Object.values(egress).flatMap(({ socket }) =>
    socket ? [socket === true ? own : socket] : [],
  );
  return [...new Set(named)].sort();
}

/**
 * The variables by which programs find the proxy. `NO_PROXY` leaves out this machine, which the proxy does not let through.
 * With the guest, Node's own support is not needed, and would be a second way of doing the same.
 */
export function egressEnv(app: string, token: string, port: number, guest: boolean): Record<string, string> {
  const url = `http://${encodeURIComponent(app)}:${token}@${EGRESS_HOST}:${port}`;
  const none = 'localhost,127.0.0.1,::1';
  return {
    HTTP_PROXY: url,
    http_proxy: url,
    HTTPS_PROXY: url,
    https_proxy: url,
    NO_PROXY: none,
    no_proxy: none,
    ...(guest ? { HOLDFAST_EGRESS: 'guest' } : { NODE_USE_ENV_PROXY: '1' }),
  };
}
