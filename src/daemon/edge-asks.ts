/** There is one edge for all projects of a home: what each asks of it, and what it is for all of them. Pure. */
import { isDeepStrictEqual } from 'node:util';
import { edgeDefaults } from '../config/app-defaults.ts';
import { edgeDifferences } from '../config/diff.ts';
import type { EdgePlan, Plan } from '../config/plan.ts';
import { HoldfastError } from '../errors.ts';
import type { DesiredState } from './state.ts';

/** What a file says of the edge otherwise than the defaults. */
export type EdgeAsks = Partial<EdgePlan>;

type Asker = Pick<Plan, 'source' | 'sites' | 'edge'>;

/** Of a file that says nothing of it. */
export function edgeAtRest(isRoot = process.getuid?.() === 0): EdgePlan {
  return {
    ...edgeDefaults,
    processes: 1,
    http: { host: null, port: isRoot ? 80 : 8080 },
    https: { host: null, port: isRoot ? 443 : 8443 },
    unknownHost: 404,
    trust: [],
    accessLog: null,
    limits: {
      headTimeoutMs: 15_000,
      bodyIdleMs: 60_000,
      keepAliveMs: 65_000,
      upstreamTimeoutMs: 60_000,
      connectionsPerIp: 1000,
      bodyBytes: 0,
      ...edgeDefaults.limits,
    },
  };
}

export function asksOf(edge: EdgePlan): EdgeAsks {
  const rest = edgeAtRest();
  return picked(edge, (key) => !isDeepStrictEqual(edge[key], rest[key]));
}

/** Other files than this one that have sites, with what they ask. */
function othersIn({ sites }: DesiredState, source: string | null): Map<string | null, EdgeAsks> {
  const others = Object.values(sites).filter((entry) => entry.source !== source);
  return new Map(others.map((entry) => [entry.source, entry.asks ?? {}]));
}

export function isShared(state: DesiredState, source: string | null): boolean {
  return othersIn(state, source).size > 0;
}

/** What the edge is when this plan is made so: what the plan leaves out is as others want it, or as it is. */
export function sharedEdge(state: DesiredState, next: Asker): EdgePlan {
  const others = othersIn(state, next.source);
  if (others.size === 0 || !state.edge) return next.edge;
  const mine = asksOf(next.edge);
  const former = Object.values(state.sites).find(({ source }) => source === next.source)?.asks ?? {};
  // Of what it has asked before, and does not any more, the default is meant.
  const kept = picked(state.edge, (key) => !(key in former));
  return Object.assign({}, next.edge, kept, ...others.values(), mine);
}

/** @throws HoldfastError APP_EXISTS when the edge cannot be as this file and others want it, or would leave where others have it */
export function refuseOtherEdge(state: DesiredState, next: Asker): void {
  if (Object.keys(next.sites).length === 0) return;
  const mine = asksOf(next.edge);
  const others = othersIn(state, next.source);
  for (const [source, asks] of others) {
    const clash = picked(mine, (key) => key in asks && !isDeepStrictEqual(mine[key], asks[key]));
    refuse(next, { ...next.edge, ...picked(asks, (key) => key in clash) }, source, 'says');
  }
  const [first] = others.keys();
  const isNew = Object.values(state.sites).every(({ source }) => source !== next.source);
  if (first === undefined || !isNew || !state.edge) return;
  const hasTls = Object.values(state.sites).some(({ site }) => site.tls);
  const moved = picked(state.edge, (key) => key in mine && (key === 'http' || (key === 'https' && hasTls)));
  refuse(next, { ...next.edge, ...moved }, first, 'has');
}

function refuse(next: Asker, theirs: EdgePlan, source: string | null, verb: 'says' | 'has'): void {
  const differences = edgeDifferences(theirs, next.edge);
  if (differences.length === 0) return;
  throw new HoldfastError(
    'APP_EXISTS',
    `Cannot take the edge for "${next.source}": there is one for all projects, and "${source}" ${verb} it otherwise`,
    {
      details: differences,
      hint: 'Leave these settings out of this file, and it shares the edge as it is; or say the same in both',
    },
  );
}

/** With what this file asks, at its sites, so that it is forgotten with them. */
export function withAsks(state: DesiredState, { source, edge }: Omit<Asker, 'sites'>): DesiredState {
  const asks = asksOf(edge);
  const isSame = Object.values(state.sites).every(
    (entry) => entry.source !== source || isDeepStrictEqual(entry.asks ?? {}, asks),
  );
  if (isSame) return state;
  const sites = Object.entries(state.sites).map(([host, { asks: former, ...entry }]) => {
    if (entry.source !== source) return [host, former ? { ...entry, asks: former } : entry];
    return [host, Object.keys(asks).length > 0 ? { ...entry, asks } : entry];
  });
  return { ...state, sites: Object.fromEntries(sites) };
}

function picked<T extends EdgeAsks>(of: T, wanted: (key: keyof EdgePlan) => boolean): EdgeAsks {
  return Object.fromEntries(Object.entries(of).filter(([key]) => wanted(key as keyof EdgePlan)));
}
