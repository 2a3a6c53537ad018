/** Sites as HTTPRoutes of the Gateway API (gateway.networking.k8s.io/v1), for a Gateway that the cluster has. */
import type { Plan } from '../../config/plan.ts';
import type { Workload } from '../containers/workload.ts';
import type { ExportOptions } from '../exported.ts';
import type { Yaml } from '../yaml.ts';
import { segments, siteName } from './ingress.ts';
import { byCookie } from './objects.ts';

export function httpRoutes(plan: Plan, workloads: readonly Workload[], options: ExportOptions): Yaml[] {
  return Object.values(plan.sites).flatMap((site) => {
    const rules = site.routes.flatMap(({ prefix, to }): Yaml[] => {
      const workload = to.kind === 'app' ? workloads.find(({ app }) => app.name === to.app) : undefined;
      if (!workload || workload.port === null) return [];
      return [
        {
          matches: [{ path: { type: 'PathPrefix', value: segments(prefix) } }],
          backendRefs: [{ name: workload.name, port: 80 }],
          sessionPersistence: byCookie(workload.app)
            ? { type: 'Cookie', sessionName: `${workload.name}-session` }
            : undefined,
        },
      ];
    });
    if (rules.length === 0) return [];
    return [
      {
        apiVersion: 'gateway.networking.k8s.io/v1',
        kind: 'HTTPRoute',
        metadata: {
          name: siteName(site, options),
          labels: { 'app.kubernetes.io/managed-by': 'holdfast-export' },
        },
        spec: {
          // Its listeners have the ports, the certificates, and the rule who may use it.
          parentRefs: [{ name: options.name }],
          hostnames: site.host === '*' ? undefined : [site.host],
          rules,
        },
      },
    ];
  });
}
