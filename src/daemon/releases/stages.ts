/** The plans that lead from one release to the next, each for `up`. Pure. */
import { metricsDefaults } from '../../config/metrics-defaults.ts';
import type { AppPlan, EgressPlan, Plan, RoutePlan, SitePlan, SplitPart } from '../../config/plan.ts';
import { baseName, nextName } from './next-name.ts';

/** The plan with nothing in it: what stands before the first release. */
export function emptied(plan: Plan): Plan {
  return { ...plan, apps: {}, sites: {}, egress: null, dashboard: null, metrics: metricsDefaults };
}

/** Apps of the release that get requests, and so can be tried without any. */
export function triedApps({ apps, sites }: Plan): readonly string[] {
  const routed = new Set(Object.values(sites).flatMap(({ routes }) => routes.flatMap(appsOf)));
  return Object.values(apps)
    .filter(({ name, port, ready, job, autostart }) => {
      const serves = routed.has(name) || port !== null || ready.by === 'listen';
      return serves && job === null && autostart;
    })
    .map(({ name }) => name);
}

/** Apps that can have a part of the traffic: both releases have them, and a site leads to them now. */
export function canaryApps(before: Plan | null, next: Plan): readonly string[] {
  if (!before) return [];
  const routed = new Set(Object.values(before.sites).flatMap(({ routes }) => routes.flatMap(answering)));
  return triedApps(next).filter((name) => routed.has(name) && before.apps[name] !== undefined);
}

/** What stands, and one instance of each app of the release that gets requests, which gets none yet. */
export function trialPlan(before: Plan, next: Plan): Plan {
  const apps = triedApps(next);
  return withNext(before, next, apps, () => 1);
}

/** What stands, with this share (0 to 1) of each app's requests given to the release. */
export function canaryPlan(before: Plan, next: Plan, share: number): Plan {
  const apps = canaryApps(before, next);
  return split(withNext(before, next, apps, instancesFor(next, share)), apps, share);
}

/**
 * The release, and beside it what had a share until now: who was at the new release stays there while the rest comes to it.
 */
export function rolloutPlan(before: Plan, next: Plan, share: number): Plan {
  const apps = canaryApps(before, next);
  return split(withNext(next, next, apps, instancesFor(next, share)), apps, share);
}

/** As many as the share needs, and one at least. */
function instancesFor(next: Plan, share: number): (app: string) => number {
  return (app) => Math.max(1, Math.ceil(share * (next.apps[app]?.instances ?? 1)));
}

function withNext(plan: Plan, next: Plan, names: readonly string[], count: (app: string) => number): Plan {
  const added = names.flatMap((name) => {
    const app = next.apps[name];
    return app ? [[nextName(name), apart(app, names, count(name))] as const] : [];
  });
  return {
    ...plan,
    apps: { ...plan.apps, ...Object.fromEntries(added) },
    egress: plan.egress && withEgressOf(plan.egress, next.egress, names),
  };
}

/** What is there once for an app, such as its pid file, is not for those that are tried. */
function apart(app: AppPlan, names: readonly string[], instances: number): AppPlan {
  return {
    ...app,
    name: nextName(app.name),
    apart: true,
    instances,
    portStep: 0,
    pidFile: null,
    watch: null,
    // What it waits for otherwise runs already, in the release before.
    after: app.after.filter((name) => names.includes(name)).map(nextName),
    log: { ...app.log, files: { ...app.log.files, all: null, out: null, err: null } },
  };
}

/** They may connect to where the release may. */
function withEgressOf(now: EgressPlan, next: EgressPlan | null, names: readonly string[]): EgressPlan {
  const everything = [{ kind: 'host', host: '*', port: null }] as const;
  const rules = names.map((name) => {
    const allowed = next && !next.observe ? [...next.allow, ...(next.apps[name] ?? [])] : everything;
    return [nextName(name), allowed] as const;
  });
  return { ...now, apps: { ...now.apps, ...Object.fromEntries(rules) } };
}

function split(plan: Plan, apps: readonly string[], share: number): Plan {
  const sites = Object.entries(plan.sites).map(([host, site]): [string, SitePlan] => [
    host,
    { ...site, routes: site.routes.map((route) => splitRoute(route, apps, share)) },
  ]);
  return { ...plan, sites: Object.fromEntries(sites) };
}

function splitRoute(route: RoutePlan, apps: readonly string[], share: number): RoutePlan {
  const { to } = route;
  if (to.kind === 'files' || to.kind === 'upstream') return route;
  if (to.kind === 'app') {
    if (!apps.includes(to.app)) return route;
    // Who has seen a page of the new release is to get the rest of it from there, too.
    return { ...route, to: { kind: 'split', parts: divided({ to, weight: 1 }, apps, share), sticky: true } };
  }
  return { ...route, to: { ...to, parts: to.parts.flatMap((part) => divided(part, apps, share)) } };
}

function divided(part: SplitPart, apps: readonly string[], share: number): readonly SplitPart[] {
  const { to, weight } = part;
  if (to.kind !== 'app' || !apps.includes(to.app)) return [part];
  return [
    { to, weight: weight * (1 - share) },
    { to: { kind: 'app', app: nextName(to.app) }, weight: weight * share },
  ];
}

/** The apps whose answers clients get. */
function answering({ to }: RoutePlan): readonly string[] {
  if (to.kind === 'split') return to.parts.flatMap((part) => (part.to.kind === 'app' ? [part.to.app] : []));
  return to.kind === 'app' ? [to.app] : [];
}

function appsOf(route: RoutePlan): readonly string[] {
  const copies = route.mirror?.to.kind === 'app' ? [route.mirror.to.app] : [];
  return [...answering(route), ...copies];
}

/** Of the tried apps those that a path of `release.smoke` leads to; all, when no site says where it leads. */
export function smokedApps({ sites }: Plan, tried: readonly string[], path: string): readonly string[] {
  const found = Object.values(sites).flatMap(({ routes }) => {
    const [longest] = routes
      .filter(({ prefix }) => isUnder(path, prefix))
      .sort((a, b) => b.prefix.length - a.prefix.length);
    return longest ? answering(longest) : [];
  });
  const asked = tried.filter((name) => found.includes(baseName(name)));
  return asked.length > 0 || found.length > 0 ? asked : tried;
}

/** As the edge matches prefixes: at segment borders. */
function isUnder(target: string, prefix: string): boolean {
  const path = target.split('?', 1)[0] ?? '';
  if (path === prefix || `${path}/` === prefix) return true;
  return path.startsWith(prefix.endsWith('/') ? prefix : `${prefix}/`);
}
