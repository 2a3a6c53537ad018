import { apacheSite } from '../../config/import/apache-site.ts';
import type { FrontTree } from '../../config/import/front-tree.ts';
import { type Finding, sorted } from '../finding.ts';
import { proxyingFindings } from './proxying.ts';
import { serverFindings } from './server.ts';

/** The mistakes in a configuration of Apache 2.4 that matter for apps behind it. */
export function lintApache(tree: FrontTree): Finding[] {
  const site = apacheSite(tree);
  return sorted([...proxyingFindings(site), ...serverFindings(site)]);
}
