/** Plans that an older version stored, with what has been added since. */
import { appDefaults, edgeDefaults } from './app-defaults.ts';
import type { AppPlan, Destination, EdgePlan, RoutePlan, SitePlan, UpstreamPlan } from './plan.ts';
import { accessLogDefaults, destinationDefaults, routeDefaults, siteDefaults } from './traffic-defaults.ts';

export function completedAppPlan(stored: AppPlan): AppPlan {
  const old = stored as Partial<AppPlan> & Pick<AppPlan, 'name' | 'command' | 'cwd'>;
  // Version 0.1 had a word here.
  const ready = typeof old.ready === 'string' ? { by: old.ready as 'auto' } : old.ready;
  return {
    ...appDefaults,
    ...old,
    ready: ready ?? appDefaults.ready,
    stop: { ...appDefaults.stop, ...old.stop },
    restart: { ...appDefaults.restart, ...old.restart },
    memory: { ...appDefaults.memory, ...old.memory },
    rights: { ...appDefaults.rights, ...old.rights },
    upstream: { ...appDefaults.upstream, ...old.upstream },
    log: {
      ...appDefaults.log,
      ...old.log,
      files: { ...appDefaults.log.files, ...old.log?.files },
    },
  };
}

export function completedSitePlan(stored: SitePlan): SitePlan {
  const old = stored as Partial<SitePlan> & Pick<SitePlan, 'host' | 'routes'>;
  return { tls: null, content: null, ...siteDefaults, ...old, routes: old.routes.map(completedRoute) };
}

function completedRoute(stored: RoutePlan): RoutePlan {
  const old = stored as Partial<RoutePlan> & Pick<RoutePlan, 'prefix' | 'to'>;
  const { to, mirror } = old;
  return {
    ...routeDefaults,
    ...old,
    to:
      to.kind === 'split'
        ? { ...to, parts: to.parts.map((part) => ({ ...part, to: completedDestination(part.to) })) }
        : to.kind === 'files'
          ? to
          : completedDestination(to),
    mirror: mirror ? { ...mirror, to: completedDestination(mirror.to) } : null,
  };
}

function completedDestination(stored: Destination): Destination {
  if (stored.kind === 'app') return stored;
  // Version 0.1 had nothing but these.
  const { host = '', port = 0, ...old } = stored as Partial<UpstreamPlan> & { host?: string; port?: number };
  const url = `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
  const rules = { ...destinationDefaults.rules, ...old.rules };
  return { kind: 'upstream', url, address: { host, port }, ...destinationDefaults, ...old, rules };
}

export function completedEdgePlan(stored: EdgePlan): EdgePlan {
  const { accessLog, ...old } = stored as Omit<EdgePlan, 'accessLog'> & {
    // Version 0.1 had only yes and no.
    readonly accessLog: EdgePlan['accessLog'] | boolean;
  };
  return {
    ...edgeDefaults,
    ...old,
    limits: { ...edgeDefaults.limits, ...old.limits },
    accessLog: typeof accessLog === 'boolean' ? (accessLog ? accessLogDefaults : null) : accessLog,
  };
}
