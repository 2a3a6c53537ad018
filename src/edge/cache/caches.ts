/** The caches of all sites. One whose settings stay the same stays from one table to the next, with what it keeps. */
import type { EdgeRoute, EdgeSite } from '../../protocol/edge-table.ts';
import { Cache } from './cache.ts';

interface OfSite {
  /** What it was made from: answers that other settings have shaped are not given any more. */
  readonly from: string;
  readonly cache: Cache;
  /** Prefixes of the routes that use it. */
  readonly prefixes: ReadonlySet<string>;
}

export class Caches {
  #sites = new Map<string, OfSite>();

  follow(sites: readonly EdgeSite[]): void {
    const next = new Map<string, OfSite>();
    for (const { host, cache: rules, routes, content } of sites) {
      if (!rules) continue;
      const from = JSON.stringify([rules, routes, content]);
      const before = this.#sites.get(host);
      const prefixes = new Set(routes.filter(isKept).map(({ prefix }) => prefix));
      next.set(host, before?.from === from ? before : { from, cache: new Cache(rules), prefixes });
    }
    this.#sites = next;
  }

  /** Undefined: the answers of this route are not kept. @param host of the site, in the table */
  of(host: string, prefix: string): Cache | undefined {
    if (this.#sites.size === 0) return undefined;
    const site = this.#sites.get(host);
    return site?.prefixes.has(prefix) ? site.cache : undefined;
  }

  /** Throws out all answers of a site; how many that were. */
  clear(host: string): number {
    return this.#sites.get(host)?.cache.clear() ?? 0;
  }
}

/** Files are in memory anyway, and of a split every client is to get the answers of its own part. */
function isKept(route: EdgeRoute): boolean {
  return 'pool' in route && route.cache !== false;
}
