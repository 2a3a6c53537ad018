import assert from 'node:assert/strict';
import { test } from 'node:test';
import { appPlan } from '../../test/support/plans.ts';
import type { EgressPlan, Plan } from '../config/plan.ts';
import { EGRESS, egressSockets, withEgress } from './egress-app.ts';
import { type DesiredState, nothingDesired } from './state.ts';
import { fresh } from './stored-app.ts';

const app = { port: 40_001, entry: '/egress.js', baseEnv: {} };
const observe = (port: number | null = null): EgressPlan => ({ observe: true, allow: [], apps: {}, port });
const fileOf = (source: string, egress: EgressPlan | null) => ({ source, egress }) as Plan;

function stateOf(...sources: string[]): DesiredState {
  const apps = sources.map((source) => [source, fresh(appPlan({ name: source }), source)] as const);
  return { ...nothingDesired, apps: Object.fromEntries(apps) };
}

const generations = ({ apps }: DesiredState) =>
  Object.fromEntries(Object.entries(apps).map(([name, { generation }]) => [name, generation]));

test('its port is the one that is named, else the one that it has, else one that is free', () => {
  const first = withEgress(stateOf('web'), fileOf('web', observe()), app);
  assert.equal(first.apps[EGRESS]?.plan.port, 40_001);
  const again = withEgress(first, fileOf('web', observe()), { ...app, port: 40_002 });
  assert.equal(again.apps[EGRESS]?.plan.port, 40_001);
  const named = withEgress(again, fileOf('web', observe(3128)), app);
  assert.equal(named.apps[EGRESS]?.plan.port, 3128);
});

test('with another port all apps that use it are reloaded, of whatever file, and no others', () => {
  let state = stateOf('web', 'jobs', 'other');
  state = withEgress(state, fileOf('web', observe()), app);
  state = withEgress(state, fileOf('jobs', observe()), app);
  assert.deepEqual(generations(state), { web: 1, jobs: 1, other: 1, [EGRESS]: 1 });
  state = withEgress(state, fileOf('web', observe(3128)), app);
  assert.deepEqual(generations(state), { web: 2, jobs: 2, other: 1, [EGRESS]: 2 });
  state = withEgress(state, fileOf('web', null), app);
  assert.deepEqual(generations(state), { web: 2, jobs: 2, other: 1, [EGRESS]: 2 });
});

test('it is at the sockets of all files, each once; state of older versions has none', () => {
  const at = (socket: EgressPlan['socket']): EgressPlan => ({
    ...observe(),
    ...(socket !== undefined && { socket }),
  });
  const egress = { a: at(true), b: at('/run/b.sock'), c: at('/run/b.sock'), d: at(null), e: at(undefined) };
  assert.deepEqual(egressSockets({ ...nothingDesired, egress }, '/home/run/egress.sock'), [
    '/home/run/egress.sock',
    '/run/b.sock',
  ]);
});
