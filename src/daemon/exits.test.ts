import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeSupervision } from '../../test/support/fake-supervisor.ts';
import { appPlan } from '../../test/support/plans.ts';
import type { Exit } from '../supervisor/exit.ts';
import { initialState } from '../supervisor/machine.ts';
import type { ProcessRecord } from '../supervisor/process.ts';
import { Exits } from './exits.ts';

/** What is done about exits, in words. */
function setUp(reportCrash: () => Promise<void> = async () => undefined) {
  const supervision = new FakeSupervision();
  const done: string[] = [];
  const complaints: unknown[] = [];
  const exits = new Exits({
    outputs: {
      ended: async (key) => void done.push(`read ${key}`),
      close: async (key) => void done.push(`close ${key}`),
    },
    crashReports: {
      crashed: (key, _instance, _crash, record) => {
        done.push(`crashed ${key} pid ${record?.pid}`);
        return reportCrash();
      },
      ended: (key, record) => void done.push(`ended ${key} pid ${record?.pid}`),
    },
    leases: { release: ({ pid }) => void done.push(`release ${pid}`) },
    vitals: { released: () => undefined },
    readiness: { lacked: () => null },
    complain: (error) => void complaints.push(error),
  });
  supervision.heard = (fact) => {
    if (fact.kind === 'instance') exits.heard(fact.instance, fact.fact);
  };
  return { supervision, exits, done, complaints };
}

const never = appPlan({ restart: { ...appPlan().restart, when: 'never' } });

async function endWith(exit: Exit, reportCrash?: () => Promise<void>) {
  const { supervision, exits, done, complaints } = setUp(reportCrash);
  const [instance] = await supervision.ready(1, never);
  const process = supervision.processOf(instance);
  process.exit(exit);
  await exits.settled();
  return { done, complaints, pid: process.record.pid };
}

test('one that ends as it should is cleared away, one that crashes goes on record before that, and once', async () => {
  const well = await endWith({ code: 0, signal: null });
  const { pid } = well;
  assert.deepEqual(well.done, [
    `release ${pid}`,
    'read web.0#1',
    `ended web.0#1 pid ${pid}`,
    'close web.0#1',
  ]);
  const crashed = await endWith({ code: 1, signal: null });
  assert.deepEqual(crashed.done, [
    `release ${pid}`,
    'read web.0#1',
    `crashed web.0#1 pid ${pid}`,
    'close web.0#1',
  ]);
});

test('its output is closed also when the crash cannot be recorded', async () => {
  const { done, complaints } = await endWith({ code: 1, signal: null }, async () => {
    throw new Error('a strange report');
  });
  assert.equal(done.at(-1), 'close web.0#1');
  assert.match(String(complaints), /a strange report/);
});

for (const [when, word] of [
  ['never', 'ended'],
  ['always', 'crashed'],
] as const) {
  test(`what ${word} without a daemon is cleared away by the next one, which knows the process`, async () => {
    const { supervision, exits, done } = setUp();
    const lease = { out: '', err: '', socket: null, port: null, guest: false, uid: 1234 };
    // No process has this number.
    const process: ProcessRecord = { pid: 2 ** 23, startTime: 1, serial: 7, spawnedAt: 1, lease };
    const machine = { ...initialState, phase: 'ready', wish: 'up', readySince: 1 } as const;
    const snapshot = { slot: 0, generation: 1, serial: 7, restarts: 0, worn: null, machine };
    const records = [{ app: 'web', retiring: false, snapshot, process }];
    const desired = {
      plan: appPlan({ restart: { ...appPlan().restart, when } }),
      wanted: 1,
      generation: 1,
      mode: 'rolling',
      idle: [],
      overlap: true,
      oneFirst: false,
      previous: null,
      drainLimitMs: null,
    } as const;
    exits.inherited(records);
    supervision.supervisor.resume(new Map([['web', desired]]), records, {});
    await exits.settled();
    assert.deepEqual(done, ['read web.0#7', `${word} web.0#7 pid ${process.pid}`, 'close web.0#7']);
  });
}
