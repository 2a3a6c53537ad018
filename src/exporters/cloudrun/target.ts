import { projectTarget } from '../containers/target.ts';
import { cloudrun } from './cloudrun.ts';

export const cloudrunTarget = projectTarget('Cloud Run', cloudrun, 'Then: gcloud run services replace', {
  takes: ['maxInstances'],
});
