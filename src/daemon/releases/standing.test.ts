import assert from 'node:assert/strict';
import { test } from 'node:test';
import { appPlan, appRoute } from '../../../test/support/plans.ts';
import { releasePlan, someEdge } from '../../../test/support/promotion.ts';
import type { Plan, SitePlan } from '../../config/plan.ts';
import { siteDefaults } from '../../config/traffic-defaults.ts';
import { type DesiredState, nothingDesired, type StoredApp } from '../state.ts';
import { fresh } from '../stored-app.ts';
import { formerSource, withSource } from './adoption.ts';
import { inheritingPorts, keeping, standingOf, withOthers } from './standing.ts';

const SOURCE = releasePlan().source;
const HOME = '/home/ann/holdfast.config.json';

function stored(name: string, more: Partial<StoredApp> = {}, project = 'shop'): StoredApp {
  return { ...fresh(appPlan({ name, project }), SOURCE), ...more };
}

function stateOf(apps: readonly StoredApp[], more: Partial<DesiredState> = {}): DesiredState {
  return { ...nothingDesired, apps: Object.fromEntries(apps.map((app) => [app.plan.name, app])), ...more };
}

const site: SitePlan = {
  host: '*',
  tls: null,
  content: null,
  ...siteDefaults,
  routes: [appRoute('/', 'web')],
};

test('what stands is what runs now, not what a file once said', () => {
  const scaled = stored('web', { idle: [1] });
  const state = stateOf(
    [
      { ...scaled, plan: { ...scaled.plan, instances: 7 } },
      stored('work', { stopped: true }),
      stored('other', { source: HOME }),
    ],
    { sites: { '*': { site, source: SOURCE } }, edge: someEdge },
  );
  const standing = standingOf(state, releasePlan());
  assert.deepEqual(Object.keys(standing?.plan.apps ?? {}), ['web', 'work']);
  assert.equal(standing?.plan.apps.web?.instances, 7);
  assert.deepEqual([standing?.stopped, standing?.idle], [['work'], { web: [1] }]);
  assert.equal(standingOf(stateOf([stored('other', { source: HOME })]), releasePlan()), null);

  const started = stateOf([stored('web'), stored('work')]);
  const kept = keeping(started, standing as NonNullable<typeof standing>);
  assert.deepEqual(
    [kept.apps.work?.stopped, kept.apps.web?.idle, kept.apps.web?.stopped],
    [true, [1], false],
  );
});

test('what another file has changed of the edge meanwhile stays', () => {
  const old: Plan = { ...releasePlan(), edge: { ...someEdge, processes: 2 } };
  const next: Plan = { ...releasePlan(), edge: { ...someEdge, processes: 3 }, logsTotalBytes: 5 };
  const ours = { ...nothingDesired, edge: next.edge, logsTotalBytes: 5 };
  assert.deepEqual(withOthers(old, next, ours).edge, old.edge);
  assert.equal(withOthers(old, next, ours).logsTotalBytes, null);
  const theirs = { ...nothingDesired, edge: { ...someEdge, processes: 9 }, logsTotalBytes: 7 };
  assert.equal(withOthers(old, next, theirs).edge.processes, 9);
  assert.equal(withOthers(old, next, theirs).logsTotalBytes, 7);
});

test('ports that were opened on trial are known when the app itself opens them', () => {
  const [a, b] = [
    { host: null, port: 9090 },
    { host: null, port: 9091 },
  ];
  const before = stateOf([stored('web', { learned: [a] }), stored('web@next', { learned: [a, b] })]);
  const target = stateOf([stored('web', { learned: [a] }), stored('work')]);
  const { apps } = inheritingPorts(before, target);
  assert.deepEqual([apps.web?.learned, apps.work?.learned], [[a, b], []]);
});

test('the first deploy takes over what was brought up from the directory of the project, and only that', () => {
  const theirs = (project: string) => stored('web', { source: HOME }, project);
  const sites = { '*': { site, source: HOME } };
  const egress = { [HOME]: { observe: true, allow: [], apps: {} } };
  const state = stateOf([theirs('shop'), stored('other', { source: '/x' }, 'x')], { sites, egress });
  assert.equal(formerSource(state, releasePlan()), HOME);
  const taken = withSource(state, HOME, SOURCE);
  assert.deepEqual(
    [taken.apps.web?.source, taken.apps.other?.source, taken.sites['*']?.source, Object.keys(taken.egress)],
    [SOURCE, '/x', SOURCE, [SOURCE]],
  );
  assert.deepEqual(withSource(taken, SOURCE, HOME), state, 'and back');
  assert.equal(formerSource(stateOf([theirs('blog')]), releasePlan()), null, 'of another project');
  assert.equal(formerSource(stateOf([stored('web', { source: null })]), releasePlan()), null, 'by `start`');
  assert.equal(formerSource(stateOf([stored('web')]), releasePlan()), null, 'its own');
  assert.equal(formerSource(nothingDesired, releasePlan()), null);
});
