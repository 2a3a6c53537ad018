/** Pools of servers: one for each app, for each server that Holdfast does not run, and for each set of several of them. */
import type { AppPlan, Destination, Plan, SitePlan, UpstreamPlan } from '../../config/plan.ts';
import type { UpstreamRules } from '../../protocol/traffic-rules.ts';
import type { Place } from '../exported.ts';
import { quoted, seconds } from './blocks.ts';
import type { Server } from './server.ts';

export type Proxied =
  | Destination
  | { readonly kind: 'split'; readonly parts: readonly Part[]; readonly sticky: boolean };

interface Part {
  readonly to: Destination;
  readonly weight: number;
}

export interface Pools {
  /** For everything but what is below. */
  readonly short: string;
  /** For WebSockets and event streams, which may be silent for long. */
  readonly long: string;
}

/** `3600`: nobody is silent for longer than an hour and alive. */
const LONG_S = 3600;

export function poolsFor(to: Proxied, plan: Plan, server: Server): Pools {
  const parts = to.kind === 'split' ? to.parts.filter(({ weight }) => weight > 0) : [{ to, weight: 1 }];
  const titles = parts.map(({ to }) => (to.kind === 'app' ? to.app : to.url));
  const sticky = isSticky(to, plan);
  const most = Math.max(...parts.map((part) => shareOfEach(part, plan, server)));
  const make = (name: string, timeoutS: number) => {
    const members = parts.flatMap((part, n) =>
      placesOf(part.to, plan, server).map((place, slot) => {
        const factor = parts.length > 1 ? (100 * shareOfEach(part, plan, server)) / most : 0;
        return [
          `BalancerMember ${quoted(url(part.to, place, plan))}`,
          ...(sticky ? [`route=${parts.length > 1 ? `${n}-` : ''}${slot}`] : []),
          ...(factor > 0 ? [`loadfactor=${Math.max(1, factor).toFixed(2)}`] : []),
          ...rules(part.to, plan, server),
          `timeout=${timeoutS}`,
        ].join(' ');
      }),
    );
    return [
      ...parts.flatMap(({ to }) => (to.kind === 'upstream' ? [`# ${quoted(to.url)}`] : [])),
      ...(members.length > 0
        ? members
        : ['# It has no instances.', 'BalancerMember "http://127.0.0.1:9" status=+D']),
      ...(sticky ? [`ProxySet stickysession=${cookieName(name)}`] : []),
      `ProxySet lbmethod=${parts.length > 1 ? 'byrequests' : 'bybusyness'} maxattempts=1`,
    ];
  };
  const title = titles.join('-or-');
  const short = server.pool(title, (name) => make(name, seconds(plan.edge.limits.upstreamTimeoutMs)));
  // Routes have the same names in both, and so has the cookie.
  const long = server.pool(`${title}-long`, () => make(short, LONG_S));
  return { short, long };
}

function isSticky(to: Proxied, plan: Plan): boolean {
  if (to.kind === 'split') return to.sticky || to.parts.some((part) => isSticky(part.to, plan));
  return to.kind === 'app' && (plan.apps[to.app]?.sticky ?? 'none') !== 'none';
}

/** One for each pool that clients must come back to. Sent when the instance is a new one for them. */
export function stickyCookies(site: SitePlan, plan: Plan, server: Server, secure: boolean): string[] {
  const pools = site.routes.flatMap(({ to }) =>
    to.kind !== 'files' && isSticky(to, plan) ? [poolsFor(to, plan, server)] : [],
  );
  const lines = pools.map(({ short, long }) => {
    const cookie = `${cookieName(short)}=.%{BALANCER_WORKER_ROUTE}e; Path=/; HttpOnly; SameSite=Lax${secure ? '; Secure' : ''}`;
    const when = `env('BALANCER_ROUTE_CHANGED') == '1' && env('BALANCER_NAME') =~ m#^balancer://(?:${short}|${long})$#`;
    return `Header always add Set-Cookie ${quoted(cookie)} "expr=${when}"`;
  });
  if (lines.length === 0) return [];
  return ['# Leads a client back to its instance. It is sent when that is a new one.', ...new Set(lines)];
}

function cookieName(pool: string): string {
  return pool.replaceAll('-', '_');
}

/** What one instance gets of everything. */
function shareOfEach({ to, weight }: Part, plan: Plan, server: Server): number {
  return weight / Math.max(1, placesOf(to, plan, server).length);
}

function placesOf(to: Destination, plan: Plan, { options }: Server): readonly Place[] {
  if (to.kind === 'upstream') return [to.address];
  return plan.apps[to.app] ? (options.places.get(to.app) ?? []) : [];
}

function url(to: Destination, place: Place, plan: Plan): string {
  const { protocol } = rulesOf(to, plan);
  const tls = to.kind === 'upstream' && to.tls !== null;
  const scheme = protocol === 'h2c' ? (tls ? 'h2' : 'h2c') : tls ? 'https' : 'http';
  if ('path' in place) return `unix:${place.path}|${scheme}://localhost`;
  return `${scheme}://${place.host.includes(':') ? `[${place.host}]` : place.host}:${place.port}`;
}

export function rulesOf(to: Destination, plan: Plan): UpstreamRules {
  return to.kind === 'upstream' ? to.rules : (plan.apps[to.app] as AppPlan).upstream;
}

function rules(to: Destination, plan: Plan, server: Server): string[] {
  const { outliers, protocol } = rulesOf(to, plan);
  if (protocol === 'h2c') server.needs('proxy_http2');
  return [
    ...(protocol === 'h2c' ? [] : ['upgrade=websocket']),
    'connectiontimeout=5',
    // Node keeps idle connections for 5 s before version 26; the guest of Holdfast is not in these apps.
    `ttl=${seconds(server.options.idleMs ?? 60_000)}`,
    `retry=${outliers && !(to.kind === 'app' && server.options.isFront) ? seconds(outliers.ejectMs) : 0}`,
    ...(to.kind === 'upstream' ? checks(to, server) : []),
  ];
}

function checks({ check }: UpstreamPlan, server: Server): string[] {
  if (!check) return [];
  server.needs('proxy_hcheck', 'watchdog');
  return [
    'hcmethod=GET',
    quoted(`hcuri=${check.path}`),
    `hcinterval=${seconds(check.everyMs)}`,
    `hcfails=${check.failures}`,
    `hcpasses=${check.successes}`,
  ];
}
