/** What Swarm does not do, or not from a stack. */
import { BY_HAND, LATER, type PlatformWords, platformRights } from '../containers/losses.ts';
import { stickyLost } from '../containers/traefik-labels.ts';

export const words: PlatformWords = {
  egress: 'apps connect to where they like: there is no proxy of Holdfast',
  migrate: BY_HAND,
  sites: null,
  apps: {
    instances: 'kept',
    secrets: (secrets) =>
      Object.keys(secrets).length > 0
        ? `secrets of Swarm bring ${Object.keys(secrets).join(', ')}: no file of this machine is read`
        : undefined,
    sticky: stickyLost,
    after: (after) => (after.length > 0 ? 'all start at once' : undefined),
    autostart: 'kept',
    ready: ({ by }, { job }) =>
      !job && (by === 'notify' || by === 'message')
        ? 'it counts as ready when its health check succeeds'
        : undefined,
    readyTimeoutMs: 'kept',
    health: 'kept',
    drainMs: 'kept',
    restart: ({ stopCodes, early, at }, { job }) => {
      if (job) return undefined;
      const rule = 'Swarm starts another one after the same pause each time';
      return {
        stopCodes: stopCodes.length > 0 ? 'such an exit is an exit like others' : undefined,
        minUptime: rule,
        early: early === 'give-up' ? rule : undefined,
        backoff: rule,
        giveUpAfter: 'it is given up by `restart.max` only',
        cron: at ? 'nothing restarts it by the clock' : undefined,
      };
    },
    job: (job) => (job ? LATER : undefined),
    memory: ({ softBytes }) => ({
      soft: softBytes === null ? undefined : 'as much is reserved; nobody replaces it above that',
    }),
    rights: (rights) => platformRights(rights, {}),
  },
};
