/** Who the client is, and what apps are told of it. */
import type { EdgePlan, Plan, SitePlan } from '../../config/plan.ts';
import { siteName, time, word } from './words.ts';

/** So many proxies of ours may stand before HAProxy, one behind the other. */
const HOPS = 4;

/** For the first lines of the frontend: connections, and what is too odd to be passed on. */
export function connectionLines({ limits, proxyProtocol, trust }: EdgePlan, name: string): string[] {
  return [
    ...(proxyProtocol
      ? [
          '# Connections begin with a PROXY header, and come from a proxy of ours.',
          trust.length > 0
            ? `tcp-request connection reject unless { src ${trust.join(' ')} }`
            : 'tcp-request connection reject',
          'tcp-request connection expect-proxy layer4',
        ]
      : []),
    `tcp-request session track-sc0 src table ${name}${trust.length > 0 ? ` unless { src ${trust.join(' ')} }` : ''}`,
    `tcp-request session reject if { sc0_conn_cur gt ${limits.connectionsPerIp} }`,
  ];
}

/** Paths are compared, and passed on, in one form only: nobody reaches /admin as /%61dmin or /x/../admin. */
export const canonicalPath: readonly string[] = [
  '# One form for each path, so that no rule can be passed by: /%61dmin and /x/../admin are /admin.',
  'http-request normalize-uri percent-to-uppercase strict',
  'http-request normalize-uri percent-decode-unreserved strict',
  'http-request normalize-uri path-merge-slashes',
  'http-request normalize-uri path-strip-dot',
  'http-request normalize-uri path-strip-dotdot full',
  'http-request normalize-uri fragment-strip',
];

/** A name or an address, and a port. */
const HOST = '^([A-Za-z0-9._-]+|\\[[0-9A-Fa-f:.]+\\])(:[0-9]{0,5})?$';

/** `txn.site`: the host of the site; the most particular is set last. */
export function siteLines({ edge, sites }: Plan): string[] {
  const all = Object.values(sites);
  const below = all.filter(({ host }) => host.startsWith('*.')).sort((a, b) => a.host.length - b.host.length);
  const exact = all.filter(({ host }) => !host.startsWith('*'));
  const others = all.some(({ host }) => host === '*');
  const set = (host: string, condition: string) =>
    `http-request set-var(txn.site) str(${word(host)})${condition}`;
  return [
    '# Exactly one host, and nothing that apps could read otherwise.',
    `http-request deny deny_status 400 unless { req.fhdr_cnt(host) eq 1 } { req.fhdr(host) -m reg ${word(HOST)} }`,
    '# Which site it is for.',
    'http-request set-var(txn.host) req.hdr(host),host_only,lower,regsub(\\.$,)',
    'http-request set-var-fmt(txn.query) ?%[query] if { query -m found }',
    ...(others ? [set('*', '')] : []),
    ...below.map(({ host }) => set(host, ` if { var(txn.host) -m end ${host.slice(1)} }`)),
    ...exact.map(({ host }) => set(host, ` if { var(txn.host) -m str ${word(host)} }`)),
    ...all.map(({ host }) => `acl ${siteName(host)} var(txn.site) -m str ${word(host)}`),
    ...(others
      ? []
      : [`http-request deny deny_status ${edge.unknownHost} unless { var(txn.site) -m found }`]),
  ];
}

/** `src` is the client from here on, as far as proxies of ours say so. */
export function addressLines({ trust, proxyProtocol }: EdgePlan): string[] {
  const scheme = [
    'http-request set-var(txn.scheme) str(http)',
    'http-request set-var(txn.scheme) str(https) if { ssl_fc }',
  ];
  if (trust.length === 0) return scheme;
  const ours = `{ src ${trust.join(' ')} }`;
  if (proxyProtocol) return scheme;
  return [
    ...scheme,
    '# What a proxy in front says counts, if it is one of ours: the last address that is not one of them is the client.',
    ...['http', 'https'].map(
      (name) =>
        `http-request set-var(txn.scheme) str(${name}) if ${ours} { req.hdr(x-forwarded-proto) -m str ${name} }`,
    ),
    ...Array.from(
      { length: HOPS },
      (_, hop) =>
        `http-request set-src req.hdr_ip(x-forwarded-for,-${hop + 1}) if ${ours} { req.hdr_cnt(x-forwarded-for) gt ${hop} }`,
    ),
  ];
}

/** Whatever clients say of themselves is replaced. */
export function forwardedLines(): string[] {
  const gone = ['X-Forwarded-Server', 'X-Holdfast-Client', 'HTTP2-Settings', 'Proxy'];
  return [
    '# Whatever clients say of themselves is replaced, so that nobody can pretend to be somebody else. Names with "_" are others with "-" to many programs.',
    'http-request del-header _ -m sub',
    'http-request del-header x-client-cert- -m beg',
    ...gone.map((name) => `http-request del-header ${name}`),
    '# Only WebSockets are passed on: an upgrade to h2c would go past every rule of this file.',
    'acl websocket req.hdr(upgrade) -i websocket',
    'acl one_upgrade req.hdr_cnt(upgrade) eq 1',
    'acl asked req.hdr(connection) -i upgrade',
    'http-request del-header Upgrade unless websocket one_upgrade asked',
    'http-request del-header Connection unless { req.hdr(upgrade) -m found }',
    'http-request set-header Connection Upgrade if { req.hdr(upgrade) -m found }',
    'http-request set-header X-Forwarded-For %[src]',
    'http-request set-header X-Forwarded-Proto %[var(txn.scheme)]',
    'http-request set-header X-Forwarded-Host %[req.fhdr(host)]',
    'http-request set-header X-Forwarded-Port %[dst_port]',
    'http-request set-header X-Real-IP %[src]',
    '# As RFC 7239 writes addresses.',
    'http-request set-var-fmt(txn.node) %[src]',
    `http-request set-var-fmt(txn.node) '"[%[src]]"' if { src -m sub : }`,
    `http-request set-header Forwarded 'for=%[var(txn.node)];host="%[req.fhdr(host)]";proto=%[var(txn.scheme)]'`,
  ];
}

/** Sites with TLS send those there who come without. */
export function secureLines(sites: readonly SitePlan[], { https }: EdgePlan): string[] {
  const port = https.port === 443 ? '' : `:${https.port}`;
  const moved = sites.filter(({ tls }) => tls?.redirect);
  const challenge = sites.some(({ tls }) => tls?.certificate.from === 'acme');
  return [
    ...moved.map(
      ({ host }) =>
        `http-request redirect location https://%[var(txn.host)]${port}%[pathq] code 308 if ${siteName(host)} !{ ssl_fc }${
          challenge ? ' !{ path -m beg /.well-known/acme-challenge/ }' : ''
        }`,
    ),
  ];
}

export function timeoutLines({ limits }: EdgePlan): string[] {
  return [
    'timeout connect 5s',
    `timeout http-request ${time(limits.headTimeoutMs)}`,
    `timeout client ${time(limits.bodyIdleMs)}`,
    `timeout http-keep-alive ${time(limits.keepAliveMs)}`,
    `timeout server ${time(limits.upstreamTimeoutMs)}`,
    '# WebSockets: silence is no reason to cut them.',
    'timeout tunnel 1h',
    'timeout client-fin 30s',
  ];
}
