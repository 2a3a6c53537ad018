/** From host and path to a pool: the table, compiled once for every swap. */
import type { EdgeRoute, EdgeSite } from '../protocol/edge-table.ts';
import { Folder } from './files/folder.ts';
import type { Gate, Saying } from './gate/gate.ts';
import { Gates, type RouteParts, type SiteParts } from './gate/gates.ts';
import { limited } from './gate/rates.ts';
import { siteName } from './http1/host.ts';
import type { RequestHead } from './http1/request-head.ts';
import type { Mirror } from './shaping/mirror.ts';
import type { Split } from './shaping/split.ts';
import { engineSession } from './sticky.ts';

/** What the routes of a split have to know of their pools. */
export interface PoolLook<P> {
  /** It could take a request now. */
  isUp(pool: P): boolean;
  /** This Engine.IO session lives there. */
  hasSession(pool: P, id: string): boolean;
}

export interface Choice<P> {
  readonly pool: P;
  /** Field lines for the answer, so that the client comes back to the same pool. */
  readonly lines: string;
}

/** The pools of one route, and whose turn it is. */
export class SplitPools<P> {
  readonly #split: Split;
  readonly #pools: readonly P[];
  readonly #look: PoolLook<P>;

  /** @param pools as many as the split has parts */
  constructor(split: Split, pools: readonly P[], look: PoolLook<P>) {
    this.#split = split;
    this.#pools = pools;
    this.#look = look;
  }

  choose(head: RequestHead, secure: boolean): Choice<P> {
    const session = head.query === '' ? undefined : engineSession(head.query);
    const place = session ? this.#pools.find((pool) => this.#look.hasSession(pool, session)) : undefined;
    if (place !== undefined) return { pool: place, lines: '' };
    const isUp = (part: number) => this.#look.isUp(this.#pools[part] as P);
    const home = this.#split.home(head);
    if (home !== undefined && isUp(home)) return { pool: this.#pools[home] as P, lines: '' };
    const part = this.#split.next(isUp);
    // Who is elsewhere only because its home is down goes back there afterwards.
    const lines = home === undefined ? this.#split.cookieLine(part, secure) : '';
    return { pool: this.#pools[part] as P, lines };
  }
}

/** Where one route of a site leads. */
export class Route<P> {
  readonly prefix: string;
  readonly place: P | Folder | SplitPools<P>;
  readonly parts: RouteParts;
  /** Where copies of its requests go. */
  readonly copies: { readonly mirror: Mirror; readonly pool: P } | undefined;

  constructor(
    prefix: string,
    place: P | Folder | SplitPools<P>,
    parts: RouteParts,
    copies?: { readonly mirror: Mirror; readonly pool: P },
  ) {
    this.prefix = prefix;
    this.place = place;
    this.parts = parts;
    this.copies = copies;
  }

  /** The app for this request; undefined when it is for files. @param secure the client came by https */
  choose(head: RequestHead, secure: boolean): Choice<P> | undefined {
    if (this.place instanceof Folder) return undefined;
    if (this.place instanceof SplitPools) return this.place.choose(head, secure);
    return { pool: this.place, lines: '' };
  }
}

export class Site<P> {
  readonly host: string;
  readonly parts: SiteParts;
  /** The longest prefix first. */
  readonly #routes: readonly Route<P>[];

  constructor(host: string, routes: readonly Route<P>[], parts: SiteParts) {
    this.host = host;
    this.parts = parts;
    this.#routes = [...routes].sort((a, b) => b.prefix.length - a.prefix.length);
  }

  /** Undefined: all that it does is to pass requests on. */
  get gate(): Gate | undefined {
    return this.parts.gate;
  }

  /** The one with the longest prefix of a canonical path. */
  route(path: string): Route<P> | undefined {
    for (const route of this.#routes) if (isUnder(path, route.prefix)) return route;
    return undefined;
  }

  /** Why a request has to come later: it is more than its site, or its route, takes of this client. */
  limited(head: RequestHead, ip: string): Saying | undefined {
    const ofRoute = this.route(head.path)?.parts.limits ?? [];
    const { limits } = this.parts;
    if (limits.length === 0 && ofRoute.length === 0) return undefined;
    return limited([...limits, ...ofRoute], head, ip, performance.now());
  }

  /** Bytes that the body of this request may have; undefined = as the edge says. */
  bodyLimit(head: RequestHead): number | undefined {
    const { path } = this.gate?.rewritten(head) ?? head;
    return this.route(path)?.parts.load?.bodyBytes ?? this.parts.load?.bodyBytes ?? undefined;
  }
}

/** Prefixes end at segment borders: `/api` and `/api/` are above `/api` and `/api/x`, and not above `/apix`. */
function isUnder(path: string, prefix: string): boolean {
  if (prefix.endsWith('/')) {
    return path.startsWith(prefix) || (path.length === prefix.length - 1 && prefix.startsWith(path));
  }
  return path.startsWith(prefix) && (path.length === prefix.length || path[prefix.length] === '/');
}

function placeOf<P>(
  route: EdgeRoute,
  { folder, split }: RouteParts,
  poolOf: (name: string) => P | undefined,
  look: PoolLook<P>,
): P | Folder | SplitPools<P> | undefined {
  if ('files' in route) return folder;
  if ('pool' in route) return poolOf(route.pool);
  const pools = route.split.parts.flatMap(({ pool }) => poolOf(pool) ?? []);
  if (!split || pools.length < route.split.parts.length) return undefined;
  return new SplitPools(split, pools, look);
}

export class Router<P> {
  readonly #exact = new Map<string, Site<P>>();
  readonly #wildcards = new Map<string, Site<P>>();
  readonly #any: Site<P> | undefined;
  #lastHost: string | undefined;
  #lastSite: Site<P> | undefined;

  /** `poolOf` finds the pool of a name; routes to pools that are not there lead nowhere. */
  constructor(
    sites: readonly EdgeSite[],
    poolOf: (name: string) => P | undefined,
    gates = new Gates(),
    look: PoolLook<P> = { isUp: () => true, hasSession: () => false },
  ) {
    gates.follow(sites);
    let any: Site<P> | undefined;
    for (const table of sites) {
      const { host } = table;
      const routes = table.routes.flatMap((route) => {
        const parts = gates.ofRoute(table, route);
        const place = placeOf(route, parts, poolOf, look);
        if (place === undefined) return [];
        const { mirror } = parts;
        const pool = route.mirror && poolOf(route.mirror.pool);
        return [new Route(route.prefix, place, parts, mirror && pool && { mirror, pool })];
      });
      const site = new Site(host, routes, gates.ofSite(table));
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
