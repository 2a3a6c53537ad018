import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fakePlan } from '../../test/support/fake-process.ts';
import { addressesOf, refuseShared } from './ports.ts';
import { type DesiredState, nothingDesired, type StoredApp } from './state.ts';
import { fresh, renewed } from './stored-app.ts';

const plan = fakePlan({ port: 3000, env: { A: '1', B: '2' } });

test('a plan that differs in what instances are made of is a new generation, with a way back', () => {
  const next = fakePlan({ port: 3000, env: { A: '1', B: '3' } });
  const after = renewed(fresh(plan, null), next, null, 'rolling');
  assert.deepEqual([after.generation, after.previous], [2, { plan, generation: 1 }]);
});

test('what the daemon applies by itself, and the order of settings, outdates nothing', () => {
  const next = fakePlan({
    port: 3000,
    env: { B: '2', A: '1' },
    instances: 4,
    drainMs: 1,
    baseEnv: { PATH: '/x' },
    upstream: { ...plan.upstream, outliers: null },
    restart: { ...plan.restart, max: 3 },
    watch: { paths: ['/app'], ignore: [], extensions: [], debounceMs: 200 },
  });
  const after = renewed(fresh(plan, null), next, null, 'rolling');
  assert.deepEqual([after.generation, after.previous, after.plan.instances], [1, null, 4]);
});

test('what decides whether an instance is done outdates it', () => {
  const next = { ...plan, restart: { ...plan.restart, when: 'never' as const } };
  assert.equal(renewed(fresh(plan, null), next, null, 'rolling').generation, 2);
});

test('a second change during a rollout keeps the way back to what last worked', () => {
  const second = renewed(fresh(plan, null), fakePlan({ env: { A: 'bad' } }), null, 'rolling');
  const third = renewed(second, fakePlan({ env: { A: 'worse' } }), null, 'rolling');
  assert.deepEqual([third.generation, third.previous], [3, { plan, generation: 1 }]);
});

test('an app that becomes routed forgets the ports that it was found to listen on', () => {
  const old: StoredApp = { ...fresh(plan, null), learned: [{ host: null, port: 9090 }] };
  const after = renewed(old, plan, null, 'rolling', true);
  assert.deepEqual([after.generation, after.learned, after.previous], [2, [], null]);
});

function stateOf(...apps: StoredApp[]): DesiredState {
  const byName = Object.fromEntries(apps.map((app) => [app.plan.name, app]));
  return { ...nothingDesired, apps: byName };
}

test('a port that was learned on a narrower address stands for the one that the plan names', () => {
  const app: StoredApp = { ...fresh(plan, null), learned: [{ host: '127.0.0.1', port: 3000 }] };
  assert.deepEqual(addressesOf(app, stateOf(app)), [{ host: '127.0.0.1', port: 3000 }]);
  assert.deepEqual(addressesOf(fresh(plan, null), stateOf()), [{ host: null, port: 3000 }]);
});

test('a program without a guest inherits nothing, but its port is its own', () => {
  const python = fresh(fakePlan({ name: 'py', port: 3000, guest: false }), null);
  assert.deepEqual(addressesOf(python, stateOf(python)), []);
  assert.throws(() => refuseShared(fresh(plan, null), stateOf(python)), /"py" has it/);
  assert.doesNotThrow(() => refuseShared(fresh(plan, null), stateOf({ ...python, stopped: true })));
});
