import { projectTarget } from '../containers/target.ts';
import { heroku } from './heroku.ts';

export const herokuTarget = projectTarget('Heroku', heroku, 'Then: commit both, and git push heroku');
