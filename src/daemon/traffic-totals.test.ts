import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock } from '../kit/clock.ts';
import {
  DURATION_CLASSES_MS,
  type EdgeCounts,
  type InstanceCounts,
  type RouteCounts,
  type TrafficReport,
} from '../protocol/traffic-counts.ts';
import { TrafficTotals } from './traffic-totals.ts';

const edge: EdgeCounts = {
  connections: 0,
  http2Connections: 0,
  tlsHandshakes: 0,
  tlsRefusals: 0,
  refused: 0,
};

/** What an edge says that has had so many requests, all good and quick. */
function report(requests: number, more: Partial<TrafficReport> = {}): TrafficReport {
  const counts = {
    requests,
    status: [0, requests, 0, 0, 0],
    durations: [requests, ...DURATION_CLASSES_MS.map(() => 0)],
    durationsMs: [requests, ...DURATION_CLASSES_MS.map(() => 0)],
  };
  const route: RouteCounts = {
    ...counts,
    bytesIn: 0,
    bytesOut: 10 * requests,
    upstreamAnswers: requests,
    upstreamMs: requests,
    retries: 0,
    http2: 0,
    cacheHits: 0,
    cacheMisses: 0,
  };
  const instance: InstanceCounts = { ...counts, failures: 0, ejections: 0 };
  const open = { openRequests: 1, openWebSockets: 2 };
  return {
    sites: { 'a.test': { requests, errors5xx: 0, ...open } },
    routes: [{ site: 'a.test', route: '/', app: 'web', counts: route }],
    instances: [{ app: 'web', instance: 'web.0', counts: instance, ...open, ejected: false }],
    edge: { ...edge, connections: requests },
    openConnections: 3,
    again: false,
    ...more,
  };
}

function setUp() {
  const clock = new FakeClock(1_000_000);
  const alive = new Set(['@edge.0#1', '@edge.1#1']);
  const web = { sticky: 'none', targets: [], hold: { timeoutMs: 0, maxWaiting: 0 } } as const;
  let sites = [{ host: 'a.test', routes: [{ prefix: '/', pool: 'web' }] }];
  const totals = new TrafficTotals({
    clock,
    isAlive: (key) => alive.has(key),
    table: () => ({ sites, pools: { web: web as never } }),
    mayExist: () => true,
  });
  const look = () => {
    const { routes, instances, ...view } = totals.view();
    return { ...view, route: routes[0], instance: instances[0] };
  };
  return { clock, alive, totals, look, removeSites: () => (sites = []) };
}

test('several edges are added up, and one that ends takes away only what was open in it', () => {
  const { alive, totals, look } = setUp();
  totals.heard('@edge.0#1', report(10));
  totals.heard('@edge.1#1', report(5));
  totals.heard('@edge.0#1', report(12));
  const both = look();
  assert.deepEqual([both.route?.counts.requests, both.route?.counts.bytesOut], [17, 170]);
  assert.equal(both.instance?.counts.status[1], 17);
  assert.deepEqual([both.instance?.openRequests, both.instance?.openWebSockets], [2, 4]);
  assert.deepEqual(both.sites, [{ site: 'a.test', openRequests: 2, openWebSockets: 4 }]);
  assert.deepEqual([both.edge.connections, both.openConnections], [17, 6]);
  alive.delete('@edge.0#1');
  const one = look();
  assert.deepEqual([one.route?.counts.requests, one.edge.connections], [17, 17]);
  assert.deepEqual([one.instance?.openWebSockets, one.openConnections], [2, 3]);
  // Its successor begins at nothing.
  alive.add('@edge.0#2');
  totals.heard('@edge.0#2', report(1));
  assert.equal(look().route?.counts.requests, 18);
});

test('what was of late fades away; the total stays', () => {
  const { clock, totals, look } = setUp();
  totals.heard('@edge.0#1', report(10));
  clock.advance(30_000);
  totals.heard('@edge.0#1', report(15));
  assert.deepEqual([look().route?.recent.requests, look().route?.recent.durations[0]], [15, 15]);
  clock.advance(35_000);
  assert.equal(look().route?.recent.requests, 5);
  clock.advance(60_000);
  assert.deepEqual([look().route?.recent.requests, look().route?.counts.requests], [0, 15]);
  assert.ok(look().recentMs <= 60_000);
});

test('a daemon that has just come is told everything, which was not just now', () => {
  const { totals, look } = setUp();
  totals.heard('@edge.0#1', report(1_000, { again: true }));
  assert.deepEqual([look().route?.recent.requests, look().route?.counts.requests], [0, 1_000]);
  totals.heard('@edge.0#1', report(1_003));
  assert.deepEqual([look().route?.recent.requests, look().route?.counts.requests], [3, 1_003]);
  // Only its link was broken: nothing is counted twice.
  totals.heard('@edge.0#1', report(1_003, { again: true }));
  assert.equal(look().route?.counts.requests, 1_003);
});

test('what an edge of an older version says is left alone', () => {
  const { totals, look } = setUp();
  totals.heard('@edge.0#1', { type: 'traffic', sites: { 'a.test': { requests: 1 } } } as never);
  assert.deepEqual([look().route, look().sites], [undefined, []]);
});

test('what is not in the table any more is forgotten', () => {
  const { totals, look, removeSites } = setUp();
  totals.heard('@edge.0#1', report(10));
  removeSites();
  assert.deepEqual([look().route, look().sites], [undefined, []]);
});

test('counts for those who compare them begin with 0 in each daemon, and never go down', () => {
  const { alive, totals } = setUp();
  const counted = () => {
    const { routes, instances, edge: edges } = totals.counted();
    const [requests, answers] = [routes[0]?.counts.requests, instances[0]?.counts.status[1]];
    return [requests, answers, edges.connections];
  };
  totals.heard('@edge.0#1', report(1_000, { again: true }));
  assert.deepEqual(counted(), [0, 0, 0]);
  totals.heard('@edge.0#1', report(1_003));
  totals.heard('@edge.1#1', report(500, { again: true }));
  assert.deepEqual(counted(), [3, 3, 3]);
  alive.delete('@edge.0#1');
  assert.deepEqual(counted(), [3, 3, 3]);
  alive.add('@edge.0#2');
  totals.heard('@edge.0#2', report(2));
  assert.deepEqual(counted(), [5, 5, 5]);
});
