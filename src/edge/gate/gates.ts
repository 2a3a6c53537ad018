/** What the sites and routes of a table have beside their pools. What stays the same stays from one table to the next, with what it remembers. */
import type { EdgeRoute, EdgeSite } from '../../protocol/edge-table.ts';
import type { LoadRules } from '../../protocol/traffic-rules.ts';
import { Folder } from '../files/folder.ts';
import { Mirror } from '../shaping/mirror.ts';
import { type Pace, type Pause, Pauses } from '../shaping/pause.ts';
import { Split } from '../shaping/split.ts';
import { Gate } from './gate.ts';
import { RateLimit } from './rates.ts';

/** Of one site. */
export interface SiteParts {
  /** Undefined: the site needs none. */
  readonly gate: Gate | undefined;
  readonly load: LoadRules | undefined;
  readonly limits: readonly RateLimit[];
  readonly pause: Pause | undefined;
}

/** Of one route. */
export interface RouteParts {
  readonly folder: Folder | undefined;
  readonly split: Split | undefined;
  readonly mirror: Mirror | undefined;
  readonly load: LoadRules | undefined;
  readonly limits: readonly RateLimit[];
}

/** Things by name, made anew only when what they are made from is another. */
class Kept<T> {
  #things = new Map<string, { readonly from: string; readonly thing: T }>();

  follow(wanted: readonly Wanted<T>[]): void {
    const next = wanted.map(([name, from, make]) => {
      const before = this.#things.get(name);
      return [name, before?.from === from ? before : { from, thing: make() }] as const;
    });
    this.#things = new Map(next);
  }

  all(): (readonly [name: string, thing: T])[] {
    return [...this.#things].map(([name, { thing }]) => [name, thing]);
  }

  get(name: string): T | undefined {
    return this.#things.get(name)?.thing;
  }
}

export class Gates {
  readonly #now: () => number;
  readonly #gates = new Kept<Gate>();
  readonly #folders = new Kept<Folder>();
  readonly #limits = new Kept<RateLimit>();
  readonly #splits = new Kept<Split>();
  readonly #mirrors = new Kept<Mirror>();
  readonly #pauses = new Pauses();

  /** @param now milliseconds since the epoch */
  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /** Follows a table. */
  follow(sites: readonly EdgeSite[]): void {
    this.#gates.follow(
      sites.flatMap(({ host, content }) =>
        content ? [[host, JSON.stringify(content), () => new Gate(content, this.#now)] as const] : [],
      ),
    );
    this.#folders.follow(
      each(sites, ({ host }, route) =>
        'files' in route
          ? [named(host, route, route.files, () => new Folder(route.prefix, route.files, this.#now))]
          : [],
      ),
    );
    this.#splits.follow(
      each(sites, (site, route) =>
        'split' in route
          ? [named(site.host, route, [route.split, pathOf(site, route)], () => splitOf(site, route))]
          : [],
      ),
    );
    this.#mirrors.follow(
      each(sites, ({ host }, route) => {
        const { mirror } = route;
        return mirror ? [named(host, route, mirror, () => new Mirror(mirror.share))] : [];
      }),
    );
    this.#limits.follow([
      ...sites.flatMap(({ host, load }) => limitsOf(host, load)),
      ...each(sites, ({ host }, { prefix, load }) => limitsOf(host + prefix, load)),
    ]);
    this.#pauses.follow(
      new Map(sites.flatMap(({ host, paused }) => (paused ? [[host, paused] as const] : []))),
    );
  }

  ofSite({ host, load }: EdgeSite): SiteParts {
    return {
      gate: this.#gates.get(host),
      load,
      limits: this.#limitsOf(host, load),
      pause: this.#pauses.of(host),
    };
  }

  ofRoute({ host }: EdgeSite, { prefix, load }: EdgeRoute): RouteParts {
    const name = host + prefix;
    return {
      folder: this.#folders.get(name),
      split: this.#splits.get(name),
      mirror: this.#mirrors.get(name),
      load,
      limits: this.#limitsOf(name, load),
    };
  }

  /** The table that it followed is in force: what waited for sites that are not paused any more goes on. */
  resume(pace: Pace): void {
    this.#pauses.resume(pace);
  }

  /** The edge ends before what waits can go on. */
  giveUp(): void {
    this.#pauses.giveUp();
  }

  /** What became of copies since this was asked last, when some were not made; for people. */
  news(): string[] {
    return this.#mirrors.all().flatMap(([name, mirror]) => mirror.news(name) ?? []);
  }

  #limitsOf(name: string, load: LoadRules | undefined): readonly RateLimit[] {
    return limitsOf(name, load).flatMap(([key]) => this.#limits.get(key) ?? []);
  }
}

type Wanted<T> = readonly [name: string, from: string, make: () => T];

function each<T>(sites: readonly EdgeSite[], make: (site: EdgeSite, route: EdgeRoute) => readonly T[]): T[] {
  return sites.flatMap((site) => site.routes.flatMap((route) => make(site, route)));
}

function named<T>(host: string, { prefix }: EdgeRoute, from: unknown, make: () => T): Wanted<T> {
  return [host + prefix, JSON.stringify(from), make];
}

/** The same rule said twice is one. */
function limitsOf(name: string, load: LoadRules | undefined): readonly Wanted<RateLimit>[] {
  const rules = new Map((load?.rates ?? []).map((rule) => [`${name} ${JSON.stringify(rule)}`, rule]));
  return [...rules].map(([key, rule]) => [key, '', () => new RateLimit(rule)]);
}

/** Where clients find a route: with rewrites that may be anywhere. */
function pathOf({ content }: EdgeSite, { prefix }: EdgeRoute): string {
  return (content?.rewrites.length ?? 0) > 0 ? '/' : prefix;
}

function splitOf(site: EdgeSite, route: Extract<EdgeRoute, { readonly split: unknown }>): Split {
  return new Split(route.split, site.host + route.prefix, pathOf(site, route));
}
