/** What Kubernetes does not do, or not from these files. */
import type { Plan } from '../../config/plan.ts';
import { type PlatformWords, platformLosses, platformRights, restartLost } from '../containers/losses.ts';
import type { Loss } from '../exported.ts';
import { cronExpression } from './objects.ts';

export function kubernetesLosses(plan: Plan): Loss[] {
  return [...platformLosses(plan, words), ...egressLosses(plan), ...siteLosses(plan)];
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

/** Hosts, paths and certificates are in the Ingress; the rest is for its controller, each of which has words of its own. */
function siteLosses({ sites, edge }: Plan): Loss[] {
  const all = Object.values(sites);
  if (all.length === 0) return [];
  const own = 'the ingress controller has settings of its own for that';
  return [
    ...all.flatMap(({ host, tls, content, load, cache, accessLog, routes }) => {
      const at = `sites.${host}`;
      return [
        ...(tls
          ? [
              {
                setting: `${at}.tls`,
                text: 'put the certificate into the secret that the Ingress names, or have cert-manager do so',
              },
            ]
          : []),
        ...Object.entries({ content, load, cache })
          .filter(([, value]) => value !== null)
          .map(([key]) => ({
            setting: key === 'content' ? at : `${at}.${key === 'load' ? 'limits' : key}`,
            text: own,
          })),
        ...(accessLog ? [{ setting: `${at}.accessLog`, text: own }] : []),
        ...routes.flatMap(({ prefix, to, load: limits, cache: cached, mirror }) => {
          const route = `${at}.routes.${prefix}`;
          return [
            ...(to.kind === 'app'
              ? []
              : [{ setting: route, text: `it leads to ${TO[to.kind]}: it is not in the Ingress` }]),
            ...(limits === null && cached === null && mirror === null ? [] : [{ setting: route, text: own }]),
            ...(prefix === '/' || prefix.endsWith('/')
              ? []
              : [{ setting: route, text: 'only whole segments of a path are matched' }]),
          ];
        }),
      ];
    }),
    ...(edge.accessLog || edge.trust.length > 0 || edge.proxyProtocol
      ? [{ setting: 'edge', text: own }]
      : [{ setting: 'edge', text: 'the ingress controller is in front, with its own limits and times' }]),
  ];
}

const TO = { upstream: 'another server', split: 'several apps', files: 'files' } as const;

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
