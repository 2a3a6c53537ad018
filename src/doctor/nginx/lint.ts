import type { FrontTree } from '../../config/import/front-tree.ts';
import { type Finding, sorted } from '../finding.ts';
import { headerFindings } from './headers.ts';
import { locationFindings } from './locations.ts';
import { serverFindings } from './servers.ts';
import { nginxSite } from './site.ts';
import { upstreamFindings } from './upstreams.ts';

/**
 * The mistakes in a configuration of nginx that matter for apps behind it. Each was seen in guides that many copy, and most were
 * measured with nginx 1.22: what happens is what `effect` says.
 */
export function lintNginx(tree: FrontTree): Finding[] {
  const site = nginxSite(tree);
  return sorted([
    ...headerFindings(site),
    ...upstreamFindings(site),
    ...locationFindings(site),
    ...serverFindings(site),
  ]);
}
