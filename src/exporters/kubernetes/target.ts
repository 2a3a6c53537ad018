import { join } from 'node:path';
import { projectTarget } from '../containers/target.ts';
import { kubernetes } from './kubernetes.ts';

export const kubernetesTarget = projectTarget('Kubernetes', kubernetes, 'Then: kubectl apply -k kubernetes', {
  takes: ['ingress', 'maxInstances'],
  check: (_, dir) => ({
    around: [],
    // Without a cluster it knows no more than that.
    commands: [['kubectl', 'kustomize', join(dir, 'kubernetes')]],
  }),
});
