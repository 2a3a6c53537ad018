/** A promotion for unit tests: from nothing, or with what a test wants otherwise. */

import { edgeDefaults } from '../../src/config/app-defaults.ts';
import { metricsDefaults } from '../../src/config/metrics-defaults.ts';
import type { EdgePlan, Plan } from '../../src/config/plan.ts';
import { releaseDefaults } from '../../src/config/release-defaults.ts';
import type { Promotion } from '../../src/daemon/releases/promotion.ts';
import type { ReleaseRules } from '../../src/protocol/release-rules.ts';
import { appPlan } from './plans.ts';

export const someEdge: EdgePlan = {
  ...edgeDefaults,
  processes: 1,
  http: { host: null, port: 8080 },
  unknownHost: 404,
  trust: [],
  accessLog: null,
  limits: {
    headTimeoutMs: 10_000,
    bodyIdleMs: 30_000,
    keepAliveMs: 60_000,
    upstreamTimeoutMs: 60_000,
    connectionsPerIp: 1000,
    bodyBytes: 0,
    memoryBytes: 0,
  },
};

export function releasePlan(rules: Partial<ReleaseRules> = {}): Plan {
  return {
    source: '/srv/shop/current/holdfast.config.json',
    apps: { web: appPlan({ release: 'r2' }) },
    sites: {},
    edge: someEdge,
    logsTotalBytes: null,
    egress: null,
    front: null,
    notify: [],
    metrics: metricsDefaults,
    project: 'shop',
    release: { ...releaseDefaults, ...rules },
    deploy: {},
  };
}

export function promotionOf(given: Partial<Promotion> = {}): Promotion {
  return {
    kind: 'deploy',
    release: 'r2',
    root: '/srv/shop',
    plan: releasePlan(),
    by: null,
    startedAt: 0,
    boot: 'this one',
    step: 'trial',
    shareIndex: 0,
    stepSince: 0,
    before: null,
    past: {},
    from: { serving: { release: 'r1', since: '' }, previous: null, current: 'releases/r1', source: null },
    failure: null,
    ...given,
  };
}
