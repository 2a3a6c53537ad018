/** `egress` as a NetworkPolicy: it knows networks and ports, and no names of hosts. */
import type { EgressRule, Plan } from '../../config/plan.ts';
import type { Workload } from '../containers/workload.ts';
import type { Yaml } from '../yaml.ts';
import { labels } from './objects.ts';

export function networkPolicy(plan: Plan, workload: Workload): Yaml[] {
  if (!plan.egress || plan.egress.observe) return [];
  const rules = [...plan.egress.allow, ...(plan.egress.apps[workload.app.name] ?? [])];
  return [
    {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { name: `${workload.name}-egress`, labels: labels(workload) },
      spec: {
        podSelector: { matchLabels: { 'app.kubernetes.io/name': workload.name } },
        policyTypes: ['Egress'],
        egress: [
          // Names of hosts must be found.
          {
            ports: [
              { protocol: 'UDP', port: 53 },
              { protocol: 'TCP', port: 53 },
            ],
          },
          ...rules.flatMap(ruleOf),
        ],
      },
    },
  ];
}

/** A name is left open to the whole internet on its port, because its addresses change; that is told as a loss. */
function ruleOf(rule: EgressRule): Yaml[] {
  const ports = rule.port === null ? undefined : [{ protocol: 'TCP', port: rule.port }];
  if (rule.kind === 'network')
    return [{ to: [{ ipBlock: { cidr: `${rule.address}/${rule.bits}` } }], ports }];
  return [{ to: [{ ipBlock: { cidr: '0.0.0.0/0' } }, { ipBlock: { cidr: '::/0' } }], ports }];
}
