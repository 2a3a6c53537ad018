/** Completes the sites: their hosts and paths in the one form in which they are compared, and routes to what there is. */
import { canonicalHost } from './addresses.ts';
import { completeContent } from './content.ts';
import { completeLoad } from './load-schema.ts';
import type { SitePlan } from './plan.ts';
import type { Problem } from './problems.ts';
import { completeRoutes } from './routes.ts';
import type { Settings } from './schema.ts';
import { show } from './show.ts';
import { completeTls } from './tls.ts';

/**
 * @param apps the names of all apps of the file, also of those that are not in order
 * @param root absolute; paths in the file are relative to it
 */
export function completeSites(
  settings: Settings,
  apps: readonly string[],
  problems: Problem[],
  root: string,
): Record<string, SitePlan> {
  const sites: Record<string, SitePlan> = {};
  for (const [written, site] of Object.entries(settings.sites)) {
    const path = ['sites', written];
    const host = canonicalHost(written);
    if (typeof host !== 'string') continue;
    if (Object.hasOwn(sites, host))
      problems.push({ path, text: `is the same host as another site: ${show(host)}` });
    const { routes, redirects, limits = {}, cache, accessLog } = site;
    // A host may be there only to lead to another one.
    if (Object.keys(routes).length === 0 && Object.keys(redirects).length === 0)
      problems.push({ path: [...path, 'routes'], text: 'must have at least one route, such as "/": "web"' });
    sites[host] = {
      host,
      routes: completeRoutes(routes, [...path, 'routes'], { apps, problems, root, hasCache: cache !== null }),
      tls: completeTls(site, path, problems, root),
      content: completeContent(site, path, problems, root),
      load: completeLoad(limits),
      cache,
      accessLog,
    };
  }
  return sites;
}
