import { projectTarget } from '../containers/target.ts';
import { railway } from './railway.ts';

export const railwayTarget = projectTarget(
  'Railway',
  railway,
  'Then: commit them, and name each in the settings of its service',
);
