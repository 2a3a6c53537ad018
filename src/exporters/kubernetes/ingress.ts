/** Sites as Ingress: for the default controller of the cluster, with annotations where it is Traefik; or for ingress-nginx. */
import type { Plan, RoutePlan, SitePlan } from '../../config/plan.ts';
import type { Workload } from '../containers/workload.ts';
import type { ExportOptions } from '../exported.ts';
import type { Yaml } from '../yaml.ts';
import { byCookie } from './objects.ts';

/** WebSockets need nothing for Traefik; nginx cuts one over which nothing goes for a minute, unless it is told otherwise. */
const IDLE_SECONDS = '3600';

export function ingresses(plan: Plan, workloads: readonly Workload[], options: ExportOptions): Yaml[] {
  return Object.values(plan.sites).flatMap((site) => {
    const all = site.routes.flatMap((route) => pathOf(route, workloads));
    if (options.ingress !== 'nginx') return ingress(site, '', all, undefined, options);
    // Its annotations are for a whole Ingress, so each app has one of its own.
    return [...new Set(all.map(({ workload }) => workload))].flatMap((one) =>
      ingress(
        site,
        `-${one.name}`,
        all.filter(({ workload }) => workload === one),
        nginxWords(one),
        options,
      ),
    );
  });
}

interface Path {
  readonly workload: Workload;
  readonly path: Yaml;
}

function ingress(
  site: SitePlan,
  part: string,
  paths: readonly Path[],
  annotations: Readonly<Record<string, string>> | undefined,
  options: ExportOptions,
): Yaml[] {
  if (paths.length === 0) return [];
  const host = site.host === '*' ? undefined : site.host;
  const own = siteName(site, options);
  return [
    {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'Ingress',
      metadata: {
        name: `${own}${part}`.slice(0, 253),
        labels: { 'app.kubernetes.io/managed-by': 'holdfast-export' },
        annotations,
      },
      spec: {
        ingressClassName: options.ingress === 'nginx' ? 'nginx' : undefined,
        tls: site.tls
          ? [{ hosts: host === undefined ? undefined : [host], secretName: `${own}-tls` }]
          : undefined,
        rules: [{ host, http: { paths: paths.map(({ path }) => path) } }],
      },
    },
  ];
}

/** As names of objects may be. */
export function siteName({ host }: SitePlan, { name }: ExportOptions): string {
  return `${name}-${host.replaceAll('*', 'any').replaceAll(/[^a-z0-9-]+/g, '-')}`.slice(0, 63);
}

/** Of ingress-nginx: https://kubernetes.github.io/ingress-nginx/user-guide/nginx-configuration/annotations/ */
function nginxWords({ app, name }: Workload): Record<string, string> {
  const at = 'nginx.ingress.kubernetes.io';
  return {
    [`${at}/proxy-read-timeout`]: IDLE_SECONDS,
    [`${at}/proxy-send-timeout`]: IDLE_SECONDS,
    ...(byCookie(app) && {
      [`${at}/affinity`]: 'cookie',
      [`${at}/session-cookie-name`]: `${name}-session`,
      [`${at}/session-cookie-samesite`]: 'Lax',
    }),
    ...(app.sticky === 'ip' && { [`${at}/upstream-hash-by`]: '$binary_remote_addr' }),
  };
}

/** Kubernetes knows whole segments of paths only: `/new` is for what begins with `/new/`, and for `/new`. */
function pathOf({ prefix, to }: RoutePlan, workloads: readonly Workload[]): Path[] {
  const workload = to.kind === 'app' ? workloads.find(({ app }) => app.name === to.app) : undefined;
  if (!workload || workload.port === null) return [];
  return [
    {
      workload,
      path: {
        path: segments(prefix),
        pathType: 'Prefix',
        backend: { service: { name: workload.name, port: { name: 'http' } } },
      },
    },
  ];
}

export function segments(prefix: string): string {
  return prefix === '/' ? '/' : prefix.replace(/\/$/, '');
}
