/** How requests are treated when nothing is said. */
import type { AccessLogRules, Http2Rules, UpstreamRules } from '../protocol/traffic-rules.ts';
import type { RoutePlan, SitePlan, UpstreamPlan } from './plan.ts';

export const upstreamDefaults: UpstreamRules = {
  protocol: 'http/1.1',
  inFlight: null,
  outliers: { failures: 5, ejectMs: 5_000, maxEjectMs: 60_000, maxShare: 0.5 },
  slowStartMs: 0,
  retries: { share: 0.2, perSecond: 10 },
};

export const http2Defaults: Http2Rules = { tls: true, cleartext: false, webSockets: false, maxStreams: 128 };

export const accessLogDefaults: AccessLogRules = { format: 'short', fields: [], sample: 1 };

export const siteDefaults = { load: null, cache: null, accessLog: true } as const satisfies Partial<SitePlan>;

export const routeDefaults = { load: null, cache: null, mirror: null } as const satisfies Partial<RoutePlan>;

/** Of a server that Holdfast does not supervise. */
export const destinationDefaults = {
  tls: null,
  proxyProtocol: null,
  rules: upstreamDefaults,
  check: null,
} as const satisfies Partial<UpstreamPlan>;

/** Of one edge process. */
export const MEMORY_BYTES = 1024 ** 3;
