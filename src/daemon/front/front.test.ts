/** What a server in front is told of apps, and where their slots are. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { appPlan, appRoute } from '../../../test/support/plans.ts';
import type { AppPlan, FrontPlan } from '../../config/plan.ts';
import { siteDefaults } from '../../config/traffic-defaults.ts';
import { type DesiredState, nothingDesired } from '../state.ts';
import { fresh } from '../stored-app.ts';
import { hasConnection } from './connections.ts';
import { GRACE_MS, type Listing, listed } from './listing.ts';
import { frontDoors, withFrontPorts } from './ports.ts';

const front: FrontPlan = { server: 'nginx', file: null, check: null, reload: null };

function stateOf(...plans: readonly AppPlan[]): DesiredState {
  const routes = plans.map(({ name }) => appRoute(`/${name}/`, name));
  const site = { ...siteDefaults, host: '*', tls: null, content: null, routes };
  return {
    ...nothingDesired,
    front,
    sites: { '*': { site, source: null } },
    apps: Object.fromEntries(plans.map((plan) => [plan.name, fresh(plan, null)])),
  };
}

describe('ports of slots', () => {
  const web = appPlan({ name: 'web', instances: 2 });
  const chat = appPlan({ name: 'chat', instances: 1 });

  test('are the first that are free, and stay', () => {
    const state = withFrontPorts(stateOf(web, chat), (port) => port !== 4001);
    assert.deepEqual(state.frontPorts, { web: [4000, 4002], chat: [4003] });
    const scaled = { ...state, apps: { ...state.apps, web: fresh({ ...web, instances: 3 }, null) } };
    const next = withFrontPorts(scaled, (port) => port !== 4001);
    assert.deepEqual(next.frontPorts, { web: [4000, 4002, 4004], chat: [4003] });
    const less = { ...next, apps: { ...state.apps, web: fresh({ ...web, instances: 1 }, null) } };
    assert.deepEqual(
      withFrontPorts(less, () => true).frontPorts.web,
      [4000, 4002, 4004],
      'old ones may be draining',
    );
    assert.deepEqual(frontDoors({ ...web, instances: 1 }, next), [{ host: '127.0.0.1', port: 4000 }]);
  });

  test('are given up for others when somebody has taken them', () => {
    const state = { ...stateOf(web), frontPorts: { web: [4000, 4001] } };
    assert.deepEqual(withFrontPorts(state, (port) => port !== 4000).frontPorts, { web: [4002, 4001] });
  });

  test('are only for programs that take doors, and only behind a server in front', () => {
    const other = appPlan({ name: 'py', guest: false });
    assert.deepEqual(withFrontPorts(stateOf(other), () => true).frontPorts, {});
    const state = withFrontPorts(stateOf(web), () => true);
    assert.deepEqual(withFrontPorts({ ...state, front: null }, () => true).frontPorts, {});
    assert.deepEqual(frontDoors(web, { ...state, front: null }), []);
  });
});

describe('slots that get requests', () => {
  const slots = (text: string) =>
    [...text].map((one, slot) => ({ slot, ready: one === 'r', failed: one === 'f' }));
  const after = (text: string, before: Listing | undefined, now: number) => listed(slots(text), before, now);

  test('are those that are ready; all, when none is', () => {
    assert.deepEqual(after('r-r', undefined, 0).slots, [0, 2]);
    assert.deepEqual(after('---', undefined, 0).slots, [0, 1, 2]);
    assert.deepEqual(after('ff', undefined, 0).slots, [0, 1]);
  });

  test('that are restarted stay for a while: their requests wait', () => {
    const before = after('rrr', undefined, 0);
    const lost = after('r-r', before, 1000);
    assert.deepEqual([lost.slots, lost.againAt], [[0, 1, 2], 1000 + GRACE_MS]);
    const still = after('r-r', lost, 1000 + GRACE_MS - 1);
    assert.deepEqual(still.slots, [0, 1, 2]);
    const over = after('r-r', still, 1000 + GRACE_MS);
    assert.deepEqual([over.slots, over.againAt], [[0, 2], null]);
    assert.deepEqual(after('r-r', over, 9000).slots, [0, 2], 'and do not come back by themselves');
    assert.deepEqual(after('rrr', over, 9000).slots, [0, 1, 2]);
  });

  test('that have given up are out at once', () => {
    assert.deepEqual(after('rfr', after('rrr', undefined, 0), 1).slots, [0, 2]);
  });
});

test('who is connected is read from the table of the kernel', () => {
  const table = `  sl  local_address rem_address   st tx_queue rx_queue
   0: 0100007F:0FA0 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1
   1: 0100007F:0FA1 0100007F:9C40 01 00000000:00000000 00:00000000 00000000     0        0 2 1
   2: 0100007F:9C40 0100007F:0FA2 01 00000000:00000000 00:00000000 00000000     0        0 3 1`;
  assert.deepEqual(
    [4000, 4001, 4002].map((port) => hasConnection(table, port)),
    [false, true, false],
  );
});
