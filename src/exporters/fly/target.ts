import { projectTarget } from '../containers/target.ts';
import { fly } from './fly.ts';

export const flyTarget = projectTarget('Fly.io', fly, 'Then: fly deploy');
