/** Sites as Ingress, for whichever controller the cluster has; its default one, unless `ingressClassName` is added. */
import type { Plan, RoutePlan } from '../../config/plan.ts';
import type { Workload } from '../containers/workload.ts';
import type { ExportOptions } from '../exported.ts';
import type { Yaml } from '../yaml.ts';

/** WebSockets need nothing here: Traefik, nginx and HAProxy pass them on. */
export function ingresses(plan: Plan, workloads: readonly Workload[], { name }: ExportOptions): Yaml[] {
  return Object.values(plan.sites).flatMap((site) => {
    const paths = site.routes.flatMap((route) => pathOf(route, workloads));
    if (paths.length === 0) return [];
    const host = site.host === '*' ? undefined : site.host;
    const own = `${name}-${site.host.replaceAll('*', 'any').replaceAll(/[^a-z0-9-]+/g, '-')}`.slice(0, 63);
    return [
      {
        apiVersion: 'networking.k8s.io/v1',
        kind: 'Ingress',
        metadata: { name: own, labels: { 'app.kubernetes.io/managed-by': 'holdfast-export' } },
        spec: {
          tls: site.tls
            ? [{ hosts: host === undefined ? undefined : [host], secretName: `${own}-tls` }]
            : undefined,
          rules: [{ host, http: { paths } }],
        },
      },
    ];
  });
}

/** Kubernetes knows whole segments of paths only: `/new` is for what begins with `/new/`, and for `/new`. */
function pathOf({ prefix, to }: RoutePlan, workloads: readonly Workload[]): Yaml[] {
  if (to.kind !== 'app') return [];
  const workload = workloads.find(({ app }) => app.name === to.app);
  if (!workload || workload.port === null) return [];
  return [
    {
      path: prefix === '/' ? '/' : prefix.replace(/\/$/, ''),
      pathType: 'Prefix',
      backend: { service: { name: workload.name, port: { name: 'http' } } },
    },
  ];
}
