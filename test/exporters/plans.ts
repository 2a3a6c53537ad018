/** Plans that exporters are tried with: a small one, and one in which everything is said. */

import type { Plan, SitePlan } from '../../src/config/plan.ts';
import { projectDefaults } from '../../src/config/release-defaults.ts';
import { siteDefaults, upstreamDefaults } from '../../src/config/traffic-defaults.ts';
import type { ExportOptions } from '../../src/exporters/exported.ts';
import { placesOf } from '../../src/exporters/places.ts';
import type { Target } from '../../src/exporters/target.ts';
import { targets } from '../../src/exporters/targets.ts';
import { appPlan, appRoute, upstreamOf } from '../support/plans.ts';

/** The targets whose every setting and every word these tests hold: all of them. */
export const heldTargets: Readonly<Record<string, Target>> = targets;

const edge: Plan['edge'] = {
  processes: 1,
  http: { host: null, port: 80 },
  https: { host: null, port: 443 },
  acme: {
    directory: 'https://acme.test/directory',
    directoryCa: null,
    email: null,
    eab: null,
    challenge: 'http-01',
  },
  unknownHost: 404,
  trust: [],
  limits: {
    headTimeoutMs: 15_000,
    bodyIdleMs: 60_000,
    keepAliveMs: 65_000,
    upstreamTimeoutMs: 60_000,
    connectionsPerIp: 1000,
    bodyBytes: 0,
    memoryBytes: 1024 ** 3,
  },
  drainMs: 30_000,
  accessLog: null,
  http2: { tls: true, cleartext: false, webSockets: false, maxStreams: 128 },
  proxyProtocol: false,
};

export const site = (host: string, given: Partial<SitePlan> = {}): SitePlan => ({
  ...siteDefaults,
  host,
  routes: [appRoute('/', 'web')],
  tls: null,
  content: null,
  ...given,
});

export const planOf = (apps: Plan['apps'], ...sites: readonly SitePlan[]): Plan => ({
  ...projectDefaults,
  source: '/srv/holdfast.config.json',
  logsTotalBytes: null,
  egress: null,
  front: null,
  apps,
  sites: Object.fromEntries(sites.map((one) => [one.host, one])),
  edge,
});

/** One app, one site, nothing else said. */
export const plain = planOf({ web: appPlan({ instances: 2 }) }, site('example.com'));

/** Two apps behind one name with TLS. */
export const secure = planOf(
  { web: appPlan({ port: 3000 }), chat: appPlan({ name: 'chat', instances: 3, sticky: 'auto' }) },
  site('example.com', {
    routes: [appRoute('/', 'web'), appRoute('/wsapp/', 'chat')],
    tls: {
      certificate: { from: 'files', cert: '/srv/cert.pem', key: '/srv/key.pem', ca: null },
      clients: null,
      redirect: true,
      hstsSeconds: 3600,
    },
  }),
);

const load = {
  bodyBytes: 1000,
  rates: [{ requests: 7, perMs: 60_000, burst: 2, by: { kind: 'header', name: 'x-key' } }],
} as const;

const rules = {
  ...upstreamDefaults,
  inFlight: { max: 9, maxWaiting: 9, timeoutMs: 1000 },
  slowStartMs: 3000,
};

const elsewhere = {
  ...upstreamOf('cluster.internal', 8443),
  url: 'https://cluster.internal:8443',
  tls: { serverName: 'cluster.internal', ca: '/srv/cluster.pem' },
  proxyProtocol: 'v1',
  rules,
  check: { path: '/up', everyMs: 2000, timeoutMs: 1000, failures: 2, successes: 3 },
} as const;

/** Whatever can be said of how an app is run. */
const web = appPlan({
  command: {
    file: '/srv/web/server.js',
    args: ['--port', '$PORT', '50% of $HOME'],
    node: true,
    nodeArgs: ['--enable-source-maps'],
  },
  cwd: '/srv/web',
  instances: 2,
  port: 3000,
  portStep: 1,
  sticky: 'cookie',
  upstream: rules,
  env: { NODE_ENV: 'production', GREETING: 'say "hi"\nto 100% of $USER', API_TOKEN: 'very-secret' },
  baseEnv: { PATH: '/usr/local/bin:/usr/bin:/bin', HOME: '/home/me', REGION: 'eu' },
  secrets: { DB_PASSWORD: '/etc/secrets/db' },
  namespace: 'shop',
  after: ['chat'],
  stdin: true,
  ready: { by: 'notify' },
  readyTimeoutMs: 20_000,
  health: { probe: { kind: 'http', path: '/up', port: null }, everyMs: 5000, timeoutMs: 2000, failures: 3 },
  watchdogMs: 10_000,
  stop: { signal: 'SIGINT', timeoutMs: 4500, message: true, ends: 'process' },
  restart: {
    when: 'on-failure',
    stopCodes: [3],
    max: 20,
    minUptimeMs: 2000,
    early: 'give-up',
    delayMs: 500,
    backoffMinMs: 200,
    backoffMaxMs: 20_000,
    giveUp: { crashes: 6, withinMs: 90_000 },
    at: { expression: '0 4 * * SUN', timezone: 'Europe/Berlin' },
  },
  watch: { paths: ['/srv/web'], ignore: ['*.tmp'], extensions: ['js'], debounceMs: 200 },
  memory: { softBytes: 200_000_000, hardBytes: 300_000_000 },
  rights: {
    user: 'web',
    group: 'staff',
    umask: 0o027,
    nice: 5,
    oomScore: 100,
    ulimits: { nofile: 65_536, core: 'unlimited' },
    cpu: 1.5,
    pids: 200,
    permissions: {
      fsRead: ['/srv/*'],
      fsWrite: ['/var/lib/web'],
      net: true,
      childProcess: false,
      worker: true,
      addons: false,
    },
  },
  pidFile: '/run/web.pid',
});

const nightly = appPlan({
  name: 'nightly',
  command: { file: 'python3', args: ['-m', 'nightly'], node: false, nodeArgs: [] },
  cwd: '/srv/jobs',
  job: { expression: '30 2 1 * FRI', timezone: 'UTC', missed: 'run', timeoutMs: 600_000 },
});

const rich = planOf(
  {
    web,
    chat: appPlan({
      name: 'chat',
      cwd: '/srv/chat',
      ready: { by: 'probe', probe: { kind: 'http', path: '/ready', port: 3100 } },
    }),
    nightly,
    spare: appPlan({ name: 'spare', cwd: '/srv/spare', autostart: false }),
  },
  site('example.com', {
    routes: [
      { ...appRoute('/', 'web'), load, cache: true },
      {
        ...appRoute('/new', 'web'),
        to: {
          kind: 'split',
          parts: [
            { to: { kind: 'app', app: 'web' }, weight: 90 },
            { to: elsewhere, weight: 10 },
          ],
          sticky: true,
        },
        mirror: { to: upstreamOf('127.0.0.1', 9000), share: 0.5 },
      },
      { ...appRoute('/old/', 'web'), to: elsewhere },
      {
        ...appRoute('/files/', 'web'),
        to: {
          kind: 'files',
          files: { root: '/srv/files', index: 'index.html', spa: true, cacheControl: 'max-age=60' },
        },
      },
    ],
    tls: {
      certificate: { from: 'files', cert: '/srv/cert.pem', key: '/srv/key.pem', ca: '/srv/ca.pem' },
      clients: { ca: '/srv/clients.pem', require: true },
      redirect: true,
      hstsSeconds: 60,
    },
    content: {
      compress: true,
      headers: {
        set: { 'X-Frame-Options': 'DENY' },
        fallback: { 'Referrer-Policy': 'no-referrer' },
        remove: ['X-Powered-By'],
      },
      redirects: [
        { from: '/a', below: false, to: '/b', toBelow: false, status: 301 },
        { from: '/c/', below: true, to: 'https://other.test/', toBelow: true, status: 308 },
      ],
      rewrites: [{ from: '/v1/', below: true, to: '/api/', toBelow: true }],
      auth: { realm: 'Staff', users: { anna: '$scrypt$x' } },
      allow: ['10.0.0.0/8'],
      deny: ['10.6.6.6'],
      maintenance: { page: '/srv/closed.html', allow: ['10.1.1.1'] },
      errorPages: { 404: '/srv/404.html' },
      requestId: true,
    },
    load,
    cache: { totalBytes: 100_000_000, entryBytes: 1_000_000 },
  }),
  site('*.example.org', {
    tls: { certificate: { from: 'acme' }, clients: null, redirect: false, hstsSeconds: null },
  }),
);

/** Everything is said, and little of it is as it would be otherwise. */
export const everything: Plan = {
  ...rich,
  deploy: {
    production: {
      name: 'production',
      hosts: ['deploy@app1.example.com', 'ssh://deploy@app2.example.com:2222'],
      batch: 1,
      home: null,
      command: 'holdfast',
      hooks: {},
    },
    staging: {
      name: 'staging',
      hosts: ['staging.example.com'],
      batch: 1,
      home: null,
      command: 'holdfast',
      hooks: {},
    },
  },
  logsTotalBytes: 10 ** 9,
  edge: {
    ...edge,
    processes: 2,
    http: { host: '127.0.0.1', port: 8080 },
    https: { host: '::1', port: 8443 },
    acme: {
      ...edge.acme,
      directoryCa: '/srv/acme.pem',
      email: 'a@example.com',
      eab: { keyId: 'kid', hmac: 'c2VjcmV0' },
    },
    trust: ['10.0.0.0/8'],
    limits: {
      ...edge.limits,
      bodyBytes: 5_000_000,
      connectionsPerIp: 50,
      memoryBytes: 500_000_000,
    },
    drainMs: 20_000,
    accessLog: { format: 'json', fields: ['time', 'status'], sample: 0.5 },
    http2: { tls: true, cleartext: true, webSockets: true, maxStreams: 100 },
    proxyProtocol: true,
  },
};

export function optionsFor(plan: Plan): ExportOptions {
  return {
    node: '/usr/bin/node',
    user: 'www-data',
    name: 'holdfast',
    places: placesOf(plan),
    isSecret: (name) => /TOKEN/.test(name),
  };
}
