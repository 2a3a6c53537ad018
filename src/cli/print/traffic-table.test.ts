import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TrafficView } from '../../protocol/api.ts';
import type { Counts, InstanceCounts, RouteCounts } from '../../protocol/traffic-counts.ts';
import { makeStyle } from './style.ts';
import { trafficTables } from './traffic-table.ts';

/** 60 requests, 3 of them 404, 6 of them 502. */
const some: Counts = {
  requests: 60,
  status: [0, 51, 0, 3, 6],
  durations: [57, 3, 0],
  durationsMs: [28, 4_700, 0],
};
const route: RouteCounts = {
  ...some,
  bytesIn: 0,
  bytesOut: 2048,
  upstreamAnswers: 54,
  upstreamMs: 200,
  retries: 2,
  http2: 0,
  cacheHits: 0,
  cacheMisses: 0,
};
const instance: InstanceCounts = { ...some, failures: 8, ejections: 1 };

function view(more: Partial<TrafficView> = {}): TrafficView {
  const about = {
    site: 'a.test',
    route: '/',
    app: 'web',
    counts: { ...route, requests: 600 },
    recent: route,
  };
  return {
    recentMs: 60_000,
    durationClassesMs: [10, 2_000],
    sites: [{ site: 'a.test', openRequests: 4, openWebSockets: 7 }],
    routes: [about],
    instances: [
      {
        app: 'web',
        instance: 'web.0',
        counts: instance,
        recent: instance,
        openRequests: 4,
        openWebSockets: 7,
        ejected: true,
      },
    ],
    edge: { connections: 9, http2Connections: 0, tlsHandshakes: 0, tlsRefusals: 0, refused: 0 },
    openConnections: 3,
    ...more,
  };
}

const wide = { width: 200, style: makeStyle(false) };

test('a site with one route is one row; an instance that is left out says so', () => {
  assert.deepEqual(trafficTables(view(), wide), [
    'the last 60 s',
    'site    app  req/s  2xx  3xx  4xx  5xx     p50    p95    p99  open  websockets  retries  sent  all requests',
    'a.test  web    1.0   51    0    3    6  5.3 ms  10 ms  1.6 s     4           7        2  2 KB           600',
    '',
    'instance  req/s  2xx  3xx  4xx  5xx     p50    p95    p99  open  websockets  failed',
    'web.0       1.0   51    0    3    6  5.3 ms  10 ms  1.6 s     4           7       8  left out for failing',
    '',
    '3 open of 9 connections',
  ]);
});

test('several routes are below the sum of their site, and a narrow terminal has the gravest columns', () => {
  const [one] = view().routes;
  assert.ok(one);
  const routes = [{ ...one, route: '/api/', app: 'api' }, one, { ...one, route: '', app: '' }];
  const [, head, ...rows] = trafficTables(view({ routes, instances: [] }), { ...wide, width: 60 });
  assert.match(head ?? '', /^site +app +req\/s .*4xx +5xx +p50.* +p99$/);
  assert.match(rows[0] ?? '', /^a\.test +3\.0 /);
  assert.deepEqual(
    rows.slice(1, 4).map((row) => row.slice(0, 18).trim().split(/ {2,}/)[0]),
    ['(no route)', '/', '/api/'],
  );
  for (const row of rows) assert.ok(row.length <= 60);
});
