/** Which requests go where: a router for each route of each site, at each of its doors. */
import type { Plan, RoutePlan, SitePlan } from '../../config/plan.ts';
import { middlewaresOf, refusal } from './middlewares.ts';
import { exactly, named, type Parts } from './parts.ts';
import { nobody, serviceOf } from './services.ts';

/** Above those of all routes. */
const FIRST = 10_000_000;

export function siteRouters(site: SitePlan, plan: Plan, parts: Parts): void {
  const { tls } = site;
  const { name } = parts.options;
  const what = named(site.host) || 'others';
  if (!tls?.redirect) serving(site, `${name}-http`, plan, parts);
  else {
    const port = plan.edge.https.port === 443 ? undefined : String(plan.edge.https.port);
    parts.put('routers', `${what}-to-https`, {
      rule: hostRule(site.host),
      entryPoints: [`${name}-http`],
      priority: rank(site.host, '/'),
      middlewares: [
        parts.put('middlewares', 'to-https', { redirectScheme: { scheme: 'https', port, permanent: true } }),
      ],
      service: nobody(parts),
    });
  }
  if (tls) serving(site, `${name}-https`, plan, parts);
}

function serving(site: SitePlan, door: string, plan: Plan, parts: Parts): void {
  const { host, content } = site;
  const secure = door.endsWith('-https');
  const what = named(host) || 'others';
  const common = { entryPoints: [door], tls: secure ? tlsOf(site, parts) : undefined };
  if (content && content.deny.length > 0) {
    parts.put('routers', `${what}-denied`, {
      rule: `${hostRule(host)} && (${clients(content.deny)})`,
      ...common,
      priority: FIRST + 1 + rank(host, '/'),
      middlewares: [refusal(parts)],
      service: nobody(parts),
    });
  }
  if (content?.maintenance) {
    const { allow } = content.maintenance;
    parts.put('routers', `${what}-closed`, {
      rule: `${hostRule(host)}${allow.length > 0 ? ` && !(${clients(allow)})` : ''}`,
      ...common,
      priority: FIRST + rank(host, '/'),
      middlewares: [
        parts.put('middlewares', 'closed', { headers: { customResponseHeaders: { 'Retry-After': '120' } } }),
      ],
      service: nobody(parts),
    });
  }
  for (const route of site.routes) {
    parts.put('routers', `${what}-${named(route.prefix) || 'all'}`, {
      rule: [hostRule(host), pathRule(route)].filter((rule) => rule !== '').join(' && '),
      ...common,
      priority: rank(host, route.prefix),
      middlewares: middlewaresOf(site, route, secure, plan, parts),
      service: serviceOf(route, plan, parts),
    });
  }
}

/** Only WebSockets are passed on: an upgrade to h2c would go past every rule of this file. */
export function upgradeRouters(doors: readonly string[], parts: Parts): void {
  const rule =
    '(HeaderRegexp(`Upgrade`, `.`) && !HeaderRegexp(`Upgrade`, `(?i)^websocket$`)) || HeaderRegexp(`Upgrade`, `(?i)h2c|tls|http|,`)';
  for (const door of doors) {
    parts.put('routers', `${door.slice(parts.options.name.length + 1)}-other-upgrades`, {
      rule,
      entryPoints: [door],
      tls: door.endsWith('-https') ? {} : undefined,
      priority: 4 * FIRST,
      middlewares: [refusal(parts)],
      service: nobody(parts),
    });
  }
}

export function hostRule(host: string): string {
  if (host === '*') return 'PathPrefix(`/`)';
  if (host.startsWith('*.')) return `HostRegexp(\`^.+${exactly(host.slice(1))}$\`)`;
  return `Host(\`${host}\`)`;
}

/** `/api` is for `/api` and `/api/x`, not for `/apix`. */
export function pathRule({ prefix }: Pick<RoutePlan, 'prefix'>): string {
  const bare = prefix.replace(/\/$/, '');
  return bare === '' ? '' : `(Path(\`${bare}\`) || PathPrefix(\`${bare}/\`))`;
}

function clients(peers: readonly string[]): string {
  return peers.map((peer) => `ClientIP(\`${peer}\`)`).join(' || ');
}

/** The most particular host first, then the longest prefix. */
export function rank(host: string, prefix: string): number {
  const most = host === '*' ? 0 : host.startsWith('*.') ? host.length : 1000;
  return 1 + most * 5000 + Math.min(prefix.length, 4999);
}

function tlsOf({ tls, host }: SitePlan, parts: Parts) {
  if (!tls) return undefined;
  const { certificate, clients } = tls;
  const options = clients
    ? parts.put('tlsOptions', `clients-of-${named(host) || 'others'}`, {
        minVersion: 'VersionTLS12',
        sniStrict: true,
        clientAuth: {
          caFiles: [clients.ca],
          clientAuthType: clients.require ? 'RequireAndVerifyClientCert' : 'VerifyClientCertIfGiven',
        },
      })
    : undefined;
  return {
    options,
    certResolver: certificate.from === 'acme' ? parts.options.name : undefined,
  };
}
