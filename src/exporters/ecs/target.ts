import { projectTarget } from '../containers/target.ts';
import { ecs } from './ecs.ts';

export const ecsTarget = projectTarget('Amazon ECS', ecs, 'Then: aws cloudformation deploy', {
  takes: ['maxInstances'],
  check: (files) => ({
    around: [],
    // Only AWS knows what is right; it needs an account.
    commands: files.map(({ text }) => [
      'aws',
      'cloudformation',
      'validate-template',
      '--template-body',
      text,
    ]),
  }),
});
