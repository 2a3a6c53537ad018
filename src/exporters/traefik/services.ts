/** Where requests go: the instances of apps, other servers, several of them by weight, and copies. */
import type { AppPlan, Destination, EdgePlan, Plan, RoutePlan, UpstreamPlan } from '../../config/plan.ts';
import type { UpstreamRules } from '../../protocol/traffic-rules.ts';
import { type Place, printPlace } from '../exported.ts';
import { named, type Parts, time } from './parts.ts';

/** Has no servers, so that everything gets 503. */
export function nobody(parts: Parts): string {
  return parts.put('services', 'nobody', { loadBalancer: { servers: [] } });
}

export function serviceOf({ to, mirror }: RoutePlan, plan: Plan, parts: Parts): string {
  const main = mainOf(to, plan, parts);
  if (!mirror) return main;
  const copy = destination(mirror.to, plan, parts);
  return parts.put('services', `${main.slice(parts.options.name.length + 1)}-copied`, {
    mirroring: { service: main, mirrors: [{ name: copy, percent: Math.round(mirror.share * 100) }] },
  });
}

function mainOf(to: RoutePlan['to'], plan: Plan, parts: Parts): string {
  if (to.kind === 'files') return nobody(parts);
  if (to.kind !== 'split') return destination(to, plan, parts);
  const services = to.parts
    .filter(({ weight }) => weight > 0)
    .map((part) => ({ name: destination(part.to, plan, parts), weight: part.weight }));
  return parts.put('services', 'split', {
    weighted: { services, sticky: to.sticky ? cookie(`${parts.options.name}_part`, plan) : undefined },
  });
}

function destination(to: Destination, plan: Plan, parts: Parts): string {
  return to.kind === 'app' ? appService(plan.apps[to.app] as AppPlan, plan, parts) : server(to, plan, parts);
}

function appService({ name, sticky, health, upstream }: AppPlan, plan: Plan, parts: Parts): string {
  const places = parts.options.places.get(name) ?? [];
  const probe = health?.probe.kind === 'http' && health.probe.port === null ? health.probe.path : undefined;
  return parts.put('services', named(name), {
    loadBalancer: {
      servers: places.flatMap((place) => urls(place, upstream, false)),
      sticky:
        sticky === 'auto' || sticky === 'cookie' ? cookie(`${parts.options.name}_${name}`, plan) : undefined,
      healthCheck:
        health && probe !== undefined
          ? { path: probe, interval: time(health.everyMs), timeout: time(health.timeoutMs) }
          : undefined,
      serversTransport: transport(plan.edge, parts),
    },
  });
}

function server({ address, url, tls, rules, check }: UpstreamPlan, plan: Plan, parts: Parts): string {
  return parts.put('services', named(url), {
    loadBalancer: {
      servers: urls(address, rules, tls !== null),
      healthCheck: check
        ? { path: check.path, interval: time(check.everyMs), timeout: time(check.timeoutMs) }
        : undefined,
      serversTransport: transport(plan.edge, parts, tls, tls !== null && rules.protocol !== 'h2c'),
    },
  });
}

/** Traefik knows no unix sockets. */
function urls(place: Place, { protocol }: UpstreamRules, secure: boolean): { url: string }[] {
  if ('path' in place) return [];
  return [{ url: `${secure ? 'https' : protocol === 'h2c' ? 'h2c' : 'http'}://${printPlace(place)}` }];
}

function cookie(name: string, { sites }: Plan) {
  const secure = Object.values(sites).every(({ tls }) => tls?.redirect);
  return { cookie: { name, httpOnly: true, sameSite: 'lax', secure: secure || undefined } };
}

/** @param isOld HTTP/2 is not spoken, though the server may offer it */
function transport(
  { limits }: EdgePlan,
  parts: Parts,
  tls: UpstreamPlan['tls'] = null,
  isOld = false,
): string {
  return parts.put('transports', 'transport', {
    serverName: tls?.serverName,
    rootCAs: tls?.ca ? [tls.ca] : undefined,
    disableHTTP2: isOld || undefined,
    maxIdleConnsPerHost: 64,
    forwardingTimeouts: {
      dialTimeout: '5s',
      responseHeaderTimeout: time(limits.upstreamTimeoutMs),
      idleConnTimeout: '60s',
    },
  });
}
