/** What goes over sites and their routes, and over instances, as two tables. */

import { plus, quantile } from '../../kit/tally.ts';
import { formatBytes } from '../../kit/units.ts';
import type { TrafficView } from '../../protocol/api.ts';
import type { Counts, RouteCounts } from '../../protocol/traffic-counts.ts';
import type { Style } from './style.ts';
import { type Cell, type Column, table } from './table.ts';
import { plain, truncate } from './text.ts';

export interface TrafficTableOptions {
  readonly width: number;
  readonly style: Style;
}

type Route = TrafficView['routes'][number];
type Instance = TrafficView['instances'][number];

const right = (head: string, drop?: number): Column => ({
  head,
  align: 'right',
  ...(drop !== undefined && { drop }),
});
const shared = [
  right('req/s'),
  right('2xx', 2),
  right('3xx', 6),
  right('4xx'),
  right('5xx'),
  right('p50'),
  right('p95', 3),
  right('p99'),
];
const siteColumns: readonly Column[] = [
  { head: 'site', shrink: 12, comfort: 24 },
  { head: 'app', shrink: 6, comfort: 10 },
  ...shared,
  right('open', 5),
  right('websockets', 4),
  right('retries', 7),
  right('sent', 8),
  right('all requests', 9),
];
const instanceColumns: readonly Column[] = [
  { head: 'instance', shrink: 12, comfort: 24 },
  ...shared,
  right('open', 5),
  right('websockets', 4),
  right('failed'),
  { head: '', drop: 1 },
];

export function trafficTables(view: TrafficView, options: TrafficTableOptions): string[] {
  const { style, width } = options;
  const paint = { width, paintHead: style.dim };
  const sites = [...new Set(view.routes.map(({ site }) => site))].sort();
  const rows = sites.flatMap((site) => siteRows(site, view, style));
  const instances = [...view.instances]
    .sort((a, b) => a.instance.localeCompare(b.instance, 'en', { numeric: true }))
    .map((instance) => instanceRow(instance, view, style));
  const seconds = Math.round(view.recentMs / 1000);
  return [
    style.dim(`the last ${seconds} s`),
    ...table(siteColumns, rows, paint),
    ...(instances.length > 0 ? ['', ...table(instanceColumns, instances, paint)] : []),
    '',
    style.dim(truncate(connections(view), width)),
  ];
}

/** Of the edges as a whole, since they are there. */
function connections({ edge, openConnections }: TrafficView): string {
  const { http2Connections, tlsHandshakes, tlsRefusals, refused } = edge;
  const facts = [
    `${openConnections} open of ${edge.connections} connections`,
    ...(http2Connections > 0 ? [`${http2Connections} HTTP/2`] : []),
    ...(tlsHandshakes > 0 ? [`${tlsHandshakes} TLS handshakes`] : []),
    ...(tlsRefusals > 0 ? [`${tlsRefusals} that came to nothing`] : []),
    ...(refused > 0 ? [`${refused} refused: no request, no such site, or too many`] : []),
  ];
  return facts.join(', ');
}

/** The site, and its routes below if there are several. */
function siteRows(site: string, view: TrafficView, style: Style): Cell[][] {
  const routes = view.routes.filter((route) => route.site === site);
  const open = view.sites.find((one) => one.site === site);
  const sum = routes.reduce<RouteCounts | undefined>((all, { recent }) => plus(recent, all), undefined);
  const total = routes.reduce((all, { counts }) => all + counts.requests, 0);
  if (!sum) return [];
  const [first] = routes;
  const alone = routes.length === 1 ? first : undefined;
  const name = site === '*' ? '* (any host)' : site;
  const head = [
    plain(name),
    plain(alone?.app ?? ''),
    ...figures(sum, view, style),
    String(open?.openRequests ?? 0),
    String(open?.openWebSockets ?? 0),
    ...ends(sum, total, style),
  ];
  if (alone) return [head];
  return [head, ...[...routes].sort(byRoute).map((route) => routeRow(route, view, style))];
}

function byRoute(a: Route, b: Route): number {
  return a.route < b.route ? -1 : a.route > b.route ? 1 : a.app < b.app ? -1 : 1;
}

function routeRow(route: Route, view: TrafficView, style: Style): Cell[] {
  const { recent, counts, app } = route;
  const name = route.route === '' ? '(no route)' : route.route;
  return [
    `  ${plain(name)}`,
    plain(app),
    ...figures(recent, view, style),
    '',
    '',
    ...ends(recent, counts.requests, style),
  ];
}

function ends({ retries, bytesOut }: RouteCounts, total: number, style: Style): Cell[] {
  return [warning(retries, style.yellow), formatBytes(bytesOut), String(total)];
}

function instanceRow(instance: Instance, view: TrafficView, style: Style): Cell[] {
  const { recent, openRequests, openWebSockets, ejected } = instance;
  return [
    plain(instance.instance),
    ...figures(recent, view, style),
    String(openRequests),
    String(openWebSockets),
    warning(recent.failures, style.red),
    ejected ? { text: 'left out for failing', paint: style.red } : '',
  ];
}

function figures(counts: Counts, { recentMs, durationClassesMs }: TrafficView, style: Style): Cell[] {
  const [, ok = 0, moved = 0, wrong = 0, failed = 0] = counts.status;
  const { durations, durationsMs } = counts;
  const histogram = { ends: durationClassesMs, counts: durations, sums: durationsMs };
  const at = (part: number) => duration(quantile(histogram, part));
  return [
    rate(counts.requests / (recentMs / 1000)),
    String(ok),
    String(moved),
    warning(wrong, style.yellow),
    warning(failed, style.red),
    at(0.5),
    at(0.95),
    at(0.99),
  ];
}

function warning(count: number, paint: (text: string) => string): Cell {
  return count > 0 ? { text: String(count), paint } : '0';
}

function rate(perSecond: number): string {
  if (perSecond === 0) return '0';
  return perSecond < 10 ? perSecond.toFixed(1) : String(Math.round(perSecond));
}

function duration(ms: number | undefined): string {
  if (ms === undefined) return '-';
  if (ms < 10) return `${ms.toFixed(1)} ms`;
  return ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(1)} s`;
}
