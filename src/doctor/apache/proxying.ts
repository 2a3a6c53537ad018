/** Where requests go, and what becomes of WebSockets. */

import {
  type ApacheSite,
  apacheTime,
  type Balancer,
  balancerName,
  type Host,
  type Pass,
  parametersOf,
  said,
} from '../../config/import/apache-site.ts';
import type { FrontDirective } from '../../config/import/front-tree.ts';
import { type Finding, finding } from '../finding.ts';

const SOCKET_PATH = /\/(?:socket\\?\.io|engine\\?\.io|ws|wss|wsapp|websockets?|cable)\b/i;

export function proxyingFindings(site: ApacheSite): Finding[] {
  return site.hosts.flatMap((host) => [
    ...shadowed(host),
    ...host.passes.flatMap((pass) => [
      ...slash(pass),
      ...socketsLost(pass, host, site),
      ...silence(pass, host, site),
      ...rewritten(pass),
      ...flush(pass),
    ]),
    ...host.passes.flatMap((pass) => stickiness(pass, site)),
  ]);
}

/** Of ProxyPass the first that matches counts, not the longest. */
function shadowed({ passes }: Host): Finding[] {
  const plain = passes.filter(({ at, by }) => by === 'ProxyPass' && at.name === 'proxypass');
  return plain.flatMap((pass, index) => {
    const earlier = plain.slice(0, index).find(({ path }) => pass.path !== path && isWithin(pass.path, path));
    if (!earlier || earlier.url === '!') return [];
    const effect = `Nothing ever comes here: the first "ProxyPass" that matches counts, and "${earlier.path}" in line ${earlier.at.line} stands before it`;
    const lines = [lineOf(pass.at), lineOf(earlier.at)];
    return [finding('proxypass-order', 'bad', pass.at, effect, ...lines)];
  });
}

function isWithin(path: string, prefix: string): boolean {
  return path.startsWith(prefix.endsWith('/') ? prefix : `${prefix}/`) || path === prefix;
}

function slash({ at, by, path, url }: Pass): Finding[] {
  const [, rest] = /^(?:https?|wss?|balancer):\/\/[^/]*(.*)$/s.exec(url) ?? [];
  if (by !== 'ProxyPass' || at.name !== 'proxypass' || rest === undefined || /[$%]/.test(url)) return [];
  if (path.endsWith('/') === rest.endsWith('/')) return [];
  const bare = path.replace(/\/$/, '');
  const sent = `${rest}${`${bare}/users`.slice(path.length)}`;
  const effect = `One of the two has a slash at its end and the other has not: for "${bare}/users" the app gets "${sent.startsWith('/') ? sent : `…${sent}" at the end of its host name, which is an error`}${sent.startsWith('/') ? '"' : ''}`;
  const fixed = path.endsWith('/') ? `${url}/` : url.replace(/\/$/, '');
  return [finding('proxypass-slash', 'bad', at, effect, lineOf(at).replace(url, fixed))];
}

/** Of the backend, or of the members that a balancer has. */
function upgrades(pass: Pass, site: ApacheSite): boolean {
  if (/^wss?:/.test(pass.url) || pass.parameters.has('upgrade')) return true;
  const balancer = balancerOf(pass, site);
  return (
    balancer?.members.some(({ args }) => parametersOf(args).has('upgrade') || /^wss?:/.test(args[0] ?? '')) ??
    false
  );
}

function socketsLost(pass: Pass, host: Host, site: ApacheSite): Finding[] {
  const { at, by, path, url } = pass;
  if (by !== 'ProxyPass' || url === '!' || upgrades(pass, site)) return [];
  const elsewhere = host.passes.some(
    (other) =>
      other !== pass &&
      upgrades(other, site) &&
      (other.by === 'RewriteRule' || other.path.replace(/\/$/, '') === path.replace(/\/$/, '')),
  );
  if (elsewhere || !SOCKET_PATH.test(path)) return [];
  const effect = 'WebSockets cannot be opened here: Apache passes the request on without its "Upgrade"';
  return [
    finding('no-upgrade', 'bad', at, effect, `${lineOf(at)} upgrade=websocket`, '# needs Apache 2.4.47'),
  ];
}

function silence(pass: Pass, host: Host, site: ApacheSite): Finding[] {
  const { at, parameters } = pass;
  if (!upgrades(pass, site) || takenBefore(pass, host)) return [];
  const balancer = balancerOf(pass, site);
  const own = parameters.get('timeout') ?? balancer?.parameters.get('timeout') ?? memberTimeout(balancer);
  const general = said(host, 'proxytimeout') ?? said(host, 'timeout');
  if (own === undefined && !general && site.isPartial) return [];
  const ms = apacheTime(own ?? general?.args[0] ?? '60');
  if (ms === undefined || ms > 60_000) return [];
  const isBad = ms <= 45_000;
  const effect = `A WebSocket is cut when nothing is said for ${ms / 1000} s${isBad ? '; Socket.IO alone is silent for up to 45 s' : ''}`;
  const line = pass.by === 'RewriteRule' ? 'ProxyTimeout 3600' : `${lineOf(at)} timeout=3600`;
  return [
    finding(
      'socket-timeout',
      isBad ? 'bad' : 'warn',
      own === undefined && general ? general : at,
      effect,
      line,
    ),
  ];
}

/** A RewriteRule for upgrades comes before any ProxyPass. */
function takenBefore({ by, path }: Pass, { passes }: Host): boolean {
  return (
    by === 'ProxyPass' &&
    passes.some(
      (other) =>
        other.by === 'RewriteRule' && other.conditions.some(isForUpgrades) && matches(other.path, path),
    )
  );
}

function isForUpgrades({ args }: FrontDirective): boolean {
  return /HTTP:Upgrade/i.test(args[0] ?? '');
}

function matches(pattern: string, path: string): boolean {
  try {
    return new RegExp(pattern).test(path);
  } catch {
    return false;
  }
}

function balancerOf({ url }: Pass, { balancers }: ApacheSite): Balancer | undefined {
  return url.startsWith('balancer:') ? balancers.find(({ name }) => name === balancerName(url)) : undefined;
}

function memberTimeout(balancer: Balancer | undefined): string | undefined {
  return balancer?.members
    .map(({ args }) => parametersOf(args).get('timeout'))
    .find((value) => value !== undefined);
}

function rewritten({ at, by, url, conditions }: Pass): Finding[] {
  if (by !== 'RewriteRule' || !/^wss?:/.test(url)) return [];
  const byQuery = conditions.find(({ args }) => /transport=websocket/i.test(args[1] ?? ''));
  const byUpgrade = conditions.some(isForUpgrades);
  const right = ['RewriteCond %{HTTP:Upgrade} =websocket [NC]', lineOf(at)];
  if (byUpgrade) return [];
  if (byQuery) {
    const effect = 'Only Socket.IO writes "transport=websocket": other WebSockets do not get through';
    return [finding('rewrite-by-query', 'warn', byQuery, effect, ...right)];
  }
  const effect = 'Plain requests, too, go to an address for WebSockets, and fail';
  return [finding('rewrite-unconditional', 'bad', at, effect, ...right)];
}

function flush({ at, path, parameters }: Pass): Finding[] {
  if (parameters.get('flushpackets')?.toLowerCase() !== 'off' || !/\/(?:events?|sse|stream)\b/i.test(path))
    return [];
  const effect = 'Server-sent events are collected, and clients get them late and many at once';
  return [finding('events-buffered', 'warn', at, effect, 'flushpackets=on')];
}

function stickiness(pass: Pass, site: ApacheSite): Finding[] {
  const balancer = balancerOf(pass, site);
  if (!balancer || balancer.members.length < 2) return [];
  const sticky = balancer.parameters.get('stickysession') ?? pass.parameters.get('stickysession');
  const cookie =
    'Header always add Set-Cookie "ROUTEID=.%{BALANCER_WORKER_ROUTE}e; Path=/; HttpOnly; SameSite=Lax" env=BALANCER_ROUTE_CHANGED';
  if (sticky === undefined) {
    const isSocketIo = /socket\\?\.io/.test(pass.path);
    const effect = isSocketIo
      ? 'The requests of one Socket.IO client go to different instances, and all but one of them answer 400 "Session ID unknown"'
      : 'Clients go to another instance with each request. That is right unless the app uses Socket.IO or keeps sessions in its own memory';
    return [
      finding(
        'no-stickiness',
        isSocketIo ? 'bad' : 'note',
        balancer.block,
        effect,
        cookie,
        'ProxySet stickysession=ROUTEID',
      ),
    ];
  }
  const nameless = balancer.members.find(({ args }) => !parametersOf(args).has('route'));
  if (!nameless) return [];
  const effect = '"stickysession" has no effect for a member without a route';
  return [finding('no-route', 'bad', nameless, effect, `${lineOf(nameless)} route=w1`)];
}

const SPELLED: Readonly<Record<string, string>> = {
  proxypass: 'ProxyPass',
  proxypassmatch: 'ProxyPassMatch',
  rewriterule: 'RewriteRule',
  balancermember: 'BalancerMember',
};

export function lineOf({ name, args }: FrontDirective): string {
  const words = args.map((arg) => (/^[^\s"]+$/.test(arg) ? arg : `"${arg.replaceAll('"', '\\"')}"`));
  return [SPELLED[name] ?? name, ...words].join(' ');
}
