/** What Kubernetes does not do, or not from these files. */
import type { Plan } from '../../config/plan.ts';
import { type PlatformWords, platformLosses, platformRights, restartLost } from '../containers/losses.ts';
import { type SiteWords, siteLosses } from '../containers/site-losses.ts';
import type { Loss } from '../exported.ts';
import { cronExpression } from './objects.ts';

export function kubernetesLosses(plan: Plan): Loss[] {
  return [...platformLosses(plan, words), ...egressLosses(plan), ...siteLosses(plan, sites)];
}

function egressLosses({ egress }: Plan): Loss[] {
  if (!egress) return [];
  if (egress.observe) return [{ setting: 'egress.observe', text: 'nobody counts where apps connect to' }];
  const names = [egress.allow, ...Object.values(egress.apps)]
    .flat()
    .flatMap((r) => (r.kind === 'host' ? [r.host] : []));
  const text = `a NetworkPolicy knows no names: ${[...new Set(names)].join(', ')} stands for every address with that port`;
  return names.length === 0 ? [] : [{ setting: 'egress.allow', text }];
}

/** Each controller has words of its own for what is not a host or a path. */
const sites: SiteWords = {
  own: 'the ingress controller has settings of its own for that',
  elsewhere: (what) => `it leads to ${what}: it is not in the Ingress`,
  tls: 'put the certificate into the secret that the Ingress names, or have cert-manager do so',
  segments: 'only whole segments of a path are matched',
  edge: 'the ingress controller is in front, with its own limits and times',
};

const words: PlatformWords = {
  egress: undefined,
  migrate: undefined,
  sites: null,
  apps: {
    instances: 'kept',
    sticky: (sticky) => {
      if (sticky === 'none') return undefined;
      return sticky === 'ip'
        ? 'by the address that the Service sees, which behind an Ingress is the one of its controller'
        : 'by a cookie, for Traefik only (annotations of the Service); other controllers have words of their own';
    },
    after: (after) => (after.length > 0 ? 'all start at once' : undefined),
    autostart: 'kept',
    ready: ({ by }, { job }) =>
      !job && (by === 'notify' || by === 'message')
        ? 'it counts as ready when its probe succeeds'
        : undefined,
    readyTimeoutMs: 'kept',
    health: 'kept',
    drainMs: 'kept',
    restart: (restart, { job }) => {
      if (job) return undefined;
      const never = 'it is started again in any case';
      return {
        ...restartLost(restart),
        when: restart.when === 'always' ? undefined : never,
        minUptime: undefined,
      };
    },
    job: (job) => {
      if (!job) return undefined;
      return cronExpression(job.expression) === null
        ? `Kubernetes has no words for "${job.expression}": nothing starts it by the clock`
        : undefined;
    },
    memory: ({ softBytes }) => ({
      soft: softBytes === null ? undefined : 'as much is reserved; nobody replaces it above that',
    }),
    rights: (rights) =>
      platformRights(rights, {
        cpu: 'as much is reserved; it may use more where there is some',
        pids: 'the kubelet has one limit for all pods',
      }),
  },
};
