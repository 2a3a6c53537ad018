/** What becomes of an app's settings where an init system starts it instead of Holdfast. */
import type { AppPlan, Plan, ReadyPlan, RightsPlan } from '../../config/plan.ts';
import { appLosses, daemonLosses } from '../app-losses.ts';
import type { ExportOptions, Loss } from '../exported.ts';
import type { AppFates } from '../losses.ts';

/** The same for all of them. */
const everywhere = {
  command: 'kept',
  cwd: 'kept',
  instances: 'kept',
  env: 'kept',
  baseEnv: 'kept',
  node: (node) =>
    node ? `it runs with the Node of this machine: install Node ${node.wanted} there yourself` : undefined,
  port: 'kept',
  portStep: 'kept',
  // Matters of the server in front.
  sticky: 'kept',
  hold: 'kept',
  upstream: 'kept',
  namespace: (name) =>
    name === null ? undefined : 'services are named one by one: there is no name for several',
  guest: (guest, { job, command }) =>
    guest && command.node && !job
      ? 'nobody holds its port: while it restarts, connections are refused, also when it is replaced'
      : undefined,
  stdin: (stdin) => (stdin ? 'its stdin is empty: nothing can be sent to it' : undefined),
  health: (health) => (health ? 'nobody asks whether it is well' : undefined),
  drainMs: (_, { job }) =>
    job ? undefined : 'it gets its signal at once, and must itself finish the requests that it has',
  watch: (watch) => (watch ? 'nobody looks for changed files' : undefined),
} as const satisfies Partial<AppFates>;

/** What each init system says for itself; it may also know better about what is lost elsewhere. */
export type InitFates = Omit<AppFates, keyof typeof everywhere> & Partial<AppFates>;

export function initLosses(plan: Plan, options: ExportOptions, own: InitFates): Loss[] {
  const { apps, egress, logsTotalBytes } = plan;
  const fates: AppFates = { ...everywhere, ...own };
  return [
    ...Object.values(apps).flatMap((app) => appLosses(app, fates)),
    ...Object.values(apps).flatMap(({ name, after }) =>
      after
        .filter((other) => apps[other]?.job)
        .map((other) => ({ setting: `apps.${name}.after`, text: `it does not wait for the job ${other}` })),
    ),
    ...(egress
      ? [{ setting: 'egress', text: 'apps connect to where they like: there is no proxy of Holdfast' }]
      : []),
    ...(logsTotalBytes === null
      ? []
      : [{ setting: 'logs.total', text: 'nobody counts what all logs take together' }]),
    ...daemonLosses(plan, options),
  ];
}

/** For inits that start processes and stop them, and look at nothing else. */
export const onlyStarted = {
  readyTimeoutMs: (_, app) => readyLost(app.ready, app),
  ready: readyLost,
  watchdogMs: (ms) => (ms === null ? undefined : 'nobody notices a blocked event loop'),
  job: (job) => (job ? 'nothing starts it by the clock: put it into crontab(5)' : undefined),
  memory: ({ softBytes, hardBytes }) => ({
    soft: softBytes === null ? undefined : 'nobody measures its memory',
    hard: hardBytes === null ? undefined : 'its memory is not limited',
  }),
} as const satisfies Partial<AppFates>;

/** For inits to which a service is ready when its process runs. */
export function readyLost({ by }: ReadyPlan, app: AppPlan): string | undefined {
  if (app.job || by === 'started' || (by === 'auto' && app.port === null)) return undefined;
  return 'it counts as ready as soon as its process runs';
}

/** The rights that a target does not give, by their names in the configuration. */
export function rightsLost(
  rights: RightsPlan,
  without: Partial<Record<keyof RightsPlan, string>>,
): Record<string, string | undefined> {
  const all: Partial<Record<keyof RightsPlan, string>> = {
    permissions: "Node's permission model is not turned on: its options can stand in `nodeArgs`",
    ...without,
  };
  return Object.fromEntries(
    Object.entries(all).flatMap(([name, text]) => {
      const value = rights[name as keyof RightsPlan];
      const isSet = value !== null && (name !== 'ulimits' || Object.keys(rights.ulimits).length > 0);
      return isSet ? [[name, text]] : [];
    }),
  );
}
