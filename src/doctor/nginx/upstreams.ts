/** Connections to apps: kept or made anew, and which of several instances a client gets. */
import type { FrontDirective } from '../../config/import/front-tree.ts';
import { type Finding, finding } from '../finding.ts';
import { lineOf } from './headers.ts';
import { type NginxSite, type Proxied, passesSockets, type Upstream } from './site.ts';

const METHODS = new Set(['ip_hash', 'hash', 'least_conn', 'least_time', 'random', 'sticky']);
/** With these a client comes back to the same server. */
const STICKY = new Set(['ip_hash', 'hash', 'sticky']);

export function upstreamFindings(site: NginxSite): Finding[] {
  return [
    ...[...site.upstreams.values()].flatMap(order),
    ...site.proxied.flatMap((proxied) => [
      ...version(site, proxied),
      ...keepalive(proxied),
      ...connectionHeader(proxied),
      ...stickiness(site, proxied),
      ...localhost(proxied),
      ...retries(proxied),
    ]),
  ];
}

function order({ directives }: Upstream): Finding[] {
  const at = directives.findIndex(({ name }) => name === 'keepalive');
  const method = directives.find(({ name }, index) => METHODS.has(name) && index > at);
  const keep = directives[at];
  if (!keep || !method) return [];
  const effect = `"${method.name}" after "keepalive" undoes it before nginx 1.29.7: each request costs a new connection to the app`;
  return [finding('keepalive-order', 'warn', keep, effect, lineOf(method), lineOf(keep))];
}

function version(site: NginxSite, proxied: Proxied): Finding[] {
  const { scope, pass } = proxied;
  const said = scope.value('proxy_http_version');
  if (said === undefined ? !scope.lacks('proxy_http_version') : said !== '1.0') return [];
  const sockets = passesSockets(site, proxied);
  const effect = sockets
    ? 'The app is spoken to in HTTP/1.0, the default before nginx 1.29.7, which has no upgrade: WebSockets fail'
    : 'The app is spoken to in HTTP/1.0, the default before nginx 1.29.7: each request costs a new connection';
  return [
    finding(
      'http-version',
      sockets ? 'bad' : 'warn',
      scope.one('proxy_http_version') ?? pass,
      effect,
      'proxy_http_version 1.1;',
    ),
  ];
}

function keepalive({ scope, pass, to, upstream }: Proxied): Finding[] {
  const effect = 'Before nginx 1.29.7 each request costs a new connection to the app';
  const lines = ['keepalive 32;', 'keepalive_timeout 60s;  # the app must keep idle connections for longer'];
  if (upstream) {
    const isSaid = upstream.directives.some(({ name }) => name === 'keepalive' || name === 'include');
    return isSaid ? [] : [finding('no-keepalive', 'warn', upstream.block, effect, ...lines)];
  }
  // A variable, or a name that is defined in a file that was not found.
  if (to.startsWith('$') || (scope.isPartial && !/[.:]|^localhost/.test(to))) return [];
  return [
    finding(
      'no-keepalive',
      'warn',
      pass,
      effect,
      `upstream app { server ${to}; keepalive 32; keepalive_timeout 60s; }`,
      lineOf({ ...pass, args: [pass.args[0]?.replace(to, 'app') ?? ''] }),
    ),
  ];
}

/** nginx sends `Connection: close` to apps unless it is told otherwise. */
function connectionHeader({ scope, upstream }: Proxied): Finding[] {
  const keep = upstream?.directives.find(({ name }) => name === 'keepalive');
  if (!keep || !scope.lacksField('Connection')) return [];
  const effect =
    'It has no effect for a location without "proxy_set_header Connection": before nginx 1.29.7 the app is told "Connection: close" then';
  return [finding('keepalive-unused', 'warn', keep, effect, 'proxy_set_header Connection "";')];
}

function stickiness(site: NginxSite, proxied: Proxied): Finding[] {
  const { scope, upstream } = proxied;
  if (!upstream || upstream.servers.length < 2) return [];
  if (upstream.directives.some(({ name }) => STICKY.has(name) || name === 'include')) return [];
  const lines = ['ip_hash;', ...upstream.directives.filter(({ name }) => !METHODS.has(name)).map(lineOf)];
  if (/socket\\?\.io|engine\\?\.io/.test(scope.path)) {
    const effect =
      'The requests of one Socket.IO client go to different instances, and all but one of them answer 400 "Session ID unknown"';
    return [finding('no-stickiness', 'bad', upstream.block, effect, ...lines)];
  }
  const isChosen = upstream.directives.some(({ name }) => METHODS.has(name));
  if (isChosen || !passesSockets(site, proxied) || hasSocketIoElsewhere(site)) return [];
  const effect =
    'Clients go to another instance with each request. That is right unless the app uses Socket.IO or keeps sessions in its own memory';
  return [finding('no-stickiness', 'note', upstream.block, effect, ...lines)];
}

function hasSocketIoElsewhere({ proxied }: NginxSite): boolean {
  return proxied.some(({ scope }) => /socket\\?\.io/.test(scope.path));
}

function localhost({ pass, to, upstream }: Proxied): Finding[] {
  const effect =
    '"localhost" is two addresses for nginx, ::1 and 127.0.0.1: an app that listens on one of them only looks dead every other time';
  const servers: readonly FrontDirective[] = upstream?.servers ?? [];
  const named = servers.find(({ args }) => /^localhost(:|$)/.test(args[0] ?? ''));
  const right = (line: FrontDirective) =>
    lineOf({ ...line, args: line.args.map((arg) => arg.replace('localhost', '127.0.0.1')) });
  if (named) return [finding('localhost', 'note', named, effect, right(named))];
  return !upstream && /^localhost(:|$)/.test(to)
    ? [finding('localhost', 'note', pass, effect, right(pass))]
    : [];
}

function retries({ scope }: Proxied): Finding[] {
  const next = scope.one('proxy_next_upstream');
  if (!next?.args.includes('non_idempotent')) return [];
  const effect =
    'A POST that failed half-way is sent again to another instance: orders and payments happen twice';
  const args = next.args.filter((arg) => arg !== 'non_idempotent');
  return [finding('retry-non-idempotent', 'bad', next, effect, lineOf({ ...next, args }))];
}
