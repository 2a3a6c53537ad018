/**
 * What all edges together have counted, those that have ended too: each tells what it has since its start, and what is new in that
 * is added here, to the total and to what was of late. A new daemon is told everything again.
 */
import type { Clock } from '../kit/clock.ts';
import { minus, plus } from '../kit/tally.ts';
import type { TrafficView } from '../protocol/api.ts';
import type { EdgeTable } from '../protocol/edge-table.ts';
import {
  DURATION_CLASSES_MS,
  type EdgeCounts,
  type InstanceTraffic,
  type RouteTraffic,
  type SiteTraffic,
  type TrafficReport,
} from '../protocol/traffic-counts.ts';

/** What was of late is kept in so many pieces of so long. */
const PIECES = 6;
const PIECE_MS = 10_000;
/** Edges tell what was since they last did. */
const REPORT_MS = 1_000;

const nothing: EdgeCounts = {
  connections: 0,
  http2Connections: 0,
  tlsHandshakes: 0,
  tlsRefusals: 0,
  refused: 0,
};

export interface TrafficTotalsOptions {
  readonly clock: Clock;
  /** The process of a link (`@edge.0#3`) may still tell more. */
  isAlive(edge: string): boolean;
  /** What is not in it any more is forgotten. */
  table(): Pick<EdgeTable, 'sites' | 'pools'> | null;
  /** The supervisor keeps it, or the app is none that it knows. */
  mayExist(app: string, instance: string): boolean;
}

export type CountedTraffic = Pick<TrafficView, 'sites' | 'edge' | 'openConnections'> & {
  readonly routes: readonly RouteTraffic[];
  readonly instances: readonly InstanceTraffic[];
};

interface Counted<T extends object> {
  total: T;
  /** What edges had counted before this daemon heard of them. */
  inherited: T | undefined;
  /** By the number of its piece of time, oldest first. */
  readonly late: Map<number, T>;
}

type Route = Omit<RouteTraffic, 'counts'> & Counted<RouteTraffic['counts']>;
type Instance = Pick<InstanceTraffic, 'app' | 'instance'> & Counted<InstanceTraffic['counts']>;

/** What one edge said last. */
interface Told {
  readonly sites: Map<string, SiteTraffic>;
  readonly routes: Map<string, RouteTraffic>;
  readonly instances: Map<string, InstanceTraffic>;
  edge: EdgeCounts;
  openConnections: number;
}

export class TrafficTotals {
  readonly #options: TrafficTotalsOptions;
  readonly #edges = new Map<string, Told>();
  readonly #routes = new Map<string, Route>();
  readonly #instances = new Map<string, Instance>();
  #edge = nothing;
  #inheritedEdge = nothing;
  #begunAt: number | undefined;

  constructor(options: TrafficTotalsOptions) {
    this.#options = options;
  }

  /** @param edge of its process, such as `@edge.0#3` */
  heard(edge: string, report: TrafficReport): void {
    // An edge of an older version, which goes on until the upgrade has come to it, says less.
    if (!Array.isArray(report.routes)) return;
    this.#begunAt ??= this.#options.clock.now() - REPORT_MS;
    const known = this.#edges.get(edge);
    const told = known ?? {
      sites: new Map(),
      routes: new Map(),
      instances: new Map(),
      edge: nothing,
      openConnections: 0,
    };
    this.#edges.set(edge, told);
    // What it has counted before we were there was not just now.
    const piece = !known && report.again ? undefined : this.#piece;
    for (const [host, site] of Object.entries(report.sites)) told.sites.set(host, site);
    for (const route of report.routes) {
      const key = JSON.stringify([route.site, route.route, route.app]);
      const { counts, ...about } = route;
      add(this.#routes, key, about, minus(counts, told.routes.get(key)?.counts), piece);
      told.routes.set(key, route);
    }
    for (const instance of report.instances) {
      const { app, instance: key, counts } = instance;
      const about = { app, instance: key };
      add(this.#instances, key, about, minus(counts, told.instances.get(key)?.counts), piece);
      told.instances.set(key, instance);
    }
    const moreOfEdge = minus(report.edge, told.edge);
    this.#edge = plus(this.#edge, moreOfEdge);
    if (piece === undefined) this.#inheritedEdge = plus(this.#inheritedEdge, moreOfEdge);
    told.edge = report.edge;
    told.openConnections = report.openConnections;
  }

  view(): TrafficView {
    this.#forget();
    const now = this.#options.clock.now();
    const edges = [...this.#edges.values()];
    const oldest = this.#piece - PIECES + 1;
    const since = Math.max(oldest * PIECE_MS, this.#begunAt ?? now);
    return {
      recentMs: Math.max(1_000, now - since),
      durationClassesMs: DURATION_CLASSES_MS,
      sites: sitesOf(edges),
      routes: [...this.#routes.values()].map(({ total, late, inherited: _inherited, ...about }) => ({
        ...about,
        counts: total,
        recent: recentOf(total, late, oldest),
      })),
      instances: [...this.#instances.values()].map(({ total, late, inherited: _inherited, ...about }) => ({
        ...about,
        ...openOf(about.instance, edges),
        counts: total,
        recent: recentOf(total, late, oldest),
      })),
      edge: this.#edge,
      openConnections: edges.reduce((sum, { openConnections }) => sum + openConnections, 0),
    };
  }

  /**
   * Counts from this daemon on: all begin with 0, and never go down. What edges still say of the time before would be a part of what was
   * counted then, which those who compare counts take for new.
   */
  counted(): CountedTraffic {
    const view = this.view();
    return {
      ...view,
      routes: view.routes.map(({ recent: _recent, counts, ...about }) => {
        const { site, route, app } = about;
        const { inherited } = this.#routes.get(JSON.stringify([site, route, app])) ?? {};
        return { ...about, counts: minus(counts, inherited) };
      }),
      instances: view.instances.map(({ recent: _recent, counts, ...about }) => ({
        ...about,
        counts: minus(counts, this.#instances.get(about.instance)?.inherited),
      })),
      edge: minus(view.edge, this.#inheritedEdge),
    };
  }

  get #piece(): number {
    return Math.floor(this.#options.clock.now() / PIECE_MS);
  }

  /** Edges that have ended, and what is not there any more. */
  #forget(): void {
    const { isAlive, mayExist } = this.#options;
    const { sites = [], pools = {} } = this.#options.table() ?? {};
    const prefixes = new Map(sites.map(({ host, routes }) => [host, new Set(routes.map(prefixOf))]));
    for (const edge of this.#edges.keys()) if (!isAlive(edge)) this.#edges.delete(edge);
    for (const told of this.#edges.values()) {
      for (const host of told.sites.keys()) if (!prefixes.has(host)) told.sites.delete(host);
    }
    for (const [key, { site, route, app }] of this.#routes) {
      const known = prefixes.get(site);
      const isThere = known && (route === '' || known.has(route)) && (app === '' || app in pools);
      if (!isThere) this.#routes.delete(key);
    }
    for (const [key, { app }] of this.#instances) {
      if (!(app in pools) || !mayExist(app, key)) this.#instances.delete(key);
    }
  }
}

function prefixOf({ prefix }: { readonly prefix: string }): string {
  return prefix;
}

function add<A extends object, T extends object>(
  all: Map<string, A & Counted<T>>,
  key: string,
  about: A,
  more: T,
  piece: number | undefined,
): void {
  const known = all.get(key);
  const counted = known ?? { ...about, total: more, inherited: undefined, late: new Map<number, T>() };
  if (known) known.total = plus(more, known.total);
  else all.set(key, counted);
  if (piece === undefined) {
    counted.inherited = plus(more, counted.inherited);
    return;
  }
  counted.late.set(piece, plus(more, counted.late.get(piece)));
  for (const old of counted.late.keys()) if (old <= piece - PIECES) counted.late.delete(old);
}

function recentOf<T extends object>(total: T, late: ReadonlyMap<number, T>, oldest: number): T {
  let sum = minus(total, total);
  for (const [piece, counts] of late) if (piece >= oldest) sum = plus(sum, counts);
  return sum;
}

function sitesOf(edges: readonly Told[]): TrafficView['sites'] {
  const open = new Map<string, { openRequests: number; openWebSockets: number }>();
  for (const { sites } of edges) {
    for (const [host, { openRequests, openWebSockets }] of sites) {
      open.set(host, plus({ openRequests, openWebSockets }, open.get(host)));
    }
  }
  return [...open].map(([site, counts]) => ({ site, ...counts }));
}

function openOf(
  instance: string,
  edges: readonly Told[],
): Pick<InstanceTraffic, 'openRequests' | 'openWebSockets' | 'ejected'> {
  const of = edges.flatMap(({ instances }) => instances.get(instance) ?? []);
  return {
    openRequests: of.reduce((sum, { openRequests }) => sum + openRequests, 0),
    openWebSockets: of.reduce((sum, { openWebSockets }) => sum + openWebSockets, 0),
    ejected: of.some(({ ejected }) => ejected),
  };
}
