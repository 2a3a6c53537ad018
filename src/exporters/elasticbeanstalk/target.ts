import { projectTarget } from '../containers/target.ts';
import { elasticbeanstalk } from './elasticbeanstalk.ts';

export const elasticbeanstalkTarget = projectTarget(
  'Elastic Beanstalk',
  elasticbeanstalk,
  'Then: commit them, and eb deploy',
  { takes: ['maxInstances'] },
);
