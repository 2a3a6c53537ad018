/** What Nomad does not do, or not from these files. */
import { BY_HAND, type PlatformWords, platformRights } from '../containers/losses.ts';
import { stickyLost } from '../containers/traefik-labels.ts';

export const words: PlatformWords = {
  egress: 'apps connect to where they like: there is no proxy of Holdfast',
  migrate: BY_HAND,
  sites: null,
  apps: {
    instances: 'kept',
    secrets: (secrets) =>
      Object.keys(secrets).length > 0
        ? `variables of Nomad bring ${Object.keys(secrets).join(', ')}: no file of this machine is read`
        : undefined,
    sticky: stickyLost,
    after: (after) => (after.length > 0 ? 'all start at once' : undefined),
    autostart: 'kept',
    ready: ({ by }, { job }) => {
      if (job || by === 'auto' || by === 'listen') return undefined;
      return 'it counts as ready when its check succeeds: a path, or that it listens';
    },
    readyTimeoutMs: 'kept',
    health: (health) =>
      health?.probe.kind === 'command'
        ? 'a check is a path, or that it listens: no command is run'
        : undefined,
    drainMs: (_, { job }) =>
      job
        ? undefined
        : 'clients of Nomad kill after 30 s in any case, unless their `max_kill_timeout` is longer',
    restart: ({ stopCodes, max, early, at }, { job }) => {
      if (job) return undefined;
      const rule = 'Nomad restarts it after the same pause each time';
      return {
        when: 'whatever ends is a failure, whether it was one or not',
        stopCodes: stopCodes.length > 0 ? 'such an exit is an exit like others' : undefined,
        max: max === null ? undefined : 'restarts are counted within `giveUpAfter` only',
        minUptime: rule,
        early: early === 'give-up' ? rule : undefined,
        backoff: rule,
        giveUpAfter: 'after too many restarts it is tried on another machine',
        cron: at ? 'nothing restarts it by the clock' : undefined,
      };
    },
    job: (job) =>
      job
        ? {
            timezone: job.timezone === null ? 'times are in UTC' : undefined,
            missed: job.missed === 'run' ? 'what was missed is not done later' : undefined,
            timeout: job.timeoutMs === null ? undefined : 'a run that takes longer is not ended',
          }
        : undefined,
    memory: ({ softBytes, hardBytes }) => ({
      soft: softBytes === null ? undefined : 'as much is reserved; nobody replaces it above that',
      hard:
        softBytes === null || hardBytes === null
          ? undefined
          : 'it may have more than `memory.soft` where the cluster allows oversubscription',
    }),
    rights: (rights) =>
      platformRights(rights, { cpu: 'as many MHz are reserved; it may use more where there are some' }),
  },
};
