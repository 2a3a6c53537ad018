/** The caches of all sites. One whose settings stay the same stays from one table to the next, with what it keeps. */
import type { EdgeRoute, EdgeSite } from '../../protocol/edge-table.ts';
import type { CacheRules } from '../../protocol/traffic-rules.ts';
import { Cache } from './cache.ts';

/** A route whose answers are kept. */
export interface CachedRoute {
  readonly cache: Cache;
  /** Name of the pool that it leads to. */
  readonly app: string;
}

interface OfSite {
  /** What it was made from: answers that other settings have shaped are not given any more. */
  readonly from: string;
  readonly cache: Cache;
  /** By prefix. */
  readonly routes: ReadonlyMap<string, CachedRoute>;
}

export class Caches {
  #sites = new Map<string, OfSite>();

  follow(sites: readonly EdgeSite[]): void {
    const next = new Map<string, OfSite>();
    for (const { host, cache: rules, routes, content } of sites) {
      if (!rules) continue;
      const from = JSON.stringify([rules, routes, content]);
      const before = this.#sites.get(host);
      next.set(host, before?.from === from ? before : { from, ...made(rules, routes) });
    }
    this.#sites = next;
  }

  /** Undefined: the answers of this route are not kept. @param host of the site, in the table */
  of(host: string, prefix: string): CachedRoute | undefined {
    return this.#sites.size === 0 ? undefined : this.#sites.get(host)?.routes.get(prefix);
  }

  /** What a site keeps, of any of its routes. */
  ofSite(host: string): Cache | undefined {
    return this.#sites.get(host)?.cache;
  }

  /** Throws out all answers of a site; how many that were. */
  clear(host: string): number {
    return this.#sites.get(host)?.cache.clear() ?? 0;
  }

  /** All of all sites. */
  clearAll(): number {
    let sum = 0;
    for (const { cache } of this.#sites.values()) sum += cache.clear();
    return sum;
  }
}

/** Files are in memory anyway, and of a split every client is to get the answers of its own part. */
function made(rules: CacheRules, routes: readonly EdgeRoute[]): Omit<OfSite, 'from'> {
  const cache = new Cache(rules);
  const kept = new Map<string, CachedRoute>();
  for (const route of routes) {
    if ('pool' in route && route.cache !== false) kept.set(route.prefix, { cache, app: route.pool });
  }
  return { cache, routes: kept };
}
