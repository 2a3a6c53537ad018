/** The virtual hosts: of each site with TLS, without it, or both, and one for whoever asks for something else. */
import type { AcmePlan, ListenPlan, Plan, SitePlan } from '../../config/plan.ts';
import { type Directive, quoted, type Section, seconds, section } from './blocks.ts';
import { answerDirectives, gateDirectives, headerDirectives, rewriteDirectives } from './content.ts';
import { forwardedDirectives } from './forwarded.ts';
import { logDirectives } from './log.ts';
import { stickyCookies } from './pools.ts';
import { routeDirectives } from './routes.ts';
import type { Server } from './server.ts';

/** Names before patterns, because Apache takes the first that fits. */
export function inOrder(sites: readonly SitePlan[]): SitePlan[] {
  const rank = ({ host }: SitePlan) => (host === '*' ? 2 : host.startsWith('*') ? 1 : 0);
  return [...sites].sort((a, b) => rank(a) - rank(b) || b.host.length - a.host.length);
}

export function listenDirectives({ edge, sites }: Plan): Directive[] {
  const all = Object.values(sites);
  const listens = [edge.http, ...(all.some(({ tls }) => tls) ? [edge.https] : [])];
  const own = listens.filter(({ port }) => port !== 80 && port !== 443);
  return own.length === 0
    ? ['# Apache listens at ports 80 and 443 already: see ports.conf.']
    : own.map((listen) => `Listen ${addressOf(listen, '')}`);
}

/** The first host of an address also answers for all names that nobody has. */
export function unknownHosts(plan: Plan, server: Server): Directive[] {
  const sites = Object.values(plan.sites);
  const secure = sites.find(({ tls }) => tls);
  const plain = sites.some(({ tls }) => !tls || tls.redirect);
  if (sites.some(({ host }) => host === '*')) return [];
  const refuse = [
    'ServerName unknown.invalid',
    section('Location "/"', 'Require all granted'),
    `Redirect ${plan.edge.unknownHost} "/"`,
  ];
  server.needs('alias');
  return [
    '# Names that nobody has. A file that Apache reads before this one may answer for them instead: a2dissite 000-default',
    ...(plain ? [host(plan.edge.http, ...refuse), ''] : []),
    ...(secure ? [host(plan.edge.https, ...refuse, ...tlsDirectives(secure, plan, server)), ''] : []),
  ];
}

export function siteHosts(site: SitePlan, plan: Plan, server: Server): Directive[] {
  const { edge } = plan;
  const { tls } = site;
  const whole = (listen: ListenPlan, ...more: Directive[]) =>
    host(listen, ...names(site), ...more, ...served(site, listen, plan, server));
  const plainProtocols = edge.http2.cleartext ? ['Protocols h2c http/1.1'] : ['Protocols http/1.1'];
  if (edge.http2.cleartext) server.needs('http2');
  if (!tls) return [whole(edge.http, ...plainProtocols)];
  const secure = whole(edge.https, ...tlsDirectives(site, plan, server));
  if (!tls.redirect) return [whole(edge.http, ...plainProtocols), '', secure];
  const port = edge.https.port === 443 ? '' : `:${edge.https.port}`;
  const moved = host(
    edge.http,
    ...names(site),
    'RewriteEngine On',
    '# A challenge of a certificate authority is answered here.',
    `RewriteRule "^(?!/\\.well-known/acme-challenge/)" "https://%{SERVER_NAME}${port}%{REQUEST_URI}" [R=308,L]`,
  );
  return [moved, '', secure];
}

function host(listen: ListenPlan, ...body: readonly Directive[]): Section {
  return section(
    `VirtualHost "${addressOf(listen, '*:')}"`,
    '# No requests without a version: HTTP/0.9 names no host, and its answer has no end.',
    'HttpProtocolOptions Strict LenientMethods Require1.0',
    ...body,
  );
}

function addressOf({ host, port }: ListenPlan, any: string): string {
  if (host === null) return `${any}${port}`;
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

function names({ host }: SitePlan): string[] {
  if (!host.startsWith('*')) return [`ServerName ${quoted(host)}`];
  const own = host === '*' ? 'any.invalid' : `any${host.slice(1)}`;
  return [`ServerName ${quoted(own)}`, `ServerAlias ${quoted(host)}`];
}

function tlsDirectives({ tls, host }: SitePlan, { edge }: Plan, server: Server): Directive[] {
  if (!tls) return [];
  const { certificate, clients } = tls;
  server.needs('ssl', 'socache_shmcb');
  if (edge.http2.tls) server.needs('http2');
  const files =
    certificate.from === 'files'
      ? [
          `SSLCertificateFile ${quoted(certificate.cert)}`,
          `SSLCertificateKeyFile ${quoted(certificate.key)}`,
          ...(certificate.ca === null ? [] : [`SSLCertificateChainFile ${quoted(certificate.ca)}`]),
        ]
      : [`# mod_md orders the certificate of ${host} and renews it.`];
  return [
    'SSLEngine On',
    ...files,
    'SSLProtocol -all +TLSv1.2 +TLSv1.3',
    'SSLSessionTickets Off',
    ...(clients
      ? [
          `SSLCACertificateFile ${quoted(clients.ca)}`,
          `SSLVerifyClient ${clients.require ? 'require' : 'optional'}`,
          'SSLVerifyDepth 5',
        ]
      : []),
    ...(edge.http2.tls
      ? ['Protocols h2 http/1.1', `H2MaxSessionStreams ${edge.http2.maxStreams}`]
      : ['Protocols http/1.1']),
    ...(edge.http2.tls && edge.http2.webSockets
      ? ['# WebSockets over HTTP/2 (RFC 8441).', section('IfVersion >= 2.4.58', 'H2WebSockets On')]
      : []),
  ];
}

/** Everything besides names and certificates. */
function served(site: SitePlan, listen: ListenPlan, plan: Plan, server: Server): Directive[] {
  const { content, accessLog } = site;
  const { edge } = plan;
  const { limits } = edge;
  return [
    '',
    `RequestReadTimeout header=${seconds(limits.headTimeoutMs)} body=${seconds(limits.bodyIdleMs)},MinRate=500`,
    `KeepAliveTimeout ${limits.keepAliveMs}ms`,
    'LimitRequestLine 16384',
    'LimitRequestFieldSize 16384',
    'LimitRequestBody 0',
    `ProxyTimeout ${seconds(limits.upstreamTimeoutMs)}`,
    ...(edge.accessLog && accessLog ? logDirectives(edge.accessLog, server) : []),
    '',
    ...forwardedDirectives(edge, listen.port, server),
    ...stickyCookies(site, plan, server, listen === edge.https),
    ...headerDirectives(site, server),
    '',
    ...gateDirectives(site, server),
    ...(content ? answerDirectives(content, server) : []),
    ...upstreamTls(site, server),
    '',
    'RewriteEngine On',
    ...(content ? rewriteDirectives(content) : []),
    ...routeDirectives(site, plan, server),
  ];
}

/** Certificates of servers that are asked over https. */
function upstreamTls({ routes }: SitePlan, server: Server): Directive[] {
  const targets = routes.flatMap(({ to }) =>
    to.kind === 'split' ? to.parts.map((part) => part.to) : to.kind === 'upstream' ? [to] : [],
  );
  const asked = targets.flatMap((to) => (to.kind === 'upstream' && to.tls ? [to.tls] : []));
  if (asked.length === 0) return [];
  server.needs('ssl');
  const ca = asked.find(({ ca }) => ca !== null)?.ca ?? '/etc/ssl/certs/ca-certificates.crt';
  return [
    'SSLProxyEngine On',
    '# Who that is, is verified.',
    'SSLProxyVerify require',
    'SSLProxyVerifyDepth 5',
    'SSLProxyCheckPeerName On',
    `SSLProxyCACertificateFile ${quoted(ca)}`,
  ];
}

/** Certificates that come by themselves. */
export function acmeDirectives({ edge, sites }: Plan, server: Server): Directive[] {
  const hosts = Object.values(sites).filter(({ tls }) => tls?.certificate.from === 'acme');
  if (hosts.length === 0) return [];
  server.needs('md', 'watchdog');
  return [
    '# mod_md orders these certificates; a new one is taken at the next graceful restart.',
    ...orders(edge.acme),
    ...hosts.map(({ host }) => `MDomain ${host}`),
    '',
  ];
}

function orders({ directory, directoryCa, email, challenge }: AcmePlan): Directive[] {
  return [
    `MDCertificateAuthority ${quoted(directory)}`,
    'MDCertificateAgreement accepted',
    `MDCAChallenges ${challenge}`,
    ...(email === null ? [] : [`MDContactEmail ${quoted(email)}`]),
    ...(directoryCa === null ? [] : [`MDCACertificateFile ${quoted(directoryCa)}`]),
  ];
}
