/** The dashboard's process as an app like any other: its plan, when it is wanted, and what it is told. Pure. */
import { appDefaults } from '../config/app-defaults.ts';
import type { AppPlan, DashboardPlan } from '../config/plan.ts';
import { DASHBOARD_NAME } from '../protocol/dashboard.ts';
import type { DashboardAddress, DashboardMount, DashboardSettings } from '../protocol/dashboard-settings.ts';
import type { DesiredState } from './state.ts';
import { renewed } from './stored-app.ts';

export const DASHBOARD = DASHBOARD_NAME;
/** What `hold open` wants, among what projects want: none can be called so. */
export const OPENED = '@open';

export interface DashboardApp {
  /** The file that it runs. */
  readonly entry: string;
  readonly baseEnv: Readonly<Record<string, string>>;
}

function plansOf({
  dashboard,
}: Pick<DesiredState, 'dashboard'>): readonly (readonly [string, DashboardPlan])[] {
  return Object.entries(dashboard).sort(([a], [b]) => (a < b ? -1 : 1));
}

/** Where the page is on this machine. */
export function pageAddresses(state: Pick<DesiredState, 'dashboard'>): readonly DashboardAddress[] {
  return unique(plansOf(state).flatMap(([, { listen }]) => listen ?? []));
}

/** Where it listens: for the page, and for those who collect numbers. */
export function dashboardAddresses(
  state: Pick<DesiredState, 'dashboard' | 'metrics'>,
): readonly DashboardAddress[] {
  return unique([...pageAddresses(state), ...metricsOf(state).flatMap(({ listen }) => listen ?? [])]);
}

function unique(addresses: readonly DashboardAddress[]): readonly DashboardAddress[] {
  return [...new Map(addresses.map((one) => [`${one.host} ${one.port}`, one])).values()];
}

function metricsOf({ metrics }: Pick<DesiredState, 'metrics'>): DashboardSettings['metrics'] {
  return Object.values(metrics)
    .map(({ plan: { listen, token, otlp } }) => ({ listen, token, otlp }))
    .filter(({ listen, otlp }) => listen !== null || otlp !== null);
}

/** The routes that lead to it. */
export function mountsOf({ sites }: Pick<DesiredState, 'sites'>): readonly DashboardMount[] {
  return Object.values(sites).flatMap(({ site }) =>
    site.routes
      .filter(({ to }) => to.kind === 'app' && to.app === DASHBOARD)
      .map(({ prefix }) => ({
        host: site.host,
        prefix: prefix.length > 1 ? prefix.replace(/\/$/, '') : prefix,
        tls: site.tls !== null,
      })),
  );
}

export function settingsOf(
  state: DesiredState,
  about: Pick<DashboardSettings, 'hostname' | 'version' | 'home'>,
): DashboardSettings {
  const mounts = mountsOf(state);
  const metrics = metricsOf(state);
  return {
    ...about,
    listen: pageAddresses(state),
    mounts,
    // The same name in two projects: the first of them counts.
    users: Object.assign(
      {},
      ...plansOf(state)
        .map(([, { users }]) => users)
        .reverse(),
    ),
    sessionsFrom: state.dashboardSessionsFrom ?? 0,
    temporary:
      plansOf(state).every(([name]) => name === OPENED) && mounts.length === 0 && metrics.length === 0,
    metrics,
  };
}

/** Desired state with the dashboard in it as somebody wants it; stopped when nobody does. */
export function withDashboard(state: DesiredState, app: DashboardApp): DesiredState {
  const { [DASHBOARD]: old, ...apps } = state.apps;
  const isRouted = mountsOf(state).length > 0;
  if (dashboardAddresses(state).length === 0 && !isRouted && metricsOf(state).length === 0) {
    return old ? { ...state, apps: { ...apps, [DASHBOARD]: { ...old, stopped: true } } } : state;
  }
  return {
    ...state,
    apps: { ...apps, [DASHBOARD]: renewed(old, dashboardPlan(state, app), null, 'rolling') },
  };
}

export function dashboardPlan(state: DesiredState, { entry, baseEnv }: DashboardApp): AppPlan {
  const addresses = dashboardAddresses(state).map(({ host, port }) => `${host} ${port}`);
  const isRouted = mountsOf(state).length > 0;
  return {
    ...appDefaults,
    name: DASHBOARD,
    command: { file: entry, args: [], node: true, nodeArgs: [] },
    cwd: '/',
    // Names the addresses, so that others make what runs outdated. What is secret goes another way.
    env: { HOLDFAST_LISTEN: [...addresses, ...(isRouted ? ['edge'] : [])].join(' ') },
    baseEnv,
    guest: false,
    ready: { by: 'listen' },
    readyTimeoutMs: 15_000,
    // Streams of events would go on for ever; pages connect again.
    drainMs: 2_000,
    stop: { ...appDefaults.stop, timeoutMs: 10_000 },
    restart: {
      ...appDefaults.restart,
      backoffMinMs: 200,
      backoffMaxMs: 10_000,
      giveUp: { crashes: 1_000_000, withinMs: 1000 },
    },
    sticky: 'none',
  };
}

/** Routes by which names, passwords and sessions go over the wire as they are. */
export function openMounts(state: Pick<DesiredState, 'sites'>): readonly string[] {
  const isHere = (host: string) => host === 'localhost' || host === '[::1]' || host.startsWith('127.');
  return mountsOf(state)
    .filter(({ host, tls }) => !tls && !isHere(host))
    .map(
      ({ host, prefix }) =>
        `the site "${host}" leads ${prefix} to the dashboard without tls: passwords and sessions can be read on the way, unless something in front has TLS`,
    );
}

/** What the commands that it starts need of the daemon's own environment; nothing of a build or a test. */
export function dashboardEnv(env: NodeJS.ProcessEnv): Record<string, string> {
  const names = ['PATH', 'HOME', 'USER', 'LOGNAME', 'LANG', 'LC_ALL', 'TZ', 'TMPDIR', 'SSH_AUTH_SOCK'];
  return Object.fromEntries(names.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]])));
}
