/** From what the edges have counted in the last minute to what people read. Pure. */
import { plus, quantile } from '../../../kit/tally.ts';
import type { TrafficView } from '../../../protocol/api.ts';
import type { Rates } from '../../../protocol/dashboard.ts';
import type { Counts } from '../../../protocol/traffic-counts.ts';

export interface AllRates {
  readonly total: Rates;
  readonly sites: ReadonlyMap<string, Rates>;
  readonly apps: ReadonlyMap<string, Rates>;
  readonly instances: ReadonlyMap<string, Rates>;
}

interface Sum {
  counts: Counts | undefined;
  requests: number;
  webSockets: number;
}

export function ratesOf(traffic: TrafficView | null): AllRates {
  const total = nothing();
  const sites = new Map<string, Sum>();
  const apps = new Map<string, Sum>();
  const instances = new Map<string, Sum>();
  for (const { site, app, recent } of traffic?.routes ?? []) {
    for (const sum of [total, sumOf(sites, site), ...(app === '' ? [] : [sumOf(apps, app)])])
      sum.counts = plus(countsOf(recent), sum.counts);
  }
  for (const { site, openRequests, openWebSockets } of traffic?.sites ?? []) {
    for (const sum of [total, sumOf(sites, site)]) addOpen(sum, openRequests, openWebSockets);
  }
  for (const { app, instance, recent, openRequests, openWebSockets } of traffic?.instances ?? []) {
    const sum = sumOf(instances, instance);
    sum.counts = plus(countsOf(recent), sum.counts);
    for (const each of [sum, sumOf(apps, app)]) addOpen(each, openRequests, openWebSockets);
  }
  const { recentMs = 1000, durationClassesMs: ends = [] } = traffic ?? {};
  const read = (sum: Sum) => asRates(sum, ends, recentMs);
  const all = (sums: Map<string, Sum>) => new Map([...sums].map(([name, sum]) => [name, read(sum)]));
  return { total: read(total), sites: all(sites), apps: all(apps), instances: all(instances) };
}

function nothing(): Sum {
  return { counts: undefined, requests: 0, webSockets: 0 };
}

function sumOf(sums: Map<string, Sum>, name: string): Sum {
  const known = sums.get(name) ?? nothing();
  sums.set(name, known);
  return known;
}

function addOpen(sum: Sum, requests: number, webSockets: number): void {
  sum.requests += requests;
  sum.webSockets += webSockets;
}

function countsOf({ requests, status, durations, durationsMs }: Counts): Counts {
  return { requests, status, durations, durationsMs };
}

const CLASS_5XX = 4;

function asRates({ counts, requests, webSockets }: Sum, ends: readonly number[], recentMs: number): Rates {
  const perSecond = (count: number) => rounded((count * 1000) / recentMs, 2);
  const at = (part: number) => {
    if (!counts) return null;
    const value = quantile({ ends, counts: counts.durations, sums: counts.durationsMs }, part);
    return value === undefined ? null : rounded(value, 1);
  };
  return {
    requestsPerSecond: perSecond(counts?.requests ?? 0),
    errorsPerSecond: perSecond(counts?.status[CLASS_5XX] ?? 0),
    p50Ms: at(0.5),
    p95Ms: at(0.95),
    p99Ms: at(0.99),
    openWebSockets: webSockets,
    openRequests: requests,
  };
}

export function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
