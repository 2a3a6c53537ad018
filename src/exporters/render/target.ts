import { projectTarget } from '../containers/target.ts';
import { render } from './render.ts';

export const renderTarget = projectTarget(
  'Render',
  render,
  'Then: commit it, and make a Blueprint of the repository',
);
