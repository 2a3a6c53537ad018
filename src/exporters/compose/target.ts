import { projectTarget } from '../containers/target.ts';
import { compose } from './compose.ts';

export const composeTarget = projectTarget('Docker Compose', compose, 'Then: docker compose up --build');
