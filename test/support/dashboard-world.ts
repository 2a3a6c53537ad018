/** Made-up data for the dashboard's page: a machine with a bit of everything, and one with a hundred instances. */
import type { InstanceView } from '../../src/protocol/api.ts';
import type {
  AppPage,
  CertificateView,
  CrashRecord,
  EgressView,
  HoldfastEvent,
  LiveApp,
  LiveMessage,
  LiveSite,
  LogLine,
  Rates,
  ReleaseDetail,
  ReleasesView,
} from '../../src/protocol/dashboard.ts';
import type { History, HistoryRange } from '../../src/protocol/history.ts';
import { appPlan } from './plans.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const GB = 1024 ** 3;

export const ago = (ms: number) => new Date(Date.now() - ms).toISOString();

export function rates(requestsPerSecond: number, given: Partial<Rates> = {}): Rates {
  return {
    requestsPerSecond,
    errorsPerSecond: 0,
    p50Ms: 6.2,
    p95Ms: 28,
    p99Ms: 74,
    openWebSockets: 0,
    openRequests: 2,
    ...given,
  };
}

export function instance(app: string, slot: number, given: Partial<InstanceView> = {}): InstanceView {
  return {
    id: `${app}.${slot}`,
    slot,
    serial: slot,
    pid: 4000 + slot * 7,
    status: 'ready',
    restarts: 0,
    uptimeMs: 3 * HOUR + slot * MINUTE,
    memoryBytes: (80 + slot * 3) * 1024 ** 2,
    cpu: 0.04 + (slot % 5) * 0.03,
    loopDelayMs: 1.2,
    heapBytes: 40 * 1024 ** 2,
    startedAt: ago(3 * HOUR),
    release: null,
    reason: null,
    nextStartMs: null,
    ...given,
  };
}

export function liveApp(name: string, instances: number, given: Partial<LiveApp> = {}): LiveApp {
  const all = Array.from({ length: instances }, (_, slot) => instance(name, slot));
  return {
    name,
    kind: name === '@edge' ? 'edge' : 'app',
    namespace: null,
    after: [],
    status: 'running',
    numbers: all.map(({ slot }) => slot),
    nextRun: null,
    wanted: instances,
    urls: [],
    instances: all,
    rates: null,
    instanceRates: {},
    lastCrashAt: null,
    ...given,
  };
}

export function liveSite(host: string, apps: readonly string[], given: Partial<LiveSite> = {}): LiveSite {
  return { host, source: null, paused: null, rates: rates(120), tls: 'ok', apps, ...given };
}

export function event(
  seq: number,
  type: HoldfastEvent['type'],
  given: Partial<HoldfastEvent> = {},
): HoldfastEvent {
  return { seq, time: ago((100 - seq) * MINUTE), type, ...given };
}

const release = '20261124-090112-3f2a91c';
const releaseBefore = '20261123-181540-77b0e4d';

const crashes: readonly CrashRecord[] = [
  {
    time: ago(4 * MINUTE),
    app: 'api',
    instance: 'api.1',
    pid: 4211,
    cause: 'exited with code 1',
    code: 1,
    signal: null,
    uptimeMs: 42 * MINUTE,
    lastOutput: [
      { time: ago(4 * MINUTE + 900), stream: 'out', text: 'GET /orders/1187 200 12ms' },
      {
        time: ago(4 * MINUTE + 40),
        stream: 'err',
        text: "TypeError: Cannot read properties of undefined (reading 'price')",
      },
      { time: ago(4 * MINUTE + 30), stream: 'err', text: '    at total (/srv/shop/src/cart.js:41:18)' },
    ],
    diagnosis: 'an exception that nobody caught: TypeError in cart.js:41',
    advice:
      'Look at cart.js:41; an error handler in the route would answer 500 instead of ending the process.',
    stack: ['total (/srv/shop/src/cart.js:41:18)', 'checkout (/srv/shop/src/checkout.js:12:9)'],
    report: null,
    release,
  },
  {
    time: ago(5 * HOUR),
    app: 'mailer',
    instance: 'mailer.0',
    pid: 3977,
    cause: 'killed by SIGKILL',
    code: null,
    signal: 'SIGKILL',
    uptimeMs: 9 * HOUR,
    lastOutput: [],
    diagnosis: 'out of memory: the kernel ended it at 512 MB',
    advice: 'Raise memory.hard, or find what grows with hold profile.',
    stack: [],
    report: null,
    release: null,
  },
];

const journal: readonly HoldfastEvent[] = [
  event(81, 'daemon.started', { reason: 'Holdfast 0.1.0' }),
  event(82, 'release.making', { data: { project: 'shop', release, by: 'ann' } }),
  event(88, 'release.promoted', { data: { project: 'shop', release, by: 'ann' } }),
  event(90, 'certificate.renewed', { data: { site: 'shop.example', notAfter: '2027-02-20' } }),
  event(93, 'egress.denied', {
    app: 'mailer',
    reason: 'mailer may not connect to tracker.example:443',
    data: {},
  }),
  event(95, 'instance.crashed', { app: 'api', instance: 'api.1', reason: 'exited with code 1 after 42m' }),
  event(96, 'instance.spawned', { app: 'api', instance: 'api.1', pid: 4218 }),
  event(97, 'instance.ready', { app: 'api', instance: 'api.1', reason: 'listens after 310ms' }),
];

/** A bit of everything. */
export function smallWorld(): LiveMessage {
  const apps = [
    liveApp('web', 3, { rates: rates(182.4, { openWebSockets: 41 }), urls: ['https://shop.example/'] }),
    liveApp('api', 2, {
      status: 'degraded',
      rates: rates(64.1, { errorsPerSecond: 3.9, p99Ms: 1240 }),
      lastCrashAt: crashes[0]?.time ?? null,
      instances: [
        instance('api', 0),
        instance('api', 1, {
          status: 'backoff',
          restarts: 4,
          pid: null,
          uptimeMs: null,
          cpu: null,
          memoryBytes: null,
          loopDelayMs: null,
          reason: 'exited with code 1 after 3s',
          nextStartMs: 6400,
        }),
      ],
      instanceRates: { 'api.0': rates(64.1, { errorsPerSecond: 3.9 }) },
    }),
    liveApp('chat', 2, { rates: rates(9.3, { openWebSockets: 318 }) }),
    liveApp('mailer', 1, { lastCrashAt: crashes[1]?.time ?? null }),
    liveApp('nightly-report', 0, { status: 'waiting', nextRun: ago(-5 * HOUR), wanted: 1 }),
    liveApp('old-shop', 0, { status: 'stopped' }),
    liveApp('@edge', 1),
  ];
  const sites = [
    liveSite('shop.example', ['web', 'api'], {
      rates: rates(246.5, { errorsPerSecond: 3.9, openWebSockets: 41 }),
    }),
    liveSite('chat.example', ['chat'], { rates: rates(9.3, { openWebSockets: 318 }), tls: 'expiring' }),
  ];
  return {
    whole: true,
    at: new Date().toISOString(),
    apps: Object.fromEntries(apps.map((app) => [app.name, app])),
    sites: Object.fromEntries(sites.map((site) => [site.host, site])),
    total: rates(255.8, { errorsPerSecond: 3.9, openWebSockets: 359 }),
    health: {
      status: 'failing',
      problems: [
        {
          level: 'failing',
          kind: 'errors.many',
          subject: 'api',
          text: 'answers 6.1 % of its requests with errors',
          since: ago(4 * MINUTE),
        },
        {
          level: 'warning',
          kind: 'certificate.expiring',
          subject: 'chat.example',
          text: 'expires in 6 days, and could not be renewed',
          since: ago(DAY),
        },
      ],
    },
    host: {
      cores: 4,
      load1: 1.38,
      memoryBytes: 8 * GB,
      memoryFreeBytes: 3.1 * GB,
      diskBytes: 80 * GB,
      diskFreeBytes: 9.6 * GB,
    },
    promotions: [
      {
        project: 'shop',
        serving: release,
        previous: releaseBefore,
        promotion: {
          release: '20261124-101502-c01dbee',
          step: 'canary',
          share: 0.1,
          until: ago(-3 * MINUTE),
        },
      },
    ],
    events: journal,
  };
}

/** Fifty apps with a hundred instances, of which all have other numbers each time. */
export function largeWorld(turn: number): LiveMessage {
  const apps = Array.from({ length: 50 }, (_, n) => {
    const name = `service-${String(n).padStart(2, '0')}`;
    return liveApp(name, 2, {
      rates: rates(((n * 7 + turn * 13) % 100) + 0.5),
      instances: [0, 1].map((slot) => instance(name, slot, { cpu: ((n + turn + slot) % 10) / 10 })),
    });
  });
  return {
    whole: turn === 0,
    at: new Date().toISOString(),
    apps: Object.fromEntries(apps.map((app) => [app.name, app])),
    total: rates(2500 + turn),
    ...(turn === 0 ? { health: { status: 'ok' as const, problems: [] }, events: [], sites: {} } : {}),
  };
}

export function historyOf(series: string, range: HistoryRange): History {
  const stepMs = { '1h': 10_000, '24h': 2 * MINUTE, '7d': 15 * MINUTE }[range];
  const points = Math.round({ '1h': HOUR, '24h': DAY, '7d': 7 * DAY }[range] / stepMs);
  const curve = (level: number, swing: number) =>
    Array.from({ length: points }, (_, n) =>
      n > points * 0.3 && n < points * 0.33
        ? null
        : Math.max(0, level + swing * (Math.sin((n / points) * 9) + 0.4 * Math.sin(n * 1.7))),
    );
  return {
    series,
    range,
    stepMs,
    from: Date.now() - points * stepMs,
    measures:
      series === 'host'
        ? {
            load1: curve(1.2, 0.4),
            memoryFreeBytes: curve(3 * GB, GB / 4),
            diskFreeBytes: curve(10 * GB, GB / 9),
          }
        : {
            requestsPerSecond: curve(60, 25),
            errorsPerSecond: curve(0.8, 1.4),
            p50Ms: curve(6, 1),
            p95Ms: curve(30, 8),
            p99Ms: curve(90, 40),
            memoryBytes: curve(180 * 1024 ** 2, 20 * 1024 ** 2),
            cpu: curve(0.3, 0.15),
            loopDelayMs: curve(2, 1),
          },
  };
}

export function appPage(app: LiveApp): AppPage {
  const { rates: _rates, instanceRates: _instanceRates, lastCrashAt: _lastCrashAt, ...view } = app;
  return {
    detail: {
      ...view,
      plan: appPlan({
        name: app.name,
        cwd: '/srv/shop/current',
        env: { NODE_ENV: 'production', STRIPE_KEY: '••••••' },
        project: 'shop',
        release,
      }),
      ports: [
        { host: null, port: 3000, held: true, tls: false },
        { host: '127.0.0.1', port: 9229, held: false, tls: false },
      ],
      notes: [],
      events: journal.filter((one) => one.app === app.name),
      logFile: `/var/lib/holdfast/logs/${app.name}.log`,
    },
    crashes: crashes.filter((crash) => crash.app === app.name),
    egress: app.name === 'mailer' ? egress : null,
  };
}

const count = {
  connections: 0,
  open: 0,
  bytesOut: 0,
  bytesIn: 0,
  denied: 0,
  failed: 0,
  lastAt: Date.now() - MINUTE,
};

export const egress: EgressView = {
  apps: { mailer: 'allow', web: 'observe' },
  counts: [
    {
      ...count,
      app: 'web',
      host: 'api.stripe.com',
      port: 443,
      connections: 1890,
      open: 3,
      bytesOut: 4e6,
      bytesIn: 9e6,
    },
    {
      ...count,
      app: 'mailer',
      host: 'smtp.example.com',
      port: 587,
      connections: 210,
      failed: 2,
      bytesOut: 8e6,
      bytesIn: 3e5,
    },
    { ...count, app: 'mailer', host: 'tracker.example', port: 443, denied: 17 },
  ],
};

export const certificates: readonly CertificateView[] = [
  {
    site: 'shop.example',
    from: 'acme',
    names: ['shop.example', 'www.shop.example'],
    issuer: "Let's Encrypt R11",
    notAfter: ago(-74 * DAY),
    status: 'ok',
    note: 'renewed next in 44 days',
  },
  {
    site: 'chat.example',
    from: 'acme',
    names: ['chat.example'],
    issuer: "Let's Encrypt R10",
    notAfter: ago(-6 * DAY),
    status: 'expiring',
    note: 'the last try failed: no answer on port 80 from outside',
  },
];

const summary = { by: 'ann', reason: null, serves: false, canRollBackTo: false };

export const releases: readonly ReleasesView[] = [
  {
    project: 'shop',
    deployFrom: '/home/ann/shop',
    promotion: null,
    releases: [
      {
        ...summary,
        id: '20261124-101502-c01dbee',
        status: 'promoting',
        createdAt: ago(6 * MINUTE),
        source: 'c01dbee Faster search',
      },
      {
        ...summary,
        id: release,
        status: 'serving',
        createdAt: ago(HOUR),
        source: '3f2a91c Fix the price of shipping',
        serves: true,
      },
      {
        ...summary,
        id: '20261123-220410-90adf00',
        status: 'failed',
        createdAt: ago(11 * HOUR),
        source: '90adf00 New checkout',
        reason: 'build: npm run build ended with code 2',
      },
      {
        ...summary,
        id: releaseBefore,
        status: 'superseded',
        createdAt: ago(15 * HOUR),
        source: '77b0e4d Vouchers',
        canRollBackTo: true,
      },
    ],
  },
];

export function releaseDetail(id: string): ReleaseDetail | undefined {
  const found = releases[0]?.releases.find((one) => one.id === id);
  if (!found) return undefined;
  return {
    ...found,
    facts: [
      ['Node', '22.15.0'],
      ['Packages', '412 by npm 10.9.2'],
    ],
    steps: [
      { step: 'install', tookMs: 4210, outcome: 'done', output: '412 packages, 390 from the store' },
      {
        step: 'build',
        tookMs: 9120,
        outcome: 'failed',
        output: "src/checkout.ts(14,3): error TS2304: Cannot find name 'vat'",
      },
      { step: 'migrate', tookMs: null, outcome: 'skipped', output: '' },
    ],
  };
}

/** A log of so many lines, oldest first, with a bit of all that programs write. */
export function logOf(app: string, length: number): readonly LogLine[] {
  return Array.from({ length }, (_, n) => ({
    time: ago((length - n) * 700),
    instance: `${app}.${n % 2}`,
    stream: n % 37 === 0 ? ('err' as const) : ('out' as const),
    text:
      n % 37 === 0
        ? `\x1b[31mError:\x1b[0m payment ${n} was refused <script>alert(1)</script>`
        : n % 50 === 5
          ? `{"huge":"${'x'.repeat(9000)}"}`
          : `\x1b[32mGET\x1b[0m /orders/${n} 200 ${(n * 7) % 90}ms`,
  }));
}
