/** Which backend a request goes to: `txn.route` is the number of its route. */
import type { Plan, RoutePlan, SitePlan } from '../../config/plan.ts';
import type { Backends } from './backends.ts';
import type { Numbered } from './limits.ts';
import { siteName, underPath } from './words.ts';

export interface SiteRoutes {
  readonly site: SitePlan;
  readonly routes: readonly Numbered[];
}

/** Numbers for all routes of the plan, the longest prefix of a site last. */
export function numberRoutes(plan: Plan): SiteRoutes[] {
  let number = 0;
  return Object.values(plan.sites).map((site) => ({
    site,
    routes: [...site.routes]
      .sort((a, b) => a.prefix.length - b.prefix.length)
      .map((route) => ({ route, number: ++number, condition: `{ var(txn.route) -m int ${number} }` })),
  }));
}

/** The longest prefix is set last, and so it counts. */
export function routeLines({ site, routes }: SiteRoutes): string[] {
  return routes.map(({ route, number }) => {
    return `http-request set-var(txn.route) int(${number}) if ${underPath(route.prefix, siteName(site.host))}`;
  });
}

export interface Ways {
  /** Rules of requests, of answers, and of backends, in this order in the frontend. */
  readonly requests: readonly string[];
  readonly answers: readonly string[];
  readonly backends: readonly string[];
}

/** Where the requests of one route go. */
export function wayOf({ route, condition }: Numbered, site: SitePlan, backends: Backends): Ways {
  const { to } = route;
  if (to.kind === 'files') {
    return { requests: [`http-request deny deny_status 404 if ${condition}`], answers: [], backends: [] };
  }
  if (to.kind !== 'split')
    return { requests: [], answers: [], backends: [`use_backend ${backends.of(to, site)} if ${condition}`] };
  return split(to, condition, site, backends);
}

function split(
  { parts, sticky }: Extract<RoutePlan['to'], { kind: 'split' }>,
  here: string,
  site: SitePlan,
  backends: Backends,
): Ways {
  const some = parts.filter(({ weight }) => weight > 0);
  const total = some.reduce((sum, { weight }) => sum + weight, 0);
  const names = some.map(({ to }) => backends.of(to, site));
  let from = 0;
  const rolled = some.map(({ weight }, n) => {
    const line = `http-request set-var(txn.part) int(${n + 1}) if ${here}${from > 0 ? ` { var(txn.roll) -m int ge ${from} }` : ''}`;
    from += weight;
    return line;
  });
  const cookie = `${names[0]}_part`;
  const isKnown = `{ req.cook(${cookie}) -m str ${names.map((_, n) => n + 1).join(' ')} }`;
  const attributes = '; Path=/; HttpOnly; SameSite=Lax';
  return {
    requests: [
      `# By weight: ${some.map(({ weight }, n) => `${names[n]} ${weight}`).join(', ')}.`,
      `http-request set-var(txn.roll) rand(${total}) if ${here}`,
      ...rolled,
      ...(sticky
        ? [
            `http-request set-var(txn.chosen) bool(true) if ${here} !${isKnown}`,
            `http-request set-var(txn.part) req.cook(${cookie}) if ${here} ${isKnown}`,
          ]
        : []),
    ],
    answers: sticky
      ? [
          `http-after-response add-header Set-Cookie '${cookie}=%[var(txn.part)]${attributes}' if ${here} { var(txn.chosen) -m bool }`,
        ]
      : [],
    backends: names.map((name, n) => `use_backend ${name} if ${here} { var(txn.part) -m str ${n + 1} }`),
  };
}
