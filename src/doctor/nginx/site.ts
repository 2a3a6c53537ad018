/** A configuration of nginx, as the rules look at it. */
import type { FrontDirective, FrontTree } from '../../config/import/front-tree.ts';
import { Scope } from './scope.ts';

export interface Upstream {
  readonly name: string;
  readonly block: FrontDirective;
  readonly directives: readonly FrontDirective[];
  /** Those that take part: not `backup`, not `down`. */
  readonly servers: readonly FrontDirective[];
}

/** A place that passes requests on. */
export interface Proxied {
  readonly scope: Scope;
  readonly pass: FrontDirective;
  /** `http://app/x` is { to: `app`, uri: `/x` }. */
  readonly to: string;
  readonly uri: string;
  readonly upstream: Upstream | undefined;
}

export interface NginxSite {
  readonly http: Scope;
  readonly servers: readonly Scope[];
  readonly proxied: readonly Proxied[];
  readonly upstreams: ReadonlyMap<string, Upstream>;
  /** By the variable that they fill, without `$`. */
  readonly maps: ReadonlyMap<string, FrontDirective>;
  /** Every level, from `http` on. */
  readonly scopes: readonly Scope[];
}

const LEVELS = new Set(['server', 'location', 'if', 'limit_except']);

export function nginxSite({ directives }: FrontTree): NginxSite {
  const inner = directives.flatMap((directive) =>
    directive.name === 'http' && directive.body ? directive.body : [directive],
  );
  const http = new Scope(null, inner);
  const scopes = [http, ...levelsOf(http)];
  const upstreams = new Map(http.own('upstream').map((block) => [block.args[0] ?? '', upstreamOf(block)]));
  return {
    http,
    servers: scopes.filter(({ block }) => block?.name === 'server'),
    proxied: scopes.flatMap((scope) =>
      scope.own('proxy_pass').map((pass) => proxiedBy(pass, scope, upstreams)),
    ),
    upstreams,
    maps: new Map(http.own('map').map((map) => [map.args[1]?.replace(/^\$/, '') ?? '', map])),
    scopes,
  };
}

function levelsOf(scope: Scope): Scope[] {
  return scope.directives.flatMap((directive) => {
    if (!directive.body || !LEVELS.has(directive.name)) return [];
    const level = new Scope(directive, directive.body, scope);
    return [level, ...levelsOf(level)];
  });
}

function upstreamOf(block: FrontDirective): Upstream {
  const directives = block.body ?? [];
  const servers = directives.filter(
    ({ name, args }) => name === 'server' && !args.includes('backup') && !args.includes('down'),
  );
  return { name: block.args[0] ?? '', block, directives, servers };
}

function proxiedBy(pass: FrontDirective, scope: Scope, upstreams: ReadonlyMap<string, Upstream>): Proxied {
  const whole = pass.args[0] ?? '';
  if (whole.startsWith('$')) return { scope, pass, to: whole, uri: '', upstream: undefined };
  const [, rest = ''] = /^https?:\/\/(.*)$/s.exec(whole) ?? [];
  const [, to = '', uri = ''] = /^(unix:[^:]+|[^/]*):?(.*)$/s.exec(rest) ?? [];
  return { scope, pass, to, uri, upstream: upstreams.get(to) };
}

/** What a variable becomes for this text, as its map says; undefined when no map fills it. A pattern counts when it matches. */
export function mapped(site: NginxSite, variable: string, text: string): string | undefined {
  const body = site.maps.get(variable.replace(/^\$\{?|\}$/g, ''))?.body;
  if (!body) return undefined;
  const entry =
    body.find(({ name }) => name.toLowerCase() === text.toLowerCase()) ??
    body.find(({ name }) => name.startsWith('~') && matches(name, text)) ??
    body.find(({ name }) => name === 'default');
  return entry ? (entry.args[0] ?? '') : '';
}

function matches(pattern: string, text: string): boolean {
  try {
    const isBlind = pattern.startsWith('~*');
    return new RegExp(pattern.slice(isBlind ? 2 : 1), isBlind ? 'i' : '').test(text);
  } catch {
    return false;
  }
}

/** A map of a map of a map, which is deeper than people go. */
const DEEPEST_MAP = 5;

/** A value as the app gets it, for a client that sends `Upgrade: text`, or none when that is empty. */
export function upgradeSent(site: NginxSite, value: string, text: string, depth = 0): string {
  if (depth > DEEPEST_MAP) return '';
  return value.replace(/\$\{?(\w+)\}?/g, (_, name: string) => {
    if (name === 'http_upgrade') return text;
    if (name === 'http_connection') return text === '' ? 'keep-alive' : 'Upgrade';
    if (name === 'server_protocol') return 'HTTP/1.1';
    if (name === 'request_method') return 'GET';
    const from = site.maps.get(name)?.args[0];
    if (from === undefined) return '';
    const sent = mapped(site, name, upgradeSent(site, from, text, depth + 1)) ?? '';
    return upgradeSent(site, sent, text, depth + 1);
  });
}

/** Requests for WebSockets get to the app as such. */
export function passesSockets(site: NginxSite, { scope }: Proxied): boolean {
  const upgrade = scope.field('Upgrade')?.args[1];
  return upgrade !== undefined && upgradeSent(site, upgrade, 'websocket').toLowerCase() === 'websocket';
}

/** ms of a time such as `60`, `90s`, `1h 30m`; undefined when it is none. */
export function nginxTime(text: string): number | undefined {
  const units: Readonly<Record<string, number>> = {
    ms: 1,
    s: 1000,
    m: 60_000,
    h: 3_600_000,
    d: 86_400_000,
    w: 604_800_000,
    M: 2_592_000_000,
    y: 31_536_000_000,
  };
  if (text === '' || text.replace(/\d+(?:ms|[smhdwMy])?\s*/g, '') !== '') return undefined;
  let total = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+)(ms|[smhdwMy])?/g))
    total += Number(amount) * (units[unit ?? 's'] ?? 1000);
  return total;
}
