/** What goes over each site, route and instance, counted for whoever wants to know. */
import type { EdgeTable } from '../protocol/edge-table.ts';
import type { EdgeCounts, SiteTraffic as SiteReport, TrafficReport } from '../protocol/traffic-counts.ts';
import { CountedInstance, CountedRoute } from './tallies.ts';

/** A report is one line for the daemon, which takes no endless ones. */
const REPORT_MAX = 500;

export interface SiteTraffic {
  requests: number;
  errors5xx: number;
  openRequests: number;
  openWebSockets: number;
}

/** An instance as it is now. */
export interface OpenTarget {
  readonly slot: string;
  readonly requests: number;
  readonly tunnels: { readonly size: number };
  /** Left out for failing; and how often it was since it is there. */
  readonly ejected: boolean;
  readonly ejections: number;
}

export class Traffic {
  readonly edge: { -readonly [name in keyof EdgeCounts]: number } = {
    connections: 0,
    http2Connections: 0,
    tlsHandshakes: 0,
    tlsRefusals: 0,
    refused: 0,
  };
  readonly #sites = new Map<string, SiteTraffic>();
  /** By site, route and app. */
  readonly #routes = new Map<string, Map<string, Map<string, CountedRoute>>>();
  readonly #instances = new Map<string, CountedInstance>();
  readonly #told = new Map<object, string>();
  /** As far as they have been counted. */
  readonly #ejections = new WeakMap<OpenTarget, number>();
  #unlogged: ReadonlySet<string> = new Set();
  #again = false;
  /** Most requests are like the one before. */
  #lastRoute: CountedRoute | undefined;

  /** Follows the table. What is not in it any more, and not in use, is forgotten once it has been told. */
  follow({ sites, pools }: Pick<EdgeTable, 'sites' | 'pools'>): void {
    this.#unlogged = new Set(sites.filter(({ unlogged }) => unlogged).map(({ host }) => host));
    const hosts = new Set(sites.map(({ host }) => host));
    for (const [host, site] of this.#sites) {
      if (hosts.has(host) || site.openRequests > 0 || site.openWebSockets > 0) continue;
      if (this.#told.get(site) !== JSON.stringify(site)) continue;
      this.#sites.delete(host);
    }
    for (const host of this.#routes.keys()) {
      if (!hosts.has(host) && !this.#sites.has(host)) this.#routes.delete(host);
    }
    for (const [slot, instance] of this.#instances) {
      if (instance.app in pools || this.#told.get(instance) !== instance.stamp) continue;
      this.#instances.delete(slot);
    }
    this.#lastRoute = undefined;
    this.#forgetUnused();
  }

  #forgetUnused(): void {
    const used = new Set<object>([...this.#sites.values(), ...this.#counted(), this.edge]);
    for (const each of this.#told.keys()) if (!used.has(each)) this.#told.delete(each);
  }

  /** Its requests are written down. @param host of a site, as in the table */
  logs(host: string): boolean {
    return !this.#unlogged.has(host);
  }

  /** The counts of a site, by its name in the table. */
  of(host: string): SiteTraffic {
    let site = this.#sites.get(host);
    if (!site) {
      site = { requests: 0, errors5xx: 0, openRequests: 0, openWebSockets: 0 };
      this.#sites.set(host, site);
    }
    return site;
  }

  route(site: string, route: string, app: string): CountedRoute {
    const last = this.#lastRoute;
    if (last?.app === app && last.route === route && last.site === site) return last;
    const routes = madeIn(this.#routes, site, () => new Map<string, Map<string, CountedRoute>>());
    const apps = madeIn(routes, route, () => new Map<string, CountedRoute>());
    this.#lastRoute = madeIn(apps, app, () => new CountedRoute(site, route, app));
    return this.#lastRoute;
  }

  /** @param slot such as `web.0` */
  instance(app: string, slot: string): CountedInstance {
    return madeIn(this.#instances, slot, () => new CountedInstance(app, slot));
  }

  /** Since the start, whatever is not what was told before; several when it is much. */
  changed(targets: Iterable<OpenTarget> = [], openConnections = 0): TrafficReport[] {
    this.#lookAt(targets);
    const sites = [...this.#sites].filter(([, site]) => this.#isNew(site, JSON.stringify(site)));
    const counted = [...this.#counted()].filter((each) => this.#isNew(each, each.stamp));
    const edgeIsNew = this.#isNew(this.edge, JSON.stringify([this.edge, openConnections]));
    const again = this.#again;
    this.#again = false;
    const reports: TrafficReport[] = [];
    while (sites.length + counted.length > 0 || (edgeIsNew && reports.length === 0)) {
      const some = counted.splice(0, REPORT_MAX);
      reports.push({
        sites: Object.fromEntries<SiteReport>(sites.splice(0, REPORT_MAX)),
        routes: some.filter((each) => each instanceof CountedRoute),
        instances: some.filter((each) => each instanceof CountedInstance),
        edge: this.edge,
        openConnections,
        again,
      });
    }
    return reports;
  }

  *#counted(): Iterable<CountedRoute | CountedInstance> {
    for (const routes of this.#routes.values()) for (const apps of routes.values()) yield* apps.values();
    yield* this.#instances.values();
  }

  #lookAt(targets: Iterable<OpenTarget>): void {
    for (const instance of this.#instances.values()) {
      instance.openRequests = 0;
      instance.openWebSockets = 0;
      instance.ejected = false;
    }
    // A slot has two while one replaces the other.
    for (const target of targets) {
      const instance = this.#instances.get(target.slot);
      if (!instance) continue;
      instance.openRequests += target.requests;
      instance.openWebSockets += target.tunnels.size;
      instance.ejected ||= target.ejected;
      instance.counts.ejections += target.ejections - (this.#ejections.get(target) ?? 0);
      this.#ejections.set(target, target.ejections);
    }
  }

  #isNew(what: object, now: string): boolean {
    if (this.#told.get(what) === now) return false;
    this.#told.set(what, now);
    return true;
  }

  /** Whoever listened is another one now, and knows nothing. */
  forgetTold(): void {
    this.#told.clear();
    this.#again = true;
  }
}

function madeIn<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  let value = map.get(key);
  if (value === undefined) {
    value = make();
    map.set(key, value);
  }
  return value;
}
