/** Completes the sites: their hosts and paths in the one form in which they are compared, and routes to what there is. */
import { canonicalHost, canonicalPrefix } from './addresses.ts';
import { completeContent, completeFiles } from './content.ts';
import type { RoutePlan, SitePlan } from './plan.ts';
import type { Problem } from './problems.ts';
import type { Settings } from './schema.ts';
import { show } from './show.ts';
import { didYouMean } from './suggest.ts';
import { completeTls } from './tls.ts';
import { routeDefaults, siteDefaults } from './traffic-defaults.ts';

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
    sites[host] = {
      host,
      routes: completeRoutes(site, [...path, 'routes'], apps, problems, root),
      tls: completeTls(site, path, problems, root),
      content: completeContent(site, path, problems, root),
      ...siteDefaults,
    };
  }
  return sites;
}

function completeRoutes(
  { routes, redirects }: Settings['sites'][string],
  path: readonly string[],
  apps: readonly string[],
  problems: Problem[],
  root: string,
): RoutePlan[] {
  const seen = new Map<string, string>();
  const done: RoutePlan[] = [];
  for (const [written, to] of Object.entries(routes)) {
    const here = [...path, written];
    const prefix = canonicalPrefix(written);
    if (typeof prefix !== 'string') continue;
    // With and without the slash at its end, a prefix covers the same.
    const bare = prefix.length > 1 ? prefix.replace(/\/$/, '') : prefix;
    const other = seen.get(bare);
    if (other !== undefined)
      problems.push({ path: here, text: `matches the same path as ${show(other)}: keep one of them` });
    seen.set(bare, written);
    if (to.kind === 'app' && !apps.includes(to.app)) {
      problems.push({
        path: here,
        text: `must be the name of an app: there is none named ${show(to.app)}${didYouMean(to.app, apps)}`,
      });
    }
    done.push({
      ...routeDefaults,
      prefix,
      to: to.kind === 'files' ? completeFiles(to, here, problems, root) : to,
    });
  }
  // A host may be there only to lead to another one.
  if (done.length === 0 && Object.keys(redirects).length === 0)
    problems.push({ path, text: 'must have at least one route, such as "/": "web"' });
  return done;
}
