import { projectTarget } from '../containers/target.ts';
import { github } from './github.ts';

export const githubTarget = projectTarget('GitHub Actions', github, 'Then: commit it', { kind: 'pipeline' });
