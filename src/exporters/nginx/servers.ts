/** The servers of one site: with TLS, without it, or both. */
import type { ListenPlan, Plan, SitePlan } from '../../config/plan.ts';
import { block, type Directive, quoted } from './blocks.ts';
import { commonDirectives, logDirectives } from './common.ts';
import { headerDirectives, pageLocations, redirectLocations, serverContent } from './content.ts';
import type { Http } from './http.ts';
import { limitDirectives } from './limits.ts';
import { routeLocations, stickyCookie } from './locations.ts';

export function siteServers(site: SitePlan, plan: Plan, http: Http): Directive[] {
  const { tls } = site;
  const { edge } = plan;
  const serves = serveDirectives(site, plan, http);
  const plain = listen(edge.http, site, edge.proxyProtocol);
  const name = `server_name ${site.host === '*' ? '_' : site.host}`;
  if (!tls) return [block('server', ...plain, name, ...serves)];
  const secure = block(
    'server',
    ...listen(edge.https, site, edge.proxyProtocol, edge.http2.tls ? 'ssl http2' : 'ssl'),
    name,
    ...certificates(site),
    ...serves,
  );
  if (!tls.redirect) return [block('server', ...plain, name, ...serves), '', secure];
  const port = edge.https.port === 443 ? '' : `:${edge.https.port}`;
  const moved = block(
    'server',
    ...plain,
    name,
    ...(tls.certificate.from === 'acme'
      ? [
          '# Where certbot proves that this host is yours: certbot certonly --webroot -w /var/www/letsencrypt',
          block('location ^~ /.well-known/acme-challenge/', 'root /var/www/letsencrypt'),
        ]
      : []),
    block('location /', `return 308 https://$host${port}$request_uri`),
  );
  return [moved, '', secure];
}

/** The first server of an address answers for all names that nobody has, unless another file has a `default_server`. */
export function unknownServers({ edge, sites }: Plan): Directive[] {
  const all = Object.values(sites);
  const [first] = all;
  const secure = all.find(({ tls }) => tls);
  if (!first || all.some(({ host }) => host === '*')) return [];
  const rest = ['server_name ""', `return ${edge.unknownHost}`];
  const plain = all.some(({ tls }) => !tls || tls.redirect)
    ? [block('server', ...listen(edge.http, first, edge.proxyProtocol), ...rest)]
    : [];
  const ssl = edge.http2.tls ? 'ssl http2' : 'ssl';
  const tls = secure
    ? [
        block(
          'server',
          ...listen(edge.https, first, edge.proxyProtocol, ssl),
          ...certificates(secure),
          ...rest,
        ),
      ]
    : [];
  return [
    '',
    '# Names that nobody has. If another file has a default_server for these ports, that one answers instead.',
    ...plain,
    ...tls,
  ];
}

function listen({ host, port }: ListenPlan, site: SitePlan, proxied: boolean, more = ''): string[] {
  const words = [more, site.host === '*' ? 'default_server' : '', proxied ? 'proxy_protocol' : ''];
  const rest = words
    .filter((word) => word !== '')
    .map((word) => ` ${word}`)
    .join('');
  if (host === null) return [`listen ${port}${rest}`, `listen [::]:${port}${rest}`];
  return [`listen ${host.includes(':') ? `[${host}]` : host}:${port}${rest}`];
}

function certificates({ tls, host }: SitePlan): string[] {
  if (!tls) return [];
  const { certificate, clients } = tls;
  const files =
    certificate.from === 'files'
      ? { cert: certificate.cert, key: certificate.key }
      : {
          cert: `/etc/letsencrypt/live/${host}/fullchain.pem`,
          key: `/etc/letsencrypt/live/${host}/privkey.pem`,
        };
  return [
    `ssl_certificate ${quoted(files.cert)}`,
    `ssl_certificate_key ${quoted(files.key)}`,
    'ssl_protocols TLSv1.2 TLSv1.3',
    'ssl_session_cache shared:holdfast_tls:10m',
    '# nginx changes their keys by itself only from 1.23.2 on.',
    'ssl_session_tickets off',
    ...(clients
      ? [
          `ssl_client_certificate ${quoted(clients.ca)}`,
          `ssl_verify_client ${clients.require ? 'on' : 'optional'}`,
          'ssl_verify_depth 5',
        ]
      : []),
  ];
}

function serveDirectives(site: SitePlan, plan: Plan, http: Http): Directive[] {
  const { content, load, accessLog } = site;
  return [
    ...commonDirectives(plan.edge, http),
    ...logDirectives(accessLog ? plan.edge.accessLog : null, http),
    ...limitDirectives(load, http, plan.edge.limits.bodyBytes),
    ...headerDirectives(site, http),
    ...stickyCookie(site, plan, http),
    ...(content ? serverContent(content, site.host, http) : []),
    ...(content ? redirectLocations(content) : []),
    ...(content ? pageLocations(site, content, http) : []),
    ...routeLocations(site, plan, http),
    ...(site.routes.some(({ prefix }) => prefix === '/') ? [] : ['', block('location /', 'return 404')]),
  ];
}
