import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { releasePlan } from '../../test/support/promotion.ts';
import { tempDir } from '../../test/support/temp-dir.ts';
import { loadPlan } from '../config/load.ts';
import type { EdgePlan, Plan, SitePlan } from '../config/plan.ts';
import { siteDefaults } from '../config/traffic-defaults.ts';
import { asksOf, edgeAtRest, refuseOtherEdge, sharedEdge, withAsks } from './edge-asks.ts';
import { type DesiredState, nothingDesired } from './state.ts';
import { changesFor, targetState } from './up-plan.ts';

const rest = edgeAtRest();
const one = { http: { host: null, port: 33081 } };
const two = { http: { host: null, port: 33082 } };

/** A file with a site, and what it says of the edge. */
function file(name: string, says: Partial<EdgePlan> = {}): Plan {
  const site = { ...siteDefaults, host: `${name}.localhost`, tls: null, routes: [] } as unknown as SitePlan;
  const edge = { ...rest, ...says };
  return {
    ...releasePlan(),
    source: `/${name}`,
    project: name,
    apps: {},
    sites: { [site.host]: site },
    edge,
  };
}

function up(state: DesiredState, next: Plan): DesiredState {
  refuseOtherEdge(state, next);
  const plan = () => assert.fail('no front');
  const target = targetState(state, next, () => releasePlan().apps.web ?? assert.fail(), plan);
  return { ...target, apps: {} };
}

function changes(state: DesiredState, next: Plan): string[] {
  return changesFor(state, next, () => false).map(({ kind, what, detail }) =>
    [kind, what, ...detail].join(' '),
  );
}

test('a file that says nothing of the edge is known as such', async (t) => {
  const cwd = tempDir(t);
  writeFileSync(join(cwd, 'c.json'), '{}');
  const { edge } = await loadPlan({ cwd, env: {}, file: 'c.json' });
  assert.deepEqual(edge, rest);
  assert.deepEqual(asksOf({ ...edge, trust: ['10.0.0.1'] }), { trust: ['10.0.0.1'] });
});

test('a second project takes the edge as it is, adds what nobody has said, and removes only its own', () => {
  let state = up(nothingDesired, file('one', one));
  assert.deepEqual(changes(state, file('two')), ['add site']);
  state = up(state, file('two'));
  assert.deepEqual(state.edge?.http, one.http);
  assert.deepEqual(changes(state, file('two')), []);
  assert.deepEqual(changes(state, file('two', { drainMs: 1000 })), ['change edge edge.drain 30s -> 1s']);
  state = up(state, file('two', { drainMs: 1000 }));
  assert.deepEqual(changes(state, file('one', one)), []);
  const none = { ...file('two'), sites: {} };
  assert.deepEqual(changes(state, none), ['remove site']);
  state = up(state, none);
  assert.deepEqual(state.edge?.http, one.http);
  assert.deepEqual(Object.keys(state.sites), ['one.localhost']);
});

test('what two projects want otherwise is refused, with the file of the other', () => {
  const state = up(nothingDesired, file('one', { ...one, processes: 2 }));
  const error = {
    code: 'APP_EXISTS',
    message: /Cannot take the edge for "\/two".* "\/one" says it otherwise/,
    details: ['listen.http 33081 -> 33082'],
  };
  assert.throws(() => up(state, file('two', two)), error);
  assert.throws(() => up(state, file('two', { processes: 3 })), { details: ['edge.processes 2 -> 3'] });
  const both = up(state, file('two', one));
  assert.throws(() => up(both, file('one', two)), { message: /"\/two" says it otherwise/ });
  // What it does not say any more holds nobody back.
  assert.deepEqual(up(withAsks(both, file('two')), file('one', two)).edge?.http, two.http);
});

test('a new project does not move the edge from where it is by default; the ones that share it may', () => {
  const state = up(nothingDesired, file('one'));
  assert.throws(() => up(state, file('two', two)), { message: /"\/one" has it otherwise/ });
  const both = up(state, file('two'));
  assert.deepEqual(sharedEdge(both, file('one', one)).http, one.http);
  assert.deepEqual(up(both, file('one', one)).edge?.http, one.http);
  assert.deepEqual(sharedEdge(up(both, file('one', one)), file('one')).http, rest.http);
});
