/** Limits, splits, caches, logs and upstreams, as they are written and as they become part of the plan. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { upstreamOf } from '../../test/support/plans.ts';
import { root } from '../../test/support/root.ts';
import { tempDir } from '../../test/support/temp-dir.ts';
import { checkConfig } from './check.ts';
import { sentenceOf } from './problems.ts';
import {
  accessLogDefaults,
  destinationDefaults,
  http2Defaults,
  routeDefaults,
  upstreamDefaults,
} from './traffic-defaults.ts';

function check(dir: string, value: object) {
  const around = {
    root: dir,
    env: {},
    parallelism: 2,
    project: 'shop',
    release: null,
    source: join(dir, 'c.json'),
    isRoot: false,
  };
  const { plan, problems } = checkConfig(value, around);
  return { plan, problems: problems.map(sentenceOf) };
}

/** With the apps `web` and `next`. */
function project(t: TestContext): (config: object) => ReturnType<typeof check> {
  const dir = tempDir(t);
  writeFileSync(join(dir, 'server.js'), '');
  return (config) => check(dir, { apps: { web: 'server.js', next: 'server.js' }, ...config });
}

test('routes in all their forms', (t) => {
  const config = project(t);
  const routes = (given: object, site: object = {}) => {
    const { plan, problems } = config({ sites: { 'a.com': { routes: given, ...site } } });
    assert.deepEqual(problems, []);
    return plan?.sites['a.com']?.routes.map(({ prefix: _, ...rest }) => rest) ?? [];
  };
  const web = { kind: 'app', app: 'web' } as const;
  const next = { kind: 'app', app: 'next' } as const;
  const cluster = {
    ...upstreamOf('cluster.internal', 443),
    url: 'https://cluster.internal:443',
    tls: { serverName: 'cluster.internal', ca: null },
  };
  const socket = {
    ...destinationDefaults,
    kind: 'upstream',
    url: 'unix:/run/a',
    address: { path: '/run/a' },
  };
  const parts = [
    { to: web, weight: 90 },
    { to: cluster, weight: 10 },
  ];
  assert.deepEqual(
    routes({
      '/': 'web',
      '/split': { web: 90, 'https://cluster.internal': 10 },
      '/loose': { to: { web: 90, 'https://cluster.internal': 10 }, sticky: false },
      '/unix': 'unix:/run/a',
      '/copied': { to: 'web', mirror: 'next' },
      '/some': { to: 'web', mirror: { to: 'unix:/run/a', share: '10%' } },
    }),
    [
      { ...routeDefaults, to: web },
      { ...routeDefaults, to: { kind: 'split', parts, sticky: true } },
      { ...routeDefaults, to: { kind: 'split', parts, sticky: false } },
      { ...routeDefaults, to: socket },
      { ...routeDefaults, to: web, mirror: { to: next, share: 1 } },
      { ...routeDefaults, to: web, mirror: { to: socket, share: 0.1 } },
    ],
  );
  const ca = join(root, 'test', 'fixtures', 'tls', 'ca.pem');
  assert.match(readFileSync(ca, 'utf8'), /CERTIFICATE/);
  assert.deepEqual(
    routes({
      '/': {
        to: 'https://10.0.0.1',
        ca,
        serverName: 'Cluster.internal',
        proxyProtocol: 'v2',
        check: '/healthz',
        upstream: 'h2c',
      },
    })[0]?.to,
    {
      kind: 'upstream',
      url: 'https://10.0.0.1:443',
      address: { host: '10.0.0.1', port: 443 },
      tls: { serverName: 'cluster.internal', ca },
      proxyProtocol: 'v2',
      check: { path: '/healthz', everyMs: 10_000, timeoutMs: 5000, failures: 3, successes: 2 },
      rules: { ...upstreamDefaults, protocol: 'h2c' },
    },
  );
  const limited = { to: 'web', rate: ['10/s', '5/m per all'], body: '1KB', cache: false };
  const [route] = routes({ '/': limited }, { cache: true });
  assert.deepEqual(route?.load, {
    bodyBytes: 1024,
    rates: [
      { requests: 10, perMs: 1000, burst: 10, by: { kind: 'ip' } },
      { requests: 5, perMs: 60_000, burst: 5, by: { kind: 'all' } },
    ],
  });
  assert.equal(route?.cache, false);
});

test('sites, apps and the edge', (t) => {
  const config = project(t);
  const routes = { '/': 'web' };
  const { plan, problems } = config({
    apps: {
      web: {
        run: 'server.js',
        upstream: { inFlight: { max: 10, queue: 0 }, outliers: false, slowStart: '10s', retries: false },
      },
      next: { run: 'server.js', upstream: { inFlight: 100, outliers: { failures: 1 }, retries: '5%' } },
      rpc: { run: 'server.js', upstream: 'h2c' },
    },
    sites: {
      'a.com': { routes, limits: { body: 0, rate: '1/s' }, cache: { entry: '2MB' }, accessLog: false },
      'b.com': { routes, cache: true },
    },
    edge: {
      http2: { webSockets: true },
      accessLog: { format: 'json', fields: ['time', 'status'], sample: '10%' },
      proxyProtocol: true,
      trust: ['10.0.0.0/8'],
      limits: { memory: 0 },
    },
  });
  assert.deepEqual(problems, []);
  assert.ok(plan);
  const { web, next, rpc } = plan.apps;
  assert.deepEqual(web?.upstream, {
    protocol: 'http/1.1',
    inFlight: { max: 10, maxWaiting: 0, timeoutMs: 5000 },
    outliers: null,
    slowStartMs: 10_000,
    retries: { share: 0, perSecond: 0 },
  });
  assert.deepEqual(next?.upstream, {
    ...upstreamDefaults,
    inFlight: { max: 100, maxWaiting: 100, timeoutMs: 5000 },
    outliers: { ...upstreamDefaults.outliers, failures: 1 },
    retries: { share: 0.05, perSecond: 10 },
  });
  assert.deepEqual(rpc?.upstream, { ...upstreamDefaults, protocol: 'h2c' });
  const { 'a.com': a, 'b.com': b } = plan.sites;
  const rate = { requests: 1, perMs: 1000, burst: 1, by: { kind: 'ip' } };
  assert.deepEqual(a?.load, { bodyBytes: 0, rates: [rate] });
  assert.deepEqual(a?.cache, { totalBytes: 64 * 1024 ** 2, entryBytes: 2 * 1024 ** 2 });
  assert.equal(a?.accessLog, false);
  assert.deepEqual(b?.cache, { totalBytes: 64 * 1024 ** 2, entryBytes: 1024 ** 2 });
  assert.deepEqual(plan.edge.http2, { ...http2Defaults, webSockets: true });
  assert.deepEqual(plan.edge.accessLog, { format: 'json', fields: ['time', 'status'], sample: 0.1 });
  assert.equal(plan.edge.proxyProtocol, true);
  assert.equal(plan.edge.limits.memoryBytes, 0);
  for (const [accessLog, rules] of [
    [true, accessLogDefaults],
    [false, null],
    ['combined', { ...accessLogDefaults, format: 'combined' }],
  ])
    assert.deepEqual(config({ edge: { accessLog } }).plan?.edge.accessLog, rules);
  assert.deepEqual(config({ edge: { http2: false } }).plan?.edge.http2, { ...http2Defaults, tls: false });
});

test('each mistake has its sentence', (t) => {
  const config = project(t);
  const site = (given: object) => ({ sites: { a: { routes: { '/': 'web' }, ...given } } });
  const route = (given: unknown) => ({ sites: { a: { routes: { '/': given } } } });
  const app = (upstream: unknown) => ({ apps: { web: { run: 'server.js', upstream } } });
  const wrong: readonly (readonly [object, RegExp])[] = [
    [
      route('wbe'),
      /^sites.a.routes\["\/"\] must be the name of an app: there is none named "wbe": did you mean "web"\?$/,
    ],
    [route({ web: 90, nxt: 10 }), /routes\["\/"\].nxt must be the name of an app.*did you mean "next"/],
    [route({ web: 90, next: -1 }), /\.next must be a weight, a whole number from 0 to 1000000: got -1$/],
    [route({ web: 90, next: '10' }), /\.next must be a weight.*got "10"$/],
    [route({ web: 0, next: 0 }), /\.web must be more than 0, or one of the others/],
    [route({ web: 1, 'https://a/b': 1 }), /must be "https:\/\/host:port" without a path/],
    [route({ web: 1, 'http://a': 1, 'http://a:80': 1 }), /\["http:\/\/a:80"\] is the same as "http:\/\/a"/],
    [route({ to: { web: 1, nxt: 1 } }), /routes\["\/"\].to.nxt must be the name of an app/],
    [route({ to: 'web', rat: '1/s' }), /\.rat is not a setting: did you mean "rate"\?$/],
    [route({ to: 'web', rate: '1' }), /\.rate must be a rate such as "100\/s" or .*: got "1"$/],
    [route({ to: 'web', rate: ['1/s', '0/s'] }), /\.rate\[1\] must allow at least one request/],
    [route({ to: 'web', mirror: 'nxt' }), /\.mirror must be the name of an app.*"next"/],
    [
      route({ to: 'web', mirror: { to: 'next', share: 10 } }),
      /\.mirror.share must be a percentage with its sign, such as "10%": got 10$/,
    ],
    [
      route({ to: 'web', mirror: { to: 'next', share: '101%' } }),
      /\.share must be a percentage from "0%" to "100%": got "101%"$/,
    ],
    [route({ to: 'web', sticky: true }), /\.sticky is for several by weight/],
    [route({ to: 'web', cache: true }), /\.cache needs "cache" of the site/],
    [route({ to: { web: 1, next: 1 }, cache: true }), /\.cache is not for several by weight/],
    [route({ to: 'web', check: '/x' }), /\.check is for an address.*apps.web.health$/],
    [route({ to: 'web', upstream: 'h2c' }), /\.upstream is for an address.*apps.web.upstream$/],
    [route({ to: 'http://a', ca: 'x.pem' }), /\.ca is for an "https:\/\/" address$/],
    [route({ to: 'https://a', ca: 'x.pem' }), /\.ca cannot be read: ".*x.pem": there is no such file$/],
    [route({ to: 'https://a', ca: 'server.js' }), /\.ca ".*server.js" must hold certificates \(PEM\)$/],
    [route('unix:run/a'), /must be "unix:" and the absolute path of a socket/],
    [site({ limits: { rates: '1/s' } }), /limits.rates is not a setting: did you mean "rate"\?/],
    [site({ limits: '1/s' }), /limits must be an object with settings: got "1\/s"/],
    [site({ cache: 'on' }), /cache must be true, false or { size, entry }: got "on"$/],
    [site({ cache: { size: 0 } }), /cache.size must be more than nothing/],
    [site({ cache: { size: '1MB', entry: '2MB' } }), /cache.entry must not be more than "size"/],
    [app('h2'), /upstream must be "http\/1.1", "h2c" or an object with settings: got "h2"$/],
    [
      app({ inFlight: 0 }),
      /inFlight must be a whole number from 1 to 1000000, or { max, queue, wait }: got 0$/,
    ],
    [app({ inFlight: { queue: 1 } }), /inFlight.max is missing: it must be a whole number/],
    [app({ outliers: true }), /outliers must be false or { failures, eject, maxEject, maxShare }: got true$/],
    [app({ outliers: { eject: '2m' } }), /outliers.maxEject must not be less than "eject"$/],
    [app({ outliers: { eject: 5 } }), /outliers.eject must be a duration with a unit, such as "5s"/],
    [
      app({ retries: '120%' }),
      /retries must be a percentage such as "20%", false or { share, perSecond }: got "120%"$/,
    ],
    [{ edge: { proxyProtocol: true } }, /^edge.proxyProtocol needs "trust"/],
    [
      { edge: { accessLog: 'jsn' } },
      /^edge.accessLog must be true, false, "combined", "json" or .*: got "jsn"$/,
    ],
    [{ edge: { accessLog: { fields: ['ip'] } } }, /^edge.accessLog.fields needs "format: 'json'"/],
    [
      { edge: { accessLog: { format: 'json', fields: ['ipp'] } } },
      /fields\[0\] must be "time".*did you mean "ip"\?$/,
    ],
    [{ edge: { accessLog: { format: 'json', fields: ['ip', 'ip'] } } }, /fields names "ip" twice$/],
    [
      { edge: { http2: 'on' } },
      /^edge.http2 must be true, false or { webSockets, streams, cleartext }: got "on"$/,
    ],
    [
      { edge: { http2: { streams: 0 } } },
      /^edge.http2.streams must be a whole number from 1 to 10000: got 0$/,
    ],
    [site({ tls: { auto: false } }), /tls.auto must be true: got false$/],
    [site({ tls: { auto: true, client: {} } }), /tls.client is not a setting: did you mean "clients"\?$/],
  ];
  for (const [given, sentence] of wrong) {
    const { problems } = config(given);
    assert.equal(problems.length, 1, `${JSON.stringify(given)}: ${problems.join('\n')}`);
    assert.match(problems[0] ?? '', sentence);
  }
});

test('a mistake in one route hides none of another', (t) => {
  const routes = { '/a': { too: 'web' }, '/b': { web: 90, nxt: 10 }, '/c': { to: 'web', rate: 'x' } };
  const { problems } = project(t)({ sites: { a: { routes } } });
  assert.equal(problems.length, 4, problems.join('\n'));
  assert.match(problems.join('\n'), /routes\["\/b"\].nxt must be the name of an app/);
});
