/** What is lost on platforms that take a few settings and decide the rest by themselves. */
import type { AppPlan } from '../../config/plan.ts';
import { LATER, type PlatformWords, platformRights, restartLost } from './losses.ts';

const THEIRS = 'the platform has settings of its own for that';

/** @param own what a platform knows better */
export function managed(own: Partial<PlatformWords['apps']>): PlatformWords {
  return {
    egress: 'apps connect to where they like: there is no proxy of Holdfast',
    migrate: undefined,
    sites: 'the platform has a server in front, with TLS; name your domains there',
    apps: {
      instances: 'kept',
      sticky: (sticky) => (sticky === 'none' ? undefined : 'requests of one session go to any instance'),
      after: (after) => (after.length > 0 ? 'all start at once' : undefined),
      autostart: (autostart) => (autostart ? undefined : 'all are started'),
      ready: readyLost,
      readyTimeoutMs: () => THEIRS,
      health: healthLost,
      drainMs: 'kept',
      restart: (restart, { job }) => {
        if (job) return undefined;
        return { ...restartLost(restart), ...(restart.when !== 'always' && { when: THEIRS }) };
      },
      job: (job) => (job ? LATER : undefined),
      memory: ({ softBytes, hardBytes }) => ({
        soft: softBytes === null ? undefined : THEIRS,
        hard: hardBytes === null ? undefined : THEIRS,
      }),
      rights: (rights) => platformRights(rights, { cpu: THEIRS, pids: THEIRS }),
      ...own,
    },
  };
}

function readyLost({ by }: AppPlan['ready'], { job }: AppPlan): string | undefined {
  if (job) return undefined;
  if (by === 'probe')
    return 'only apps that get requests are asked, over HTTP, at the port where they get them';
  return by === 'notify' || by === 'message'
    ? 'it counts as ready when its health check succeeds'
    : undefined;
}

/** They ask over HTTP, and nothing else. */
function healthLost(health: AppPlan['health']): Record<string, string | undefined> | undefined {
  if (!health) return undefined;
  return {
    '': isAsked(health) ? undefined : 'only a path is asked, over HTTP, to see whether it is well',
    every: THEIRS,
    timeout: THEIRS,
    failures: THEIRS,
  };
}

export function isAsked({ probe }: NonNullable<AppPlan['health']>): boolean {
  return probe.kind === 'http';
}

/** The path that is asked, if any. */
export function healthPath({ health, ready }: Pick<AppPlan, 'health' | 'ready'>): string | undefined {
  if (health?.probe.kind === 'http') return health.probe.path;
  return ready.by === 'probe' && ready.probe.kind === 'http' ? ready.probe.path : undefined;
}
