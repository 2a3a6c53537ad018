import { join } from 'node:path';
import { projectTarget } from '../containers/target.ts';
import { swarm } from './swarm.ts';

export const swarmTarget = projectTarget(
  'Docker Swarm',
  swarm,
  'Then: docker stack deploy -c stack.yaml <name>',
  {
    check: (_, dir) => ({
      around: [],
      commands: [['docker', 'stack', 'config', '-c', join(dir, 'stack.yaml')]],
    }),
  },
);
