import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { appPlan, appRoute, upstreamRoute } from '../../test/support/plans.ts';
import { tempDir } from '../../test/support/temp-dir.ts';
import { diffPlans } from '../config/diff.ts';
import type { Plan } from '../config/plan.ts';
import { projectDefaults } from '../config/release-defaults.ts';
import { accessLogDefaults, http2Defaults, MEMORY_BYTES, siteDefaults } from '../config/traffic-defaults.ts';
import { FakeClock } from '../kit/clock.ts';
import { DesiredStore } from './state.ts';

test('what version 0.1 stored is complete when it is read, and the same file is no change', async (t) => {
  const dir = tempDir(t);
  const { upstream: _upstream, ...oldApp } = appPlan();
  const limits = {
    headTimeoutMs: 15_000,
    bodyIdleMs: 60_000,
    keepAliveMs: 65_000,
    upstreamTimeoutMs: 60_000,
    connectionsPerIp: 1000,
    bodyBytes: 0,
  };
  const edge = { processes: 1, http: { host: null, port: 80 }, unknownHost: 404, trust: [], limits };
  const routes = [
    { prefix: '/', to: { kind: 'app', app: 'web' } },
    { prefix: '/old', to: { kind: 'upstream', host: '::1', port: 3000 } },
  ];
  const stored = {
    version: 1,
    apps: { web: { plan: oldApp, source: '/a.js', stopped: false, generation: 1, previous: null } },
    sites: { 'a.com': { source: '/a.js', site: { host: 'a.com', routes } } },
    edge: { ...edge, accessLog: true },
  };
  writeFileSync(join(dir, 'desired.json'), JSON.stringify(stored));
  const store = new DesiredStore({
    dir,
    clock: new FakeClock(),
    onUnsaved: assert.fail,
    onEdit: assert.fail,
  });
  assert.deepEqual(await store.load(), []);
  const { apps, sites, edge: read } = store.state;
  assert.ok(read);
  const next: Plan = {
    ...projectDefaults,
    source: '/a.js',
    apps: { web: appPlan() },
    sites: {
      'a.com': {
        host: 'a.com',
        routes: [appRoute('/', 'web'), upstreamRoute('/old', '::1', 3000)],
        tls: null,
        content: null,
        ...siteDefaults,
      },
    },
    edge: {
      ...read,
      limits: { ...limits, memoryBytes: MEMORY_BYTES },
      accessLog: accessLogDefaults,
      http2: http2Defaults,
      proxyProtocol: false,
    },
    logsTotalBytes: null,
    egress: null,
    front: null,
  };
  const current = {
    ...next,
    apps: { web: apps.web?.plan ?? assert.fail() },
    sites: { 'a.com': sites['a.com']?.site ?? assert.fail() },
    edge: read,
  };
  assert.deepEqual(diffPlans(current, next), []);
  assert.deepEqual(current, next);
});
