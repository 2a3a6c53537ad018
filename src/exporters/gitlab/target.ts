import { projectTarget } from '../containers/target.ts';
import { gitlab } from './gitlab.ts';

export const gitlabTarget = projectTarget('GitLab CI', gitlab, 'Then: commit it', { kind: 'pipeline' });
