import { projectTarget } from '../containers/target.ts';
import { dockerfile } from './dockerfile.ts';

export const dockerfileTarget = projectTarget('Docker', dockerfile, 'Then: docker build --target <app> .');
