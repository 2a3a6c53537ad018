/** Labels by which Traefik learns of an app, from Swarm and from Nomad: https://doc.traefik.io/traefik/reference/routing-configuration/ */
import type { Plan } from '../../config/plan.ts';
import { hostRule, pathRule, rank } from '../traefik/routers.ts';
import type { SiteWords } from './site-losses.ts';
import type { Workload } from './workload.ts';

/** As most people call them: the doors for http and https, and whoever orders certificates. */
const HTTP = 'web';
const HTTPS = 'websecure';
const RESOLVER = 'letsencrypt';

/** None for an app that no route leads to. WebSockets need nothing here. */
export function traefikLabels(plan: Plan, { app, name, port }: Workload): Record<string, string> {
  const routes = Object.values(plan.sites).flatMap((site) =>
    site.routes
      .filter(({ to }) => to.kind === 'app' && to.app === app.name)
      .map((route) => ({ site, prefix: route.prefix })),
  );
  if (port === null || routes.length === 0) return {};
  const service = `traefik.http.services.${name}.loadbalancer`;
  const labels: Record<string, string> = {
    'traefik.enable': 'true',
    [`${service}.server.port`]: String(port),
    ...(app.sticky === 'cookie' || app.sticky === 'auto'
      ? {
          [`${service}.sticky.cookie.name`]: `${name}-session`,
          [`${service}.sticky.cookie.httponly`]: 'true',
        }
      : {}),
  };
  for (const [index, { site, prefix }] of routes.entries()) {
    const router = `traefik.http.routers.${name}-${index}`;
    labels[`${router}.rule`] = [hostRule(site.host), pathRule({ prefix })]
      .filter((r) => r !== '')
      .join(' && ');
    labels[`${router}.priority`] = String(rank(site.host, prefix));
    labels[`${router}.service`] = name;
    labels[`${router}.entrypoints`] = site.tls ? HTTPS : HTTP;
    if (site.tls) labels[`${router}.tls`] = 'true';
    if (site.tls?.certificate.from === 'acme') labels[`${router}.tls.certresolver`] = RESOLVER;
  }
  return labels;
}

/** What these labels do not say. */
export const traefikSites: SiteWords = {
  own: 'not in the labels: Traefik has middlewares and settings of its own for that',
  elsewhere: (what) => `it leads to ${what}: it is not in the labels`,
  tls: `Traefik brings the certificate; its entry points must be called ${HTTP} and ${HTTPS}, and its certificate resolver ${RESOLVER}`,
  segments: undefined,
  edge: 'Traefik is in front, with its own limits and times',
};

export function stickyLost(sticky: Workload['app']['sticky']): string | undefined {
  if (sticky === 'none') return undefined;
  return sticky === 'ip' ? 'requests of one address go to any instance' : 'by a cookie of Traefik';
}
