import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fakePlan } from '../../test/support/fake-process.ts';
import { appRoute, upstreamOf, upstreamRoute } from '../../test/support/plans.ts';
import { acmeDefaults } from '../config/app-defaults.ts';
import type { EdgePlan, RoutePlan, UpstreamPlan } from '../config/plan.ts';
import { http2Defaults, siteDefaults } from '../config/traffic-defaults.ts';
import { edgeTable, routedApps } from './edge-table.ts';
import { type DesiredState, nothingDesired } from './state.ts';

const edge: EdgePlan = {
  processes: 1,
  http: { host: null, port: 8080 },
  https: { host: null, port: 8443 },
  acme: acmeDefaults,
  unknownHost: 404,
  trust: [],
  limits: {
    headTimeoutMs: 1,
    bodyIdleMs: 1,
    keepAliveMs: 1,
    upstreamTimeoutMs: 1,
    connectionsPerIp: 1,
    bodyBytes: 0,
    memoryBytes: 0,
  },
  accessLog: null,
  http2: http2Defaults,
  proxyProtocol: false,
  drainMs: 30_000,
};

const state: DesiredState = {
  ...nothingDesired,
  apps: {
    web: {
      plan: fakePlan({ sticky: 'auto' }),
      source: null,
      stopped: false,
      generation: 1,
      mode: 'rolling',
      previous: null,
      learned: [],
      idle: [],
      numbers: [],
    },
  },
  sites: {
    'example.com': {
      source: null,
      site: {
        host: 'example.com',
        routes: [appRoute('/', 'web'), upstreamRoute('/legacy/', '127.0.0.1', 3000)],
        tls: null,
        content: null,
        ...siteDefaults,
      },
    },
  },
  edge,
};

test('routes name pools: apps with their instances, upstreams as they are', () => {
  const target = { id: 'web.0#1', address: { path: '/run/web.sock' }, guest: true, state: 'ready' } as const;
  const table = edgeTable(7, state, edge, () => [target]);
  assert.deepEqual(table.sites, [
    {
      host: 'example.com',
      routes: [
        { prefix: '/', pool: 'web' },
        { prefix: '/legacy/', pool: '127.0.0.1:3000' },
      ],
    },
  ]);
  assert.deepEqual(table.pools.web?.targets, [target]);
  assert.equal(table.pools.web?.sticky, 'auto');
  assert.deepEqual(table.pools['127.0.0.1:3000']?.targets, [
    { id: '127.0.0.1:3000', address: { host: '127.0.0.1', port: 3000 }, guest: false, state: 'ready' },
  ]);
});

test('a route to an app that is not there (any more) has a pool without targets', () => {
  const table = edgeTable(1, { ...state, apps: {} }, edge, () => assert.fail('nobody to ask for'));
  assert.deepEqual(table.pools.web?.targets, []);
  assert.deepEqual([...routedApps(state)], ['web']);
});

test('the same server with other rules is another pool; splits, copies and authorities are in the table', () => {
  const cluster: UpstreamPlan = {
    ...upstreamOf('cluster', 443),
    url: 'https://cluster:443',
    tls: { serverName: 'cluster', ca: '/etc/ca.pem' },
    proxyProtocol: 'v2',
  };
  const check = { path: '/', everyMs: 1, timeoutMs: 1, failures: 1, successes: 1 };
  const route = (prefix: string, to: RoutePlan['to'], more: Partial<RoutePlan> = {}): RoutePlan => ({
    ...appRoute(prefix, 'web'),
    to,
    ...more,
  });
  const app = (name: string) => ({ kind: 'app', app: name }) as const;
  const parts = [
    { to: app('web'), weight: 90 },
    { to: cluster, weight: 10 },
  ];
  const routes = [
    route('/', { kind: 'split', parts, sticky: true }),
    route('/a', { ...cluster, check }, { mirror: { to: app('shadow'), share: 0.5 } }),
    route('/b', structuredClone(cluster)),
    route('/c', { ...upstreamOf('x', 1), url: 'unix:/run/x', address: { path: '/run/x' } }),
  ];
  const site = { host: 'a', routes, tls: null, content: null, ...siteDefaults };
  const split: DesiredState = { ...state, sites: { a: { source: null, site } } };
  const read: string[] = [];
  const table = edgeTable(
    1,
    split,
    edge,
    () => [],
    (file) => `PEM of ${read.push(file) && file}`,
  );
  assert.deepEqual(table.sites[0]?.routes, [
    {
      prefix: '/',
      split: {
        parts: [
          { pool: 'web', weight: 90 },
          { pool: 'https://cluster:443', weight: 10 },
        ],
        sticky: true,
      },
    },
    { prefix: '/a', pool: 'https://cluster:443 (2)', mirror: { pool: 'shadow', share: 0.5 } },
    { prefix: '/b', pool: 'https://cluster:443' },
    { prefix: '/c', pool: 'unix:/run/x' },
  ]);
  assert.deepEqual(table.pools['https://cluster:443']?.targets, [
    {
      id: 'https://cluster:443',
      address: { host: 'cluster', port: 443 },
      guest: false,
      state: 'ready',
      tls: { serverName: 'cluster', ca: 'PEM of /etc/ca.pem' },
      proxyProtocol: 'v2',
    },
  ]);
  assert.equal(table.pools['https://cluster:443 (2)']?.targets[0]?.id, 'https://cluster:443#2');
  assert.deepEqual(table.pools['https://cluster:443 (2)']?.check, check);
  assert.deepEqual(read, ['/etc/ca.pem', '/etc/ca.pem']);
  assert.deepEqual([...routedApps(split)], ['web', 'shadow']);
});
