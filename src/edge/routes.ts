/** From host and path to a pool: the table, compiled once for every swap. */
import type { EdgeSite } from '../protocol/edge-table.ts';
import type { LoadRules } from '../protocol/traffic-rules.ts';
import { Folder } from './files/folder.ts';
import type { Gate } from './gate/gate.ts';
import { Gates } from './gate/gates.ts';
import { siteName } from './http1/host.ts';
import type { RequestHead } from './http1/request-head.ts';

/** Where one route of a site leads. */
export class Route<P> {
  readonly prefix: string;
  readonly place: P | Folder;
  readonly load: LoadRules | undefined;

  constructor(prefix: string, place: P | Folder, load?: LoadRules) {
    this.prefix = prefix;
    this.place = place;
    this.load = load;
  }

  /** The app for this request; undefined when it is for files. */
  choose(_head: RequestHead): Choice<P> | undefined {
    return this.place instanceof Folder ? undefined : { pool: this.place, lines: '' };
  }
}

export interface Choice<P> {
  readonly pool: P;
  /** Field lines for the answer, so that the client comes back to the same pool. */
  readonly lines: string;
}

export class Site<P> {
  readonly host: string;
  /** Undefined: all that it does is to pass requests on. */
  readonly gate: Gate | undefined;
  readonly load: LoadRules | undefined;
  /** The longest prefix first. */
  readonly #routes: readonly Route<P>[];

  constructor(host: string, routes: readonly Route<P>[], gate?: Gate, load?: LoadRules) {
    this.host = host;
    this.gate = gate;
    this.load = load;
    this.#routes = [...routes].sort((a, b) => b.prefix.length - a.prefix.length);
  }

  /** The one with the longest prefix of a canonical path. */
  route(path: string): Route<P> | undefined {
    for (const route of this.#routes) if (isUnder(path, route.prefix)) return route;
    return undefined;
  }

  /** Bytes that the body of this request may have; undefined = as the edge says. */
  bodyLimit(head: RequestHead): number | undefined {
    const { path } = this.gate?.rewritten(head) ?? head;
    return this.route(path)?.load?.bodyBytes ?? this.load?.bodyBytes ?? undefined;
  }
}

/** Prefixes end at segment borders: `/api` and `/api/` are above `/api` and `/api/x`, and not above `/apix`. */
function isUnder(path: string, prefix: string): boolean {
  if (prefix.endsWith('/')) {
    return path.startsWith(prefix) || (path.length === prefix.length - 1 && prefix.startsWith(path));
  }
  return path.startsWith(prefix) && (path.length === prefix.length || path[prefix.length] === '/');
}

export class Router<P> {
  readonly #exact = new Map<string, Site<P>>();
  readonly #wildcards = new Map<string, Site<P>>();
  readonly #any: Site<P> | undefined;
  #lastHost: string | undefined;
  #lastSite: Site<P> | undefined;

  /** `poolOf` finds the pool of a name; routes to pools that are not there lead nowhere. */
  constructor(sites: readonly EdgeSite[], poolOf: (name: string) => P | undefined, gates = new Gates()) {
    const { gateOf, folderOf } = gates.for(sites);
    let any: Site<P> | undefined;
    for (const { host, routes, load } of sites) {
      const known = [];
      for (const route of routes) {
        const { prefix } = route;
        const name =
          'pool' in route ? route.pool : 'split' in route ? (route.split.parts[0]?.pool ?? '') : '';
        const place = 'files' in route ? folderOf(host, prefix) : poolOf(name);
        if (place !== undefined) known.push(new Route(prefix, place, route.load));
      }
      const site = new Site(host, known, gateOf(host), load);
      if (host === '*') any = site;
      else if (host.startsWith('*.')) this.#wildcards.set(host.slice(2), site);
      else this.#exact.set(host, site);
    }
    this.#any = any;
  }

  get empty(): boolean {
    return this.#exact.size === 0 && this.#wildcards.size === 0 && !this.#any;
  }

  /** The site for a Host field: its own, else that of the longest wildcard, else `*`. */
  site(host: string): Site<P> | undefined {
    // Most requests name the host of the request before.
    if (host !== this.#lastHost) {
      this.#lastSite = this.#find(host);
      this.#lastHost = host;
    }
    return this.#lastSite;
  }

  #find(host: string): Site<P> | undefined {
    const name = siteName(host);
    const exact = this.#exact.get(name);
    if (exact) return exact;
    if (this.#wildcards.size > 0) {
      for (let dot = name.indexOf('.'); dot >= 0; dot = name.indexOf('.', dot + 1)) {
        const wildcard = this.#wildcards.get(name.slice(dot + 1));
        if (wildcard) return wildcard;
      }
    }
    return this.#any;
  }
}
