/** What importers of nginx and Apache have found, before it becomes a configuration. */
import type { HoldfastConfig, SiteConfig } from '../config-types.ts';
import type { Imported } from './imported.ts';

/** `http://host:port`; the addresses of a pool of servers by its name. */
export type Pools = ReadonlyMap<string, readonly string[]>;

/** A site while it is put together. */
export interface DraftSite {
  readonly host: string;
  readonly routes: Map<string, NonNullable<SiteConfig['routes']>[string]>;
  readonly redirects: Map<string, string | { to: string; status: 301 | 302 | 303 | 307 | 308 }>;
  readonly headers: Map<string, string | false>;
  settings: Omit<SiteConfig, 'routes' | 'redirects' | 'headers'>;
}

export function draftSite(host: string): DraftSite {
  return { host, routes: new Map(), redirects: new Map(), headers: new Map(), settings: {} };
}

const OUTSIDE =
  'the addresses in `routes` are programs that something else runs; say them as `apps`, and Holdfast runs them, too';

/** One address, or several that share the requests. */
export function destinationOf(addresses: readonly string[]): string | Readonly<Record<string, number>> {
  const [first = ''] = addresses;
  return addresses.length < 2 ? first : Object.fromEntries(addresses.map((address) => [address, 1]));
}

/** Sites with the same host, such as one for http and one for https, become one. */
export function importedSites(
  drafts: readonly DraftSite[],
  rest: Omit<HoldfastConfig, 'sites'>,
  notes: readonly string[],
): Imported {
  const sites: Record<string, SiteConfig> = {};
  for (const { host, routes, redirects, headers, settings } of drafts) {
    const known = sites[host];
    const site: SiteConfig = {
      ...(known?.routes || routes.size > 0
        ? { routes: { ...known?.routes, ...Object.fromEntries(routes) } }
        : {}),
      ...without(known),
      ...settings,
      ...merged('redirects', known?.redirects, redirects),
      ...merged('headers', known?.headers, headers),
    };
    sites[host] = site;
  }
  const routes = Object.values(sites).flatMap((site) => Object.values(site.routes ?? {}));
  const complete = Object.entries(sites).flatMap(([host, site]): [string, SiteConfig][] => {
    if (site.routes) return [[host, site]];
    // Everything of it is elsewhere: but a site has a route, even if nothing comes to it.
    return site.redirects && routes[0] !== undefined ? [[host, { routes: { '/': routes[0] }, ...site }]] : [];
  });
  const isOutside = routes.some((to) => typeof to === 'string' || !('files' in to));
  return {
    config: { ...rest, sites: Object.fromEntries(complete) },
    notes: [...new Set([...(isOutside ? [OUTSIDE] : []), ...notes])],
  };
}

function without(site: SiteConfig | undefined): Omit<SiteConfig, 'routes' | 'redirects' | 'headers'> {
  const { routes: _, redirects: __, headers: ___, ...rest } = site ?? {};
  return rest;
}

function merged<T>(
  key: 'redirects' | 'headers',
  known: Readonly<Record<string, T>> | undefined,
  more: ReadonlyMap<string, T>,
): Record<string, Record<string, T>> {
  const all = { ...known, ...Object.fromEntries(more) };
  return Object.keys(all).length > 0 ? { [key]: all } : {};
}

/** `example.com`, `*.example.com` or `*`; undefined for what is none, such as a pattern. */
export function siteHost(name: string): string | undefined {
  if (name === '_' || name === '*' || name === '') return '*';
  const host = name.toLowerCase().replace(/^\./, '*.');
  return /^(?:\*\.)?[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?$|^\[?[0-9a-f:]+\]?$/.test(host) ? host : undefined;
}

/** A path as a route has it; undefined for what cannot be one. */
export function routePath(path: string): string | undefined {
  return /^\/[\w./~@:+,=!$&'()*;-]*$/.test(path) &&
    !path.includes('//') &&
    !/(?:^|\/)\.\.?(?:\/|$)/.test(path)
    ? path
    : undefined;
}

/** Of nginx and Apache: `32m`, `1024`. All of us count in steps of 1024. */
export function sizeText(text: string): string | 0 | undefined {
  const [, amount, unit = ''] = /^(\d+)([kKmMgG]?)$/.exec(text) ?? [];
  if (amount === undefined) return undefined;
  let size = Number(amount);
  if (size === 0) return 0;
  const units = ['B', 'KB', 'MB', 'GB'];
  let at = ' KMG'.indexOf(unit.toUpperCase() || ' ');
  for (; at < 3 && size % 1024 === 0; at++) size /= 1024;
  return `${size}${units[at]}`;
}

/** A status that a redirect may have. */
export function redirectStatus(text: string): 301 | 302 | 303 | 307 | 308 | undefined {
  const status = Number(text);
  return status === 301 || status === 302 || status === 303 || status === 307 || status === 308
    ? status
    : undefined;
}
