/** What happens to requests of a site and a route on their way, in this order. */
import type { EdgePlan, Plan, RoutePlan, SitePlan } from '../../config/plan.ts';
import type { PathRule, SiteContent } from '../../protocol/site-content.ts';
import type { RateRule } from '../../protocol/traffic-rules.ts';
import { exactly, type Parts } from './parts.ts';

/** Lets nobody in: 403. */
export function refusal(parts: Parts): string {
  return parts.put('middlewares', 'refuse', { ipAllowList: { sourceRange: ['255.255.255.255/32'] } });
}

/** What clients could pretend. Traefik itself replaces X-Forwarded-… of those that it does not trust. */
const PRETENDED = [
  'Forwarded',
  'Proxy',
  'X-Holdfast-Client',
  'HTTP2-Settings',
  'X-Client-Cert-Subject',
  'X-Client-Cert-Issuer',
  'X-Client-Cert-Serial',
  'X-Client-Cert-Fingerprint',
  'X_Forwarded_For',
  'X_Forwarded_Host',
  'X_Forwarded_Port',
  'X_Forwarded_Proto',
  'X_Real_IP',
];

export function middlewaresOf(
  site: SitePlan,
  route: RoutePlan,
  secure: boolean,
  plan: Plan,
  parts: Parts,
): string[] {
  const { content, load } = site;
  const { edge } = plan;
  return [
    parts.put('middlewares', 'pretended', {
      headers: { customRequestHeaders: Object.fromEntries(PRETENDED.map((name) => [name, ''])) },
    }),
    ...answerHeaders(site, secure, parts),
    ...(content ? entrance(content, edge, parts) : []),
    ...[...(load?.rates ?? []), ...(route.load?.rates ?? [])].map((rate) => rateLimit(rate, edge, parts)),
    ...(content?.auth
      ? [
          parts.put('middlewares', 'users', {
            basicAuth: {
              usersFile: `/etc/traefik/${parts.options.name}-${site.host.replaceAll('*', '+')}.htpasswd`,
              realm: content.auth.realm,
              removeHeader: true,
            },
          }),
        ]
      : []),
    ...(content?.compress
      ? [parts.put('middlewares', 'compress', { compress: { excludedContentTypes: ['text/event-stream'] } })]
      : []),
    ...(content?.rewrites ?? []).map((rule) =>
      parts.put('middlewares', 'rewrite', {
        replacePathRegex: { regex: `^${pathPattern(rule)}$`, replacement: replacement(rule, '$1') },
      }),
    ),
    ...retry(route, plan, parts),
  ];
}

function answerHeaders({ content, tls }: SitePlan, secure: boolean, parts: Parts): string[] {
  const { set, fallback, remove } = content?.headers ?? { set: {}, fallback: {}, remove: [] };
  const all = { ...fallback, ...set, ...Object.fromEntries(remove.map((name) => [name, ''])) };
  const hsts = secure ? tls?.hstsSeconds : null;
  if (Object.keys(all).length === 0 && !hsts) return [];
  return [
    parts.put('middlewares', 'headers', {
      headers: {
        customResponseHeaders: {
          ...all,
          ...(hsts ? { 'Strict-Transport-Security': `max-age=${hsts}` } : {}),
        },
      },
    }),
  ];
}

function entrance({ allow, redirects }: SiteContent, { trust }: EdgePlan, parts: Parts): string[] {
  return [
    ...(allow.length > 0
      ? [parts.put('middlewares', 'allow', { ipAllowList: { sourceRange: allow, ...strategy(trust) } })]
      : []),
    ...redirects.map((rule) =>
      parts.put('middlewares', 'redirect', {
        redirectRegex: {
          regex: `^(https?://[^/]+)${pathPattern(rule)}(\\?.*)?$`,
          replacement: `${rule.to.startsWith('/') ? '$1' : ''}${replacement(rule, '$2')}${rule.to.includes('?') ? '' : '$3'}`,
          permanent: rule.status === 301 || rule.status === 308,
        },
      }),
    ),
  ];
}

/** One group: what is below. */
function pathPattern({ from, below }: PathRule): string {
  return below ? `${exactly(from.replace(/\/$/, ''))}(?:/([^?]*))?` : `${exactly(from)}()`;
}

function replacement({ to, toBelow }: PathRule, rest: string): string {
  return to.replaceAll('$', '$$$$') + (toBelow ? rest : '');
}

function strategy(trust: readonly string[]) {
  return trust.length > 0 ? { ipStrategy: { excludedIPs: trust } } : {};
}

function rateLimit({ requests, perMs, burst, by }: RateRule, { trust }: EdgePlan, parts: Parts): string {
  const byAddress = strategy(trust);
  const source =
    by.kind === 'all'
      ? { requestHost: true }
      : by.kind === 'header'
        ? { requestHeaderName: by.name }
        : Object.keys(byAddress).length > 0
          ? byAddress
          : undefined;
  return parts.put('middlewares', 'rate', {
    rateLimit: {
      average: requests,
      period: `${perMs}ms`,
      burst: Math.max(1, burst),
      sourceCriterion: source,
    },
  });
}

/** Another instance is asked when one does not take the connection. */
function retry({ to }: RoutePlan, plan: Plan, parts: Parts): string[] {
  if (to.kind !== 'app' || (plan.apps[to.app]?.instances ?? 1) < 2) return [];
  return [parts.put('middlewares', 'retry', { retry: { attempts: 2 } })];
}
