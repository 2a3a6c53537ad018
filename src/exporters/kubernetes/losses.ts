/** What Kubernetes does not do, or not from these files. */
import type { Plan, Sticky } from '../../config/plan.ts';
import { type PlatformWords, platformLosses, platformRights, restartLost } from '../containers/losses.ts';
import { type SiteWords, siteLosses } from '../containers/site-losses.ts';
import type { ExportOptions, IngressKind, Loss } from '../exported.ts';
import { cronExpression } from './objects.ts';

export function kubernetesLosses(plan: Plan, options: ExportOptions): Loss[] {
  const { ingress = 'traefik', name } = options;
  const apps = { ...words.apps, sticky: (sticky: Sticky) => stickyLost(sticky, ingress) };
  const entrance = ingress === 'gateway' ? gateway(name) : sites;
  return [
    ...platformLosses(plan, options, { ...words, apps }),
    ...egressLosses(plan),
    ...siteLosses(plan, entrance),
  ];
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

function gateway(name: string): SiteWords {
  return {
    ...sites,
    own: 'the Gateway API has filters and policies of its own for that',
    elsewhere: (what) => `it leads to ${what}: it is not in the HTTPRoute`,
    tls: `the certificate belongs to a listener of the Gateway "${name}"`,
    edge: `a Gateway called "${name}" must be there, with its own limits and times`,
  };
}

function stickyLost(sticky: Sticky, ingress: IngressKind): string | undefined {
  if (sticky === 'none') return undefined;
  if (sticky === 'ip')
    return ingress === 'nginx'
      ? 'by the address of the client, as ingress-nginx sees it'
      : 'by the address that the Service sees, which behind an Ingress is the one of its controller';
  return {
    traefik:
      'by a cookie, for Traefik only (annotations of the Service); `--ingress nginx` and `--ingress gateway` write it for others',
    nginx: 'by a cookie of ingress-nginx',
    gateway:
      'by a cookie, where the experimental channel of the Gateway API is installed, and its controller knows sessionPersistence',
  }[ingress];
}

const words: PlatformWords = {
  egress: undefined,
  migrate: undefined,
  sites: null,
  apps: {
    instances: 'kept',
    sticky: 'kept',
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
