import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { appPlan, appRoute, upstreamRoute } from '../../../test/support/plans.ts';
import { someEdge } from '../../../test/support/promotion.ts';
import type { AppPlan, Plan, RoutePlan } from '../../config/plan.ts';
import { projectDefaults } from '../../config/release-defaults.ts';
import { siteDefaults } from '../../config/traffic-defaults.ts';
import { isNext, nextName } from './next-name.ts';
import { canaryApps, canaryPlan, emptied, rolloutPlan, smokedApps, trialPlan, triedApps } from './stages.ts';

function planOf(apps: readonly AppPlan[], routes: readonly RoutePlan[]): Plan {
  const site = { host: '*', tls: null, content: null, ...siteDefaults, routes };
  return {
    ...projectDefaults,
    source: '/srv/current/holdfast.config.json',
    apps: Object.fromEntries(apps.map((app) => [app.name, app])),
    sites: routes.length === 0 ? {} : { '*': site },
    edge: someEdge,
    logsTotalBytes: null,
    egress: null,
    front: null,
  };
}

const old = planOf(
  [
    appPlan({ name: 'web', release: 'r1', instances: 4 }),
    appPlan({ name: 'api', release: 'r1' }),
    appPlan({ name: 'work', release: 'r1' }),
  ],
  [appRoute('/', 'web'), appRoute('/api/', 'api'), upstreamRoute('/old/', '127.0.0.1', 3000)],
);
const next = planOf(
  [
    appPlan({ name: 'web', release: 'r2', instances: 10, after: ['api', 'work'], pidFile: '/run/web.pid' }),
    appPlan({ name: 'api', release: 'r2' }),
    appPlan({ name: 'fresh', release: 'r2', port: 3000, portStep: 1 }),
    appPlan({ name: 'work', release: 'r2' }),
    appPlan({
      name: 'job',
      release: 'r2',
      port: 4000,
      job: { expression: '* * * * *', timezone: null, missed: 'skip', timeoutMs: null },
    }),
  ],
  [appRoute('/', 'web'), appRoute('/api/', 'api')],
);

test('what gets requests is tried, one instance each, apart from what serves', () => {
  assert.deepEqual(triedApps(next), ['web', 'api', 'fresh']);
  const trial = trialPlan(old, next);
  assert.deepEqual(Object.keys(trial.apps), ['web', 'api', 'work', 'web@next', 'api@next', 'fresh@next']);
  for (const name of ['web', 'api', 'work']) assert.equal(trial.apps[name], old.apps[name], 'as it was');
  assert.equal(trial.sites, old.sites);
  const { 'web@next': web, 'fresh@next': fresh } = trial.apps;
  assert.deepEqual([web?.apart, web?.instances, web?.release, web?.pidFile], [true, 1, 'r2', null]);
  assert.deepEqual([fresh?.port, fresh?.portStep], [3000, 0]);
  assert.deepEqual(web?.after, ['api@next'], 'the others run already, in the release before');
  assert.deepEqual(Object.keys(trialPlan(emptied(next), next).apps), ['web@next', 'api@next', 'fresh@next']);
});

test('a share of the requests of each app that both have goes to the release', () => {
  assert.deepEqual(canaryApps(old, next), ['web', 'api']);
  assert.deepEqual(canaryApps(null, next), []);
  const canary = canaryPlan(old, next, 0.25);
  assert.equal(canary.apps['web@next']?.instances, 3, 'as many as the share needs');
  assert.equal(canary.apps['fresh@next'], undefined);
  assert.deepEqual(canary.sites['*']?.routes[0]?.to, {
    kind: 'split',
    parts: [
      { to: { kind: 'app', app: 'web' }, weight: 0.75 },
      { to: { kind: 'app', app: 'web@next' }, weight: 0.25 },
    ],
    sticky: true,
  });
  assert.equal(canary.sites['*']?.routes[2], old.sites['*']?.routes[2], 'other servers are left alone');
  const rolling = rolloutPlan(old, next, 0.25);
  assert.equal(rolling.apps.web, next.apps.web);
  assert.equal(rolling.sites['*']?.routes[0]?.to.kind, 'split', 'who is at the new release stays there');
});

test('whatever the routes are: none is lost, weights add up, and only what is tried is added', () => {
  const names = ['web', 'api', 'work', 'gone'] as const;
  const destination = fc
    .constantFrom(...names)
    .map((name) => ({ kind: 'app' as const, app: name as string }));
  const part = fc.record({ to: destination, weight: fc.integer({ min: 0, max: 100 }) });
  const to = fc.oneof(
    destination,
    fc.record({
      kind: fc.constant('split' as const),
      parts: fc.array(part, { minLength: 1, maxLength: 4 }),
      sticky: fc.boolean(),
    }),
    fc.constant(upstreamRoute('/', '127.0.0.1', 1).to),
  );
  const routes = fc
    .array(to, { maxLength: 5 })
    .map((all) => all.map((one, i) => ({ ...appRoute(`/${i}/`, 'web'), to: one })));
  const share = fc.double({ min: 0.001, max: 0.999, noNaN: true });
  fc.assert(
    fc.property(routes, routes, share, (before, after, part) => {
      const [a, b] = [planOf(Object.values(old.apps), before), planOf(Object.values(next.apps), after)];
      const made = canaryPlan(a, b, part);
      const apps = canaryApps(a, b);
      assert.deepEqual(Object.keys(made.apps).filter(isNext), apps.map(nextName));
      for (const [i, route] of before.entries()) {
        const now = made.sites['*']?.routes[i];
        assert.ok(now);
        assert.equal(now.prefix, route.prefix);
        const [was, is] = [weights(route), weights(now)];
        for (const [name, weight] of was) {
          const [stays, goes] = [is.get(name) ?? 0, is.get(nextName(name)) ?? 0];
          assert.ok(Math.abs(stays + goes - weight) < 1e-9, name);
          assert.ok(Math.abs(goes - (apps.includes(name) ? weight * part : 0)) < 1e-9, name);
        }
        for (const name of is.keys()) assert.ok(was.has(name) || apps.map(nextName).includes(name), name);
      }
    }),
  );
});

function weights({ to }: RoutePlan): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  if (to.kind === 'app') found.set(to.app, 1);
  if (to.kind === 'split') {
    for (const { to: one, weight } of to.parts)
      if (one.kind === 'app') found.set(one.app, (found.get(one.app) ?? 0) + weight);
  }
  return found;
}

test('what is tried may connect to where the release may', () => {
  const rule = (host: string) => ({ kind: 'host' as const, host, port: 443 });
  const egress = { observe: false, allow: [rule('a')], apps: { web: [rule('b')] } };
  const both = trialPlan({ ...old, egress: { ...egress, allow: [rule('old')] } }, { ...next, egress });
  assert.deepEqual(both.egress?.apps['web@next'], [rule('a'), rule('b')]);
  assert.deepEqual(both.egress?.apps['api@next'], [rule('a')]);
  const free = trialPlan({ ...old, egress }, next).egress?.apps['web@next'];
  assert.deepEqual(free, [{ kind: 'host', host: '*', port: null }]);
  assert.equal(trialPlan(old, { ...next, egress }).egress, null, 'what serves is not to be restarted for it');
});

test('a path is asked of the app that it leads to', () => {
  const tried = ['web', 'api', 'fresh'];
  assert.deepEqual(smokedApps(next, tried, '/api/version?x=1'), ['api']);
  assert.deepEqual(smokedApps(next, tried, '/api'), ['api']);
  assert.deepEqual(smokedApps(next, tried, '/apix'), ['web']);
  assert.deepEqual(smokedApps({ ...next, sites: {} }, tried, '/'), tried);
});
