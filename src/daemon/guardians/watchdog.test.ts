import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeSupervision } from '../../../test/support/fake-supervisor.ts';
import type { AppPlan } from '../../config/plan.ts';
import { placeOf, Watchdog } from './watchdog.ts';

const STACK = ['at hash (/app/work.js:12:7)', 'at emit (node:events:1:1)'];

/** Instances that beat as long as they are told to. Their watchdog bites after 4 s, and their beat is due every second. */
async function setUp(wanted: number, plan: Partial<AppPlan> = {}) {
  const supervision = new FakeSupervision();
  const { clock } = supervision;
  const silent = new Map<string, number>();
  const process = { state: 'R', cpuMs: 0, busy: true, debugged: false };
  let stackOf: () => Promise<readonly string[]> = async () => STACK;
  const watchdog = new Watchdog({
    clock,
    journal: supervision.journal,
    supervisor: supervision.supervisor,
    heartbeat: ({ id }) => ({ at: silent.get(id) ?? clock.now(), debugged: process.debugged }),
    stat: () => ({ state: process.state, cpuMs: process.busy ? clock.now() : 0 }),
    stackOf: () => stackOf(),
  });
  supervision.heard = (fact) => watchdog.heard(fact);
  await supervision.ready(wanted, { watchdogMs: 4000, ...plan });
  return {
    supervision,
    process,
    block: (id: string) => silent.set(id, clock.now()),
    unblock: (id: string) => silent.delete(id),
    takeStack(how: typeof stackOf) {
      stackOf = how;
    },
    ill: () => supervision.recorded.map(({ instance }) => instance),
    signals: () => supervision.launcher.launched.map(({ signals }) => signals.join(' ')),
  };
}

test('one that is blocked for too long is killed, and told where it was', async () => {
  const { supervision, block, signals } = await setUp(2);
  await supervision.pass(10_000);
  block('web.1');
  await supervision.pass(4900);
  assert.deepEqual(signals(), ['', '']);
  await supervision.pass(1500);
  // Without asking first: it could not hear.
  assert.deepEqual(signals(), ['', 'SIGKILL']);
  const [found] = supervision.recorded;
  assert.equal(found?.reason, 'the event loop was blocked for 4s at work.js:12 (hash)');
});

test('a block that is shorter than the watchdog is none, also just after a beat', async () => {
  const { supervision, block, unblock, ill } = await setUp(1);
  for (let times = 0; times < 5; times++) {
    block('web.0');
    await supervision.pass(4900);
    unblock('web.0');
    await supervision.pass(1000);
  }
  assert.deepEqual(ill(), []);
});

test('ten that are blocked at once are all ended', async () => {
  const { supervision, block, ill } = await setUp(10);
  for (const { id } of supervision.instances) block(id);
  await supervision.pass(7000);
  assert.equal(new Set(ill()).size, 10);
});

test('what was stopped by SIGSTOP or a debugger is not blocked', async () => {
  for (const excuse of [{ state: 'T' }, { state: 't' }, { debugged: true }]) {
    const { supervision, process, block, ill } = await setUp(1);
    Object.assign(process, excuse);
    block('web.0');
    await supervision.pass(30_000);
    Object.assign(process, { state: 'R', debugged: false });
    await supervision.pass(3000);
    assert.deepEqual(ill(), []);
    await supervision.pass(4000);
    assert.deepEqual(ill(), ['web.0']);
  }
});

test('when we were late ourselves, everybody starts anew', async () => {
  const { supervision, block, ill } = await setUp(1);
  await supervision.pass(2000);
  block('web.0');
  supervision.clock.sleep(60_000);
  await supervision.pass(4000);
  assert.deepEqual(ill(), []);
  await supervision.pass(3000);
  assert.deepEqual(ill(), ['web.0']);
});

test('one that gets no time of a busy machine is not blocked, but neither for ever', async () => {
  const { supervision, process, block, ill } = await setUp(1);
  process.busy = false;
  block('web.0');
  await supervision.pass(12_000);
  assert.deepEqual(ill(), []);
  await supervision.pass(5000);
  assert.deepEqual(ill(), ['web.0']);
});

test('one that waits in a system call is blocked although it uses no time', async () => {
  const { supervision, process, block, ill } = await setUp(1);
  Object.assign(process, { busy: false, state: 'S' });
  block('web.0');
  await supervision.pass(7000);
  assert.deepEqual(ill(), ['web.0']);
});

test('one that comes back while its stack is taken lives on', async () => {
  const { supervision, block, unblock, takeStack, ill } = await setUp(1);
  let give: (stack: readonly string[]) => void = () => undefined;
  takeStack(() => new Promise((resolve) => (give = resolve)));
  block('web.0');
  await supervision.pass(7000);
  unblock('web.0');
  give(STACK);
  await supervision.pass(3000);
  assert.deepEqual(ill(), []);
});

test('without a stack the time is told all the same; without a watchdog nothing is watched', async () => {
  const { supervision, block, takeStack } = await setUp(1);
  takeStack(() => Promise.reject(new Error('no')));
  block('web.0');
  await supervision.pass(7000);
  assert.equal(supervision.recorded[0]?.reason, 'the event loop was blocked for 4s');

  const other = await setUp(1, { watchdogMs: null });
  other.block('web.0');
  await other.supervision.pass(30_000);
  assert.deepEqual(other.ill(), []);
});

test('the place is the innermost line that is not of Node', () => {
  const places = [
    [['at node:internal/x:1:1', 'at Object.run (/app/src/a b.js:3:1)'], 'a b.js:3 (Object.run)'],
    [['at /app/work.js:12:7'], 'work.js:12'],
    [['at JSON.parse (<anonymous>)', 'at load (/app/x.mjs:9:2)'], 'x.mjs:9 (load)'],
    [['at pbkdf2Sync (node:crypto:1:1)'], 'node:crypto:1 (pbkdf2Sync)'],
    [[], null],
  ] as const;
  for (const [stack, place] of places) assert.equal(placeOf(stack), place);
});
