import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { appPlan, appRoute, upstreamOf, upstreamRoute } from '../../test/support/plans.ts';
import type { Change } from '../protocol/api.ts';
import { acmeDefaults } from './app-defaults.ts';
import { diffPlans } from './diff.ts';
import type { AppPlan, Plan, RoutePlan, UpstreamPlan } from './plan.ts';
import { projectDefaults } from './release-defaults.ts';
import { http2Defaults, siteDefaults, upstreamDefaults } from './traffic-defaults.ts';

const app = appPlan({
  command: { file: '/srv/web.js', args: ['--a'], node: true, nodeArgs: ['--b'] },
  cwd: '/srv',
  instances: 2,
  env: { NODE_ENV: 'production', TOKEN: 'hush' },
  baseEnv: { PATH: '/bin' },
  port: 3000,
  ready: { by: 'probe', probe: { kind: 'tcp', port: 1 } },
  health: { probe: { kind: 'http', path: '/', port: 2 }, everyMs: 1000, timeoutMs: 1000, failures: 3 },
  job: { expression: '* * * * *', timezone: 'UTC', missed: 'skip', timeoutMs: 1000 },
  restart: { ...appPlan().restart, at: { expression: '* * * * *', timezone: 'UTC' } },
  watch: { paths: ['/srv'], ignore: ['a'], extensions: ['js'], debounceMs: 200 },
  upstream: { ...upstreamDefaults, inFlight: { max: 9, maxWaiting: 9, timeoutMs: 1000 } },
  rights: {
    ...appPlan().rights,
    ulimits: { nofile: 1 },
    permissions: {
      fsRead: ['/a'],
      fsWrite: ['/b'],
      net: true,
      childProcess: true,
      worker: true,
      addons: true,
    },
  },
});

const tls = {
  certificate: { from: 'files', cert: '/srv/cert.pem', key: '/srv/key.pem', ca: '/srv/ca.pem' },
  clients: { ca: '/srv/clients.pem', require: true },
  redirect: true,
  hstsSeconds: 60,
} as const;

const load = {
  bodyBytes: 1000,
  rates: [{ requests: 1, perMs: 1000, burst: 2, by: { kind: 'header', name: 'x-key' } }],
} as const;

const cluster: UpstreamPlan = {
  ...upstreamOf('cluster', 443),
  tls: { serverName: 'cluster.internal', ca: '/srv/cluster.pem' },
  proxyProtocol: 'v1',
  rules: { ...upstreamDefaults, inFlight: { max: 9, maxWaiting: 9, timeoutMs: 1000 } },
  check: { path: '/', everyMs: 1000, timeoutMs: 1000, failures: 1, successes: 1 },
};

const split: RoutePlan = {
  prefix: '/new',
  to: {
    kind: 'split',
    parts: [
      { to: { kind: 'app', app: 'web' }, weight: 90 },
      { to: cluster, weight: 10 },
    ],
    sticky: true,
  },
  load,
  cache: true,
  mirror: { to: { kind: 'app', app: 'web' }, share: 0.5 },
};

const plan: Plan = {
  ...projectDefaults,
  source: '/srv/holdfast.config.json',
  logsTotalBytes: 1000,
  egress: null,
  front: null,
  apps: { web: app },
  sites: {
    'a.com': {
      host: 'a.com',
      routes: [appRoute('/', 'web'), upstreamRoute('/old', '::1', 3000), split],
      tls,
      content: null,
      load,
      cache: { totalBytes: 1000, entryBytes: 10 },
      accessLog: true,
    },
  },
  edge: {
    processes: 1,
    http: { host: null, port: 80 },
    https: { host: null, port: 443 },
    acme: { ...acmeDefaults, email: 'a@b', eab: { keyId: 'kid', hmac: 'c2VjcmV0' } },
    unknownHost: 404,
    trust: ['10.0.0.0/8'],
    limits: {
      headTimeoutMs: 15_000,
      bodyIdleMs: 60_000,
      keepAliveMs: 65_000,
      upstreamTimeoutMs: 60_000,
      connectionsPerIp: 1000,
      bodyBytes: 0,
      memoryBytes: 0,
    },
    accessLog: { format: 'json', fields: ['time'], sample: 0.5 },
    http2: http2Defaults,
    proxyProtocol: false,
    drainMs: 30_000,
  },
};

/** The plan with another web app. */
function withApp(changes: Partial<AppPlan>): Plan {
  return { ...plan, apps: { web: { ...app, ...changes } } };
}

test('the same plan is no change, nor is another shell or another order', () => {
  assert.deepEqual(diffPlans(plan, structuredClone(plan)), []);
  assert.deepEqual(diffPlans(plan, { ...plan, source: '/elsewhere' }), []);
  assert.deepEqual(diffPlans(plan, withApp({ baseEnv: { PATH: '/other' } })), []);
  assert.deepEqual(diffPlans(plan, withApp({ env: { TOKEN: 'hush', NODE_ENV: 'production' } })), []);
  assert.deepEqual(diffPlans(plan, reversed(plan)), []);
});

function reversed<T>(value: T): T {
  if (Array.isArray(value) || typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, inner]) => [key, reversed(inner)]),
  ) as T;
}

test('the changes are what the control API says', () => {
  const changes: readonly Change[] = diffPlans(null, plan);
  assert.deepEqual(changes, [
    { kind: 'add', what: 'app', name: 'web', detail: ['instances 2'] },
    { kind: 'add', what: 'site', name: 'a.com', detail: [] },
    { kind: 'add', what: 'edge', name: 'edge', detail: ['listen.http 80'] },
    { kind: 'change', what: 'logs', name: 'logs', detail: ['logs.total no limit -> 1000 B'] },
  ]);
  assert.deepEqual(diffPlans(plan, { ...plan, apps: {}, sites: {} }), [
    { kind: 'remove', what: 'app', name: 'web', detail: [] },
    { kind: 'remove', what: 'site', name: 'a.com', detail: [] },
    { kind: 'remove', what: 'edge', name: 'edge', detail: [] },
  ]);
});

test('settings are named as in the file, with what they were and will be', () => {
  assert.deepEqual(diffPlans(plan, withApp({ instances: 4 })), [
    { kind: 'scale', what: 'app', name: 'web', detail: ['instances 2 -> 4'] },
  ]);
  const changed = withApp({
    instances: 3,
    port: null,
    stop: { ...app.stop, timeoutMs: 20_000 },
    command: { ...app.command, file: '/srv/b.js' },
  });
  assert.deepEqual(diffPlans(plan, changed), [
    {
      kind: 'change',
      what: 'app',
      name: 'web',
      detail: [
        'run node /srv/web.js -> node /srv/b.js',
        'instances 2 -> 3',
        'port 3000 -> any',
        'stop.timeout 10s -> 20s',
      ],
    },
  ]);
});

test('of variables and arguments only the names are said', () => {
  const changed = withApp({
    env: { NEW: 'secret1', TOKEN: 'secret2' },
    command: { ...app.command, args: ['secret3'] },
  });
  const changes = diffPlans(plan, changed);
  assert.deepEqual(changes[0]?.detail, [
    'args',
    'env.NEW added',
    'env.NODE_ENV removed',
    'env.TOKEN changed',
  ]);
});

test('routes and the edge', () => {
  const site = { host: 'a.com', tls, content: null, ...siteDefaults };
  const routes = [appRoute('/', 'web'), upstreamRoute('/old', '::1', 3000)];
  const before: Plan = { ...plan, sites: { 'a.com': { ...site, routes } } };
  const next: Plan = {
    ...plan,
    sites: {
      'a.com': { ...site, routes: [upstreamRoute('/', 'b', 1), appRoute('/new', 'web')] },
    },
    edge: { ...plan.edge, http: { host: '::1', port: 80 } },
  };
  assert.deepEqual(diffPlans(before, next), [
    {
      kind: 'change',
      what: 'site',
      name: 'a.com',
      detail: ['routes / web -> http://b:1', 'routes /old removed', 'routes /new -> web'],
    },
    { kind: 'change', what: 'edge', name: 'edge', detail: ['listen.http 80 -> [::1]:80'] },
  ]);
});

test('rules of traffic are said in the words of the file', () => {
  const { load: _load, cache: _cache, ...rest } = plan.sites['a.com'] ?? assert.fail();
  const next = { ...plan, sites: { 'a.com': { ...rest, load: null, cache: null } } };
  assert.deepEqual(diffPlans(plan, next)[0]?.detail, [
    'limits.body 1000 B -> as the edge',
    'limits.rate 1/s burst 2 per header x-key -> no limit',
    'cache 1000 B, each 10 B -> off',
  ]);
  const changed = withApp({ upstream: { ...upstreamDefaults, protocol: 'h2c', outliers: null } });
  assert.deepEqual(diffPlans(plan, changed)[0]?.detail, [
    'upstream.protocol http/1.1 -> h2c',
    'upstream.inFlight 9, 9 wait up to 1s -> no limit',
    'upstream.outliers out for 5s..1m after 5 failures, at most 50% -> off',
  ]);
});

/** Every leaf of a value with its path, but those that make no difference, and what a route leaves out that another one has. */
function leaves(value: unknown, path: readonly string[] = []): string[][] {
  if (['baseEnv', 'project'].includes(path.at(-1) ?? '') || (value === null && path.includes('routes')))
    return [];
  if (typeof value !== 'object' || value === null) return [[...path]];
  return Object.entries(value).flatMap(([key, inner]) => leaves(inner, [...path, key]));
}

function changedAt(value: unknown, [first, ...rest]: readonly string[]): unknown {
  if (first === undefined)
    return typeof value === 'number' ? value + 1 : typeof value === 'boolean' ? !value : `${value}x`;
  const inner = (value as Record<string, unknown>)[first];
  const copy = structuredClone(value) as Record<string, unknown>;
  copy[first] = changedAt(inner, rest);
  return copy;
}

test('no setting can change unseen', () => {
  const paths = [
    ...leaves({ apps: plan.apps }),
    ...leaves({ edge: plan.edge }),
    ...leaves({ sites: plan.sites }),
    ['logsTotalBytes'],
  ];
  assert.ok(paths.length > 40);
  for (const path of paths) {
    // The name of an app and the host of a site are also their keys, by which they are compared; a kind is no value.
    if (
      ['apps.web.name', 'sites.a.com.host'].includes(path.join('.')) ||
      ['kind', 'from'].includes(path.at(-1) ?? '')
    )
      continue;
    const changes = diffPlans(plan, changedAt(plan, path) as Plan);
    assert.equal(changes.length, 1, path.join('.'));
    assert.notDeepEqual(changes[0]?.detail, [], path.join('.'));
  }
});

test('what is printed alike is still a change', () => {
  assert.deepEqual(diffPlans(plan, withApp({ drainMs: 30_400 }))[0]?.detail, ['its settings']);
});

test('applying a plan leaves nothing to do', () => {
  const apps = fc.dictionary(
    fc.constantFrom('a', 'b', 'constructor', 'toString'),
    fc
      .record({ instances: fc.integer({ min: 1, max: 3 }), port: fc.option(fc.constant(80)) })
      .map((some) => ({ ...app, ...some })),
  );
  fc.assert(
    fc.property(apps, apps, (before, after) => {
      const next = { ...plan, apps: after };
      assert.deepEqual(diffPlans(next, structuredClone(next)), []);
      const named = diffPlans({ ...plan, apps: before }, next).map(({ name }) => name);
      for (const name of Object.keys(after)) {
        const same =
          Object.hasOwn(before, name) && JSON.stringify(before[name]) === JSON.stringify(after[name]);
        assert.equal(named.includes(name), !same, name);
      }
    }),
  );
});
