/** What a server in front cannot do of a plan: asks its fates for each app that gets requests, each site, each route, and the edge. */
import type { Plan, SplitPart, UpstreamPlan } from '../config/plan.ts';
import { destinationsOf } from './destinations.ts';
import type { Loss } from './exported.ts';
import { type EdgeFates, type FrontAppFates, lossesAt, type RouteFates, type SiteFates } from './losses.ts';

export interface FrontFates {
  readonly app: FrontAppFates;
  readonly site: SiteFates;
  readonly route: RouteFates;
  readonly edge: EdgeFates;
}

export function frontLosses(plan: Plan, fates: FrontFates): Loss[] {
  const sites = Object.values(plan.sites);
  return [
    ...appsWithRequests(plan).flatMap((name) => {
      const app = plan.apps[name];
      return app ? lossesAt(`apps.${name}`, { hold: app.hold, upstream: app.upstream }, fates.app) : [];
    }),
    ...sites.flatMap((site) => {
      const at = `sites.${site.host}`;
      return [
        ...lossesAt(at, site, fates.site),
        ...site.routes.flatMap((route) => lossesAt(`${at}.routes.${route.prefix}`, route, fates.route)),
      ];
    }),
    ...(sites.length > 0 ? lossesAt('edge', plan.edge, fates.edge) : []),
  ];
}

/** What is lost with the servers of a split, by setting; the first that loses something says it. */
export function lostInParts(
  parts: readonly SplitPart[],
  lostWith: (to: UpstreamPlan) => Readonly<Record<string, string | undefined>>,
): Record<string, string | undefined> {
  const all = parts.flatMap(({ to }) => (to.kind === 'upstream' ? Object.entries(lostWith(to)) : []));
  return Object.fromEntries(all.filter(([, text]) => text !== undefined).reverse());
}

/** Those that a route leads to, in order. */
export function appsWithRequests({ sites }: Plan): string[] {
  const all = Object.values(sites).flatMap(({ routes }) => routes.flatMap(destinationsOf));
  return [...new Set(all.flatMap((to) => (to.kind === 'app' ? [to.app] : [])))];
}
