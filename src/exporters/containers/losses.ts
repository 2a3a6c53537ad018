/** What becomes of settings where a platform runs containers instead of Holdfast. */
import type { AppPlan, Plan } from '../../config/plan.ts';
import { appLosses, daemonLosses } from '../app-losses.ts';
import type { ExportOptions, Loss } from '../exported.ts';
import type { AppFates } from '../losses.ts';
import { rightsLost } from '../services/losses.ts';

/** The same on all platforms. */
const everywhere = {
  command: ({ node, file }) =>
    node ? undefined : `the image has Node and little else: see that "${file}" is in it`,
  cwd: 'kept',
  env: ({ PATH }) => ({ PATH: PATH === undefined ? undefined : 'it is the one of the image' }),
  // Its PATH is that of a shell here, which nobody misses in an image.
  baseEnv: 'kept',
  secrets: (secrets) =>
    Object.keys(secrets).length > 0
      ? `the platform must bring ${Object.keys(secrets).join(', ')}: no file of this machine is read`
      : undefined,
  node: 'kept',
  port: (_, { portStep }) =>
    portStep > 0 ? 'each container has an address of its own: all listen on the same port' : undefined,
  portStep: 'kept',
  // Matters of the server in front.
  hold: 'kept',
  upstream: 'kept',
  namespace: (name) => (name === null ? undefined : 'there is no name for several apps'),
  guest: (guest, { job, command, instances }) =>
    guest && command.node && !job && instances === 1
      ? 'nobody holds its port: while its only container restarts, connections are refused'
      : undefined,
  stdin: (stdin) => (stdin ? 'its stdin is empty: nothing can be sent to it' : undefined),
  watchdogMs: (ms) => (ms === null ? undefined : 'nobody notices a blocked event loop but by its probes'),
  watch: (watch) => (watch ? 'nobody looks for changed files: an image does not change' : undefined),
  pidFile: (path) => (path === null ? undefined : 'there is no such file'),
  log: () => 'lines go to stdout and stderr, and the platform keeps them, by its own rules',
  stop: ({ message, signal, ends }) => ({
    message: message ? `it gets ${signal} instead` : undefined,
    ends: ends === 'process' ? 'a container ends with its program' : undefined,
  }),
} as const satisfies Partial<AppFates>;

export type PlatformFates = Omit<AppFates, keyof typeof everywhere> & Partial<AppFates>;

export interface PlatformWords {
  readonly apps: PlatformFates;
  /** What becomes of `egress`; undefined: it is in the files. */
  readonly egress: string | undefined;
  /** Of `release.migrate`; undefined: it is in the files. */
  readonly migrate: string | undefined;
  /** Of sites and the edge; null: the target tells by itself. */
  readonly sites: string | null;
}

export function platformLosses(
  plan: Plan,
  options: ExportOptions,
  { apps, egress, migrate, sites }: PlatformWords,
): Loss[] {
  const fates: AppFates = { ...everywhere, ...apps };
  return [
    ...Object.values(plan.apps).flatMap((app) => appLosses(app, fates)),
    ...(plan.egress && egress !== undefined ? [{ setting: 'egress', text: egress }] : []),
    ...(plan.release.migrate !== null && migrate !== undefined
      ? [{ setting: 'release.migrate', text: migrate }]
      : []),
    ...(Object.keys(plan.sites).length > 0 && sites !== null
      ? ['sites', 'edge'].map((setting) => ({ setting, text: sites }))
      : []),
    ...(plan.logsTotalBytes === null
      ? []
      : [{ setting: 'logs.total', text: 'the platform keeps logs by its own rules' }]),
    ...daemonLosses(plan, options),
  ];
}

/** What no platform takes from its files. */
export const noRights = {
  user: 'it runs as user 1000 of the image, who is called `node` there',
  group: 'it runs as group 1000 of the image',
  umask: 'it has the one of the image',
  nice: 'all have the same priority',
  oomScore: 'the platform decides that',
  ulimits: 'it has those of the platform',
} as const;

/** @param without what is lost besides the user, the umask and the like */
export function platformRights(
  rights: AppPlan['rights'],
  without: Parameters<typeof rightsLost>[1],
): Record<string, string | undefined> {
  return rightsLost(rights, { ...noRights, ...without });
}

/** For platforms that restart what has ended, after a pause of their own. */
export function restartLost(restart: AppPlan['restart']): Record<string, string | undefined> {
  const { when, stopCodes, max, early, delayMs, at } = restart;
  const rule =
    'the platform restarts what has ended, after a pause of its own that grows, and never gives up';
  return {
    when: when === 'always' ? undefined : rule,
    stopCodes: stopCodes.length > 0 ? rule : undefined,
    max: max === null ? undefined : rule,
    minUptime: rule,
    early: early === 'give-up' ? rule : undefined,
    delay: delayMs > 0 ? rule : undefined,
    backoff: rule,
    giveUpAfter: rule,
    cron: at ? 'nothing restarts it by the clock' : undefined,
  };
}

export const BY_HAND = 'nothing runs it: run it in the new image before that gets requests';

export const LATER = 'nothing starts it by the clock: it is not in the files';
