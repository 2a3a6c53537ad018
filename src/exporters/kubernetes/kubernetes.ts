/** Manifests for Kubernetes (1.30 and later), one file for all, to be applied as they are or by kustomize. */
import type { Plan } from '../../config/plan.ts';
import { comment } from '../comment.ts';
import { type Workload, workloadsOf } from '../containers/workload.ts';
import type { Exported, ExportOptions } from '../exported.ts';
import { lossLines } from '../losses.ts';
import { type Yaml, yaml } from '../yaml.ts';
import { httpRoutes } from './gateway.ts';
import { ingresses } from './ingress.ts';
import { kubernetesLosses } from './losses.ts';
import { networkPolicy } from './network-policy.ts';
import { autoscaler, cronJob, deployment, disruptionBudget, migration, service } from './objects.ts';

export function kubernetes(plan: Plan, options: ExportOptions): Exported {
  const workloads = workloadsOf(plan, options);
  const losses = kubernetesLosses(plan, options);
  const secrets = workloads.filter(({ secrets: names }) => names.length > 0);
  const head = comment('#', [
    'Written by `hold export kubernetes`. Build and push the images of `hold export dockerfile`, name them in kustomization.yaml, then: kubectl apply -k kubernetes',
    ...(plan.release.migrate === null
      ? []
      : [
          `The migration runs once per apply: delete the Job before the next one (kubectl delete job ${options.name}-migrate)`,
        ]),
    ...secrets.map(
      ({ name, secrets: names }) =>
        `Before that: kubectl create secret generic ${name} ${names.map((key) => `--from-literal=${key}=…`).join(' ')}`,
    ),
    ...(losses.length > 0 ? ['', 'Not in this file:', ...lossLines(losses)] : []),
  ]);
  const objects: Yaml[] = [
    ...migration(plan, workloads, options),
    ...workloads.flatMap((one) =>
      one.app.job
        ? cronJob(one)
        : [
            deployment(one, options),
            ...service(one, options),
            ...autoscaler(one, options),
            ...disruptionBudget(one),
            ...networkPolicy(plan, one),
          ],
    ),
    ...entrances(plan, workloads, options),
  ];
  const images = [...new Set(workloads.map(({ name }) => name))];
  const kustomization: Yaml = {
    apiVersion: 'kustomize.config.k8s.io/v1beta1',
    kind: 'Kustomization',
    resources: ['app.yaml'],
    images: images.map((name) => ({ name, newName: name, newTag: '1' })),
  };
  return {
    files: [
      {
        path: 'kubernetes/app.yaml',
        text: head + objects.map((one) => `---\n${yaml(one)}`).join(''),
        mode: 0o644,
      },
      {
        path: 'kubernetes/kustomization.yaml',
        text:
          comment('#', [
            'Where your images are: newName such as registry.example.com/team/web, newTag the version. Exporting again does not change this file.',
            'Better than newTag is `digest: "sha256:…"`, as `docker push` prints it: what runs is then what you built, whatever a tag leads to later.',
          ]) + yaml(kustomization),
        mode: 0o644,
        once: true,
      },
    ],
    losses,
  };
}

function entrances(plan: Plan, workloads: readonly Workload[], options: ExportOptions): Yaml[] {
  return options.ingress === 'gateway'
    ? httpRoutes(plan, workloads, options)
    : ingresses(plan, workloads, options);
}
