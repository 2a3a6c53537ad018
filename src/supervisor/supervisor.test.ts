import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { type TestContext, test } from 'node:test';
import { FakeLauncher, fakePlan } from '../../test/support/fake-process.ts';
import { FakeClock } from '../kit/clock.ts';
import { identify, type ProcessId } from '../kit/proc.ts';
import type { DesiredApp } from './app.ts';
import type { Instance } from './instance.ts';
import { Supervisor, type SupervisorFact } from './supervisor.ts';

/** A supervisor over processes that exist only as objects, and a clock that stands still. */
function setUp(also: (fact: string) => void = () => undefined) {
  const clock = new FakeClock(1_000_000);
  const launcher = new FakeLauncher(() => clock.now());
  const facts: string[] = [];
  const retired: string[] = [];
  let release: (() => void)[] = [];
  const supervisor = new Supervisor({
    clock,
    random: () => 0,
    launcher,
    traffic: {
      admit: async () => undefined,
      retire: (instance: Instance) => {
        retired.push(instance.key);
        return new Promise((resolve) => release.push(resolve));
      },
    },
    askToEnd: () => false,
    hindrance: () => null,
    onFact: (fact: SupervisorFact) => {
      facts.push(describe(fact));
      also(describe(fact));
    },
    onChange: () => undefined,
  });
  return {
    clock,
    launcher,
    supervisor,
    facts,
    retired,
    /** Ends the draining of everything that drains. */
    drained() {
      for (const resolve of release) resolve();
      release = [];
    },
    async makeReady() {
      await settle();
      for (const instance of supervisor.apps.flatMap((app) => app.instances)) {
        if (instance.phase === 'starting') instance.dispatch({ type: 'ready' });
      }
      await settle();
    },
  };
}

function describe(fact: SupervisorFact): string {
  if (fact.kind === 'instance') return `${fact.instance.key} ${fact.fact.type}`;
  if (fact.kind === 'rollout') return `rollout ${fact.fact.type}`;
  return `${fact.instance.key} ${fact.kind}`;
}

/** A process of its own session, that lives as long as the test. */
function living(t: TestContext): ProcessId {
  const child = spawn('sleep', ['1000'], { detached: true, stdio: 'ignore' });
  t.after(() => child.kill('SIGKILL'));
  const id = identify(child.pid ?? 0);
  assert.ok(id);
  return id;
}

/** Waits until it is gone, and looks as the adopter does. */
async function ended(process: ProcessId, clock: FakeClock): Promise<void> {
  while (identify(process.pid)) await new Promise((resolve) => setTimeout(resolve, 5));
  clock.advance(1000);
}

/** Lets promises that are due run; no time passes. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
}

function wish(overrides: Partial<DesiredApp> = {}): DesiredApp {
  return {
    plan: fakePlan(),
    wanted: 1,
    generation: 1,
    mode: 'rolling',
    idle: [],
    overlap: true,
    oneFirst: false,
    previous: null,
    drainLimitMs: null,
    ...overrides,
  };
}

test('as many instances as wanted are started, each once', async () => {
  const { supervisor, launcher, makeReady } = setUp();
  supervisor.desire('web', wish({ wanted: 3 }));
  await makeReady();
  assert.deepEqual(
    launcher.launched.map(({ request }) => request.slot),
    [0, 1, 2],
  );
  assert.equal(supervisor.app('web')?.isSettled, true);
  supervisor.app('web')?.reconcile();
  await settle();
  assert.equal(launcher.launched.length, 3);
});

test('an instance that dies is started again in its slot, with a new serial', async () => {
  const { supervisor, launcher, clock, facts, makeReady } = setUp();
  supervisor.desire('web', wish());
  await makeReady();
  launcher.launched[0]?.exit({ code: 1, signal: null });
  clock.advance(1);
  await makeReady();
  assert.equal(launcher.launched.length, 2);
  assert.deepEqual(facts, [
    'web.0#1 spawned',
    'web.0#1 ready',
    'web.0#1 crashed',
    'web.0#1 backoff',
    'web.0#2 spawned',
    'web.0#2 ready',
  ]);
  assert.equal(supervisor.app('web')?.current[0]?.restarts, 1);
});

test('another plan of the same generation counts for what runs, and one of another does not', async () => {
  const { supervisor, makeReady } = setUp();
  const maxOf = () => supervisor.app('web')?.current[0]?.plan.restart.max;
  const plan = fakePlan();
  const limited = (max: number) => ({ ...plan, restart: { ...plan.restart, max } });
  supervisor.desire('web', wish());
  await makeReady();
  supervisor.desire('web', wish({ plan: limited(3) }));
  assert.equal(maxOf(), 3);
  supervisor.desire('web', wish({ plan: limited(5), generation: 2 }));
  assert.equal(maxOf(), 3);
});

test('while ports are unknown, the first instance starts alone', async () => {
  const { supervisor, launcher, makeReady } = setUp();
  supervisor.desire('web', wish({ wanted: 3, oneFirst: true }));
  await settle();
  assert.equal(launcher.launched.length, 1);
  await makeReady();
  assert.equal(launcher.launched.length, 3);
});

test('scaling down drains the highest slots, then stops them', async () => {
  const { supervisor, launcher, retired, drained, makeReady } = setUp();
  supervisor.desire('web', wish({ wanted: 3 }));
  await makeReady();
  supervisor.desire('web', wish({ wanted: 1 }));
  await settle();
  assert.deepEqual(retired, ['web.1#2', 'web.2#3']);
  assert.deepEqual(
    launcher.launched.flatMap(({ signals }) => signals),
    [],
  );
  assert.equal(supervisor.app('web')?.isSettled, true);
  drained();
  await settle();
  assert.deepEqual(
    launcher.launched.flatMap(({ signals }) => signals),
    ['SIGTERM', 'SIGTERM'],
  );
});

test('a reload has the new one ready before the old one is retired, slot by slot', async () => {
  const { supervisor, launcher, facts, drained, makeReady } = setUp();
  supervisor.desire('web', wish({ wanted: 2 }));
  await makeReady();
  facts.length = 0;
  supervisor.desire('web', wish({ wanted: 2, generation: 2 }));
  await makeReady();
  await makeReady();
  assert.deepEqual(facts, [
    'rollout started',
    'web.0#3 spawned',
    'web.0#3 ready',
    'web.0#1 draining',
    'web.1#4 spawned',
    'web.1#4 ready',
    'web.1#2 draining',
    'rollout done',
  ]);
  assert.equal(supervisor.app('web')?.isSettled, true);
  drained();
  await settle();
  for (const process of launcher.launched.slice(0, 2)) process.exit();
  await settle();
  assert.deepEqual(
    supervisor.app('web')?.instances.map(({ key }) => key),
    ['web.0#3', 'web.1#4'],
  );
});

test('a reload whose new instance crashes keeps every old one', async () => {
  const { supervisor, launcher, facts, retired, makeReady } = setUp();
  supervisor.desire('web', wish({ wanted: 2 }));
  await makeReady();
  supervisor.desire('web', wish({ wanted: 2, generation: 2 }));
  await settle();
  launcher.launched[2]?.exit({ code: 1, signal: null });
  await settle();
  assert.equal(facts.at(-1), 'rollout failed');
  assert.deepEqual(retired, []);
  assert.deepEqual(
    supervisor.app('web')?.instances.map(({ key }) => key),
    ['web.0#1', 'web.1#2'],
  );
  assert.equal(launcher.launched.length, 3, 'it is not tried again by itself');
});

test('a reload whose new instance never gets ready fails at its time, keeps the old one and ends the new one', async () => {
  const { supervisor, launcher, clock, facts, makeReady } = setUp();
  supervisor.desire('web', wish());
  await makeReady();
  supervisor.desire('web', wish({ generation: 2 }));
  await settle();
  clock.advance(30_000);
  await settle();
  assert.equal(facts.at(-1), 'rollout failed');
  assert.deepEqual(launcher.launched[1]?.signals, ['SIGTERM']);
  clock.advance(10_000);
  assert.deepEqual(launcher.launched[1]?.signals, ['SIGTERM', 'SIGKILL']);
  launcher.launched[1]?.exit({ code: null, signal: 'SIGKILL' });
  await settle();
  assert.deepEqual(
    supervisor.app('web')?.instances.map(({ key }) => key),
    ['web.0#1'],
  );
});

test('going back to the old generation after a half done rollout replaces what is new', async () => {
  const { supervisor, launcher, drained, makeReady } = setUp();
  supervisor.desire('web', wish({ wanted: 2 }));
  await makeReady();
  supervisor.desire('web', wish({ wanted: 2, generation: 2 }));
  await makeReady();
  await settle();
  launcher.launched[3]?.exit({ code: 1, signal: null });
  await settle();
  supervisor.desire('web', wish({ wanted: 2, generation: 1 }));
  await makeReady();
  drained();
  await settle();
  for (const process of launcher.launched.slice(0, 3)) if (process.signals.length > 0) process.exit();
  await settle();
  const generations = supervisor.app('web')?.current.map(({ generation }) => generation);
  assert.deepEqual(generations, [1, 1]);
  assert.equal(supervisor.app('web')?.isSettled, true);
});

test('a restart ends all old ones before new ones start', async () => {
  const { supervisor, launcher, drained, makeReady } = setUp();
  supervisor.desire('web', wish({ wanted: 2 }));
  await makeReady();
  supervisor.desire('web', wish({ wanted: 2, generation: 2, mode: 'restart' }));
  await settle();
  drained();
  await settle();
  assert.equal(launcher.launched.length, 2);
  for (const process of launcher.launched) process.exit();
  await makeReady();
  assert.equal(launcher.launched.length, 4);
  assert.equal(supervisor.app('web')?.isSettled, true);
});

test('an instance that dies while it drains does not come back', async () => {
  const { supervisor, launcher, clock, makeReady } = setUp();
  supervisor.desire('web', wish({ wanted: 2 }));
  await makeReady();
  supervisor.desire('web', wish({ wanted: 1 }));
  await settle();
  launcher.launched[1]?.exit({ code: 1, signal: null });
  await settle();
  clock.advance(60_000);
  await settle();
  assert.equal(launcher.launched.length, 2);
  assert.equal(supervisor.app('web')?.instances.length, 1);
});

test('a spawn that fails is told and tried again, also after the first success', async () => {
  const { supervisor, launcher, clock, facts, makeReady } = setUp();
  launcher.failure = new Error('no more processes (EAGAIN)');
  supervisor.desire('web', wish());
  await settle();
  assert.deepEqual(facts, ['web.0#1 spawnFailed', 'web.0#1 backoff']);
  launcher.failure = null;
  clock.advance(30_000);
  await makeReady();
  assert.equal(supervisor.app('web')?.isSettled, true);
});

test('a stop that comes while the process is being spawned ends it', async () => {
  const { supervisor, launcher } = setUp();
  supervisor.desire('web', wish());
  supervisor.desire('web', wish({ wanted: 0 }));
  await settle();
  assert.deepEqual(launcher.launched[0]?.signals, ['SIGTERM']);
  launcher.launched[0]?.exit();
  await settle();
  assert.equal(supervisor.app('web')?.isGone, true);
});

test('the next daemon goes on from the records: what died is started again, what drained is retired', async () => {
  const first = setUp();
  first.supervisor.desire('web', wish({ wanted: 2 }));
  await first.makeReady();
  const records = first.supervisor.records().map((record) => ({ ...record, process: null }));
  const second = setUp();
  second.supervisor.resume(new Map([['web', wish({ wanted: 2 })]]), records);
  second.clock.advance(1);
  await second.makeReady();
  assert.deepEqual(second.facts.slice(0, 2), ['web.0#1 crashed', 'web.0#1 backoff']);
  assert.deepEqual(
    second.launcher.launched.map(({ request }) => request.serial),
    [3, 4],
    'serials go on where they were',
  );
});

/** The records of a daemon that was killed after it had asked for processes, and before there were any. */
async function killedEarly(
  desired: DesiredApp,
  then: (started: ReturnType<typeof setUp>) => void = () => undefined,
) {
  const first = setUp();
  first.supervisor.desire('web', desired);
  then(first);
  const records = first.supervisor.records();
  assert.ok(records.length > 0 && records.every(({ process }) => process === null));
  await settle();
  return records;
}

test('what was asked for, but had not begun when the daemon was killed, is started, and nothing counts', async () => {
  const restart = { ...fakePlan().restart, when: 'never' } as const;
  const desired = wish({ plan: fakePlan({ restart }) });
  const records = await killedEarly(desired);
  const { supervisor, clock, facts, makeReady } = setUp();
  supervisor.resume(new Map([['web', desired]]), records);
  clock.advance(1);
  await makeReady();
  assert.deepEqual(facts, ['web.0#2 spawned', 'web.0#2 ready']);
  assert.equal(supervisor.app('web')?.current[0]?.restarts, 0);
});

test('a stop that came before the process had begun holds for the next daemon', async () => {
  const records = await killedEarly(wish(), ({ supervisor }) =>
    supervisor.desire('web', wish({ wanted: 0 })),
  );
  const { supervisor, clock, facts, launcher } = setUp();
  supervisor.resume(new Map([['web', wish({ wanted: 0 })]]), records);
  clock.advance(1);
  await settle();
  assert.deepEqual([facts, launcher.launched, supervisor.app('web')?.isGone], [[], [], true]);
});

test('the run of a job that had not begun when the daemon was killed has not been', async () => {
  const plan = fakePlan({ job });
  const records = await killedEarly(wish({ plan }), ({ supervisor }) => {
    supervisor.app('web')?.current[0]?.dispatch({ type: 'start' });
  });
  const { supervisor, clock, facts, launcher } = setUp();
  supervisor.resume(new Map([['web', wish({ plan })]]), records);
  clock.advance(1);
  await settle();
  const [instance] = supervisor.app('web')?.current ?? [];
  assert.deepEqual([instance?.phase, instance?.lastExit], ['done', null]);
  assert.deepEqual([facts, launcher.launched], [[], []]);
});

for (const dead of ['of the moment before it began', 'of the one before it']) {
  test(`an instance that lives but is in no record keeps its slot, also when there is a record ${dead}`, async (t) => {
    const [asked] = await killedEarly(wish());
    assert.ok(asked);
    const process = {
      serial: 1,
      spawnedAt: 1,
      lease: { out: '', err: '', socket: null, port: null, guest: true },
    };
    const { machine } = asked.snapshot;
    const ready = { ...machine, phase: 'ready', deadline: null } as const;
    const stray = {
      ...asked,
      snapshot: { ...asked.snapshot, serial: dead.endsWith('it') ? 2 : 1, machine: ready },
      process: { ...process, ...living(t) },
    };
    const before = dead.endsWith('it')
      ? {
          ...asked,
          snapshot: { ...asked.snapshot, machine: ready },
          process: { ...process, pid: 2 ** 22, startTime: 1 },
        }
      : asked;
    const { supervisor, launcher, facts } = setUp();
    supervisor.resume(new Map([['web', wish()]]), [before, stray]);
    await settle();
    assert.deepEqual(
      supervisor.app('web')?.current.map(({ key, phase }) => [key, phase]),
      [[`web.0#${stray.snapshot.serial}`, 'ready']],
    );
    assert.equal(supervisor.app('web')?.instances.length, 1);
    assert.equal(launcher.launched.length, 0);
    assert.ok(identify(stray.process.pid), 'it is left alone');
    assert.deepEqual(
      facts.filter((fact) => fact.endsWith('crashed')),
      [],
    );
  });
}

test('the next daemon adopts an instance of the generation before with the plan that it was started with', async () => {
  const old = fakePlan({ env: { VERSION: '1' } });
  const broken = fakePlan({ env: { VERSION: '2' } });
  const first = setUp();
  first.supervisor.desire('web', wish({ plan: old }));
  await first.makeReady();
  const records = first.supervisor.records().map((record) => ({ ...record, process: null }));
  const second = setUp();
  const previous = { plan: old, generation: 1 };
  second.supervisor.resume(new Map([['web', wish({ plan: broken, generation: 2, previous })]]), records);
  assert.deepEqual(second.supervisor.app('web')?.instances[0]?.plan.env, { VERSION: '1' });
});

test('the next daemon takes over what drains after everything else, so that there is somebody to ask about it', async () => {
  const first = setUp();
  first.supervisor.desire('web', wish());
  first.supervisor.desire('edge', wish({ plan: fakePlan({ name: 'edge' }) }));
  await first.makeReady();
  const [web, edge] = first.supervisor.records();
  assert.ok(web && edge);
  const order: string[] = [];
  const second = setUp((fact) => order.push(fact));
  const desired = new Map([
    ['web', wish()],
    ['edge', wish({ plan: fakePlan({ name: 'edge' }) })],
  ]);
  const gone = { process: null };
  second.supervisor.resume(desired, [
    { ...web, ...gone, retiring: true },
    { ...edge, ...gone },
  ]);
  assert.deepEqual(order.slice(0, 2), ['edge.0#1 crashed', 'edge.0#1 backoff']);
  assert.equal(order[2], 'web.0#1 stopped');
});

test('stopping everything hastens what drains for a successor, and ends one that is not ready yet', async () => {
  const { supervisor, launcher, retired, drained, makeReady } = setUp();
  supervisor.desire('web', wish({ wanted: 2 }));
  await makeReady();
  supervisor.desire('web', wish({ wanted: 2, generation: 2 }));
  await makeReady();
  await settle();
  assert.deepEqual(retired, ['web.0#1']);
  supervisor.desire('web', wish({ wanted: 0, generation: 2 }));
  await settle();
  assert.ok(retired.filter((key) => key === 'web.0#1').length === 2, 'it is asked to drain once more');
  assert.deepEqual(launcher.launched[3]?.signals, ['SIGTERM'], 'the candidate ends');
  drained();
  await settle();
  for (const process of launcher.alive) process.exit();
  await settle();
  assert.equal(supervisor.app('web')?.isGone, true);
});

test('a rollout that is cut short because everything ends has not failed', async () => {
  const { supervisor, launcher, facts, drained, makeReady } = setUp();
  supervisor.desire('web', wish());
  await makeReady();
  supervisor.desire('web', wish({ generation: 2 }));
  await settle();
  supervisor.desire('web', wish({ generation: 2, wanted: 0 }));
  await settle();
  drained();
  await settle();
  for (const process of launcher.alive) process.exit();
  await settle();
  assert.equal(supervisor.app('web')?.isGone, true);
  assert.deepEqual(
    facts.filter((fact) => fact.startsWith('rollout')),
    ['rollout started'],
  );
  supervisor.desire('web', wish({ generation: 2 }));
  await makeReady();
  assert.equal(supervisor.app('web')?.isSettled, true);
});

const job = { expression: '0 4 * * *', timezone: null, missed: 'skip', timeoutMs: null } as const;

test('a job is there and waits; it runs when it is started, and once', async () => {
  const { supervisor, launcher, facts, makeReady } = setUp();
  supervisor.desire('web', wish({ plan: fakePlan({ job }), wanted: 2 }));
  await settle();
  const app = supervisor.app('web');
  assert.deepEqual(
    app?.current.map(({ phase, machine }) => [phase, machine.reason]),
    [
      ['done', 'waits for its time'],
      ['done', 'waits for its time'],
    ],
  );
  assert.equal(app?.isSettled, true);
  assert.deepEqual(facts, []);
  app?.current[0]?.dispatch({ type: 'start' });
  await makeReady();
  assert.equal(app?.isSettled, true);
  launcher.launched[0]?.exit({ code: 2, signal: null });
  await settle();
  assert.equal(launcher.launched.length, 1);
  assert.deepEqual(facts, ['web.0#1 spawned', 'web.0#1 ready', 'web.0#1 crashed', 'web.0#1 done']);
});

test('the end of a job that was asked for leaves it waiting', async () => {
  const { supervisor, launcher, makeReady } = setUp();
  supervisor.desire('web', wish({ plan: fakePlan({ job }) }));
  await settle();
  const [instance] = supervisor.app('web')?.current ?? [];
  instance?.dispatch({ type: 'start' });
  await makeReady();
  instance?.dispatch({ type: 'stop' });
  launcher.launched[0]?.exit({ code: null, signal: 'SIGTERM' });
  await settle();
  assert.deepEqual(
    supervisor.app('web')?.instances.map(({ phase }) => phase),
    ['done'],
  );
});

test('a new plan lets the run of a job finish, and runs nothing', async () => {
  const { supervisor, launcher, makeReady } = setUp();
  supervisor.desire('web', wish({ plan: fakePlan({ job }) }));
  await settle();
  supervisor.app('web')?.current[0]?.dispatch({ type: 'start' });
  await makeReady();
  supervisor.desire('web', wish({ plan: fakePlan({ job, env: { NEW: '1' } }), generation: 2 }));
  await makeReady();
  assert.deepEqual([launcher.launched.length, launcher.launched[0]?.signals], [1, []]);
  assert.equal(supervisor.app('web')?.isSettled, true);
  launcher.launched[0]?.exit();
  await settle();
  const [instance, ...others] = supervisor.app('web')?.instances ?? [];
  assert.deepEqual([instance?.phase, instance?.generation, others], ['done', 2, []]);
  assert.equal(launcher.launched.length, 1);
});

test('a worn instance is replaced without a gap, within its generation, and its count goes on', async () => {
  const { supervisor, launcher, clock, facts, drained, makeReady } = setUp();
  supervisor.desire('web', wish({ wanted: 2, mode: 'restart' }));
  await makeReady();
  launcher.launched[1]?.exit({ code: 1, signal: null });
  clock.advance(1);
  await makeReady();
  facts.length = 0;
  const app = supervisor.app('web');
  const worn = app?.current.find(({ slot }) => slot === 1);
  assert.ok(app && worn);
  app.replace(worn, 'it uses 600 MB');
  assert.equal(app.isSettled, false);
  await makeReady();
  assert.deepEqual(facts, [
    'rollout started',
    'web.1#4 spawned',
    'web.1#4 ready',
    'web.1#3 draining',
    'rollout done',
  ]);
  drained();
  await settle();
  launcher.launched[2]?.exit();
  await settle();
  assert.deepEqual(
    app.instances.map(({ key, generation, restarts, worn }) => [key, generation, restarts, worn]),
    [
      ['web.0#1', 1, 0, null],
      ['web.1#4', 1, 1, null],
    ],
  );
  assert.equal(app.isSettled, true);
});

test('a worn instance stays when the new one does not get ready, and it is tried again later', async () => {
  const { supervisor, launcher, clock, facts, makeReady } = setUp();
  supervisor.desire('web', wish());
  await makeReady();
  const app = supervisor.app('web');
  const worn = app?.current[0];
  assert.ok(app && worn);
  app.replace(worn, 'memory');
  await settle();
  launcher.launched[1]?.exit({ code: 1, signal: null });
  await settle();
  assert.equal(facts.at(-1), 'rollout failed');
  clock.advance(5000);
  await settle();
  assert.equal(launcher.launched.length, 2, 'not at once');
  assert.equal(worn.phase, 'ready');
  clock.advance(30_000);
  await makeReady();
  assert.deepEqual(facts.slice(-3), ['web.0#3 ready', 'web.0#1 draining', 'rollout done']);
});

test('a worn instance that could not be replaced has its pause, whatever becomes of others', async () => {
  const { supervisor, launcher, clock, facts, makeReady } = setUp();
  supervisor.desire('web', wish({ wanted: 2 }));
  await makeReady();
  const app = supervisor.app('web');
  const [first, second] = app?.current ?? [];
  assert.ok(app && first && second);
  app.replace(first, 'memory');
  await settle();
  launcher.launched[2]?.exit({ code: 1, signal: null });
  await settle();
  app.replace(second, 'memory');
  await makeReady();
  assert.deepEqual(
    launcher.launched.map(({ request }) => request.slot),
    [0, 1, 0, 1],
    'only the other one is replaced',
  );
  clock.advance(30_000);
  await makeReady();
  assert.deepEqual(facts.slice(-3), ['web.0#5 ready', 'web.0#1 draining', 'rollout done']);
});

test('a worn instance that dies by itself is no longer worn', async () => {
  const { supervisor, launcher, clock, facts, makeReady } = setUp();
  supervisor.desire('web', wish());
  await makeReady();
  const app = supervisor.app('web');
  const worn = app?.current[0];
  assert.ok(app && worn);
  app.replace(worn, 'memory');
  await settle();
  launcher.launched[1]?.exit({ code: 1, signal: null });
  await settle();
  launcher.launched[0]?.exit({ code: 1, signal: null });
  clock.advance(1);
  await makeReady();
  assert.equal(worn.worn, null);
  clock.advance(60_000);
  await settle();
  assert.equal(launcher.launched.length, 3);
  assert.equal(facts.at(-1), 'web.0#3 ready');
});

test('the next daemon finishes what a worn instance was to come to', async (t) => {
  const first = setUp();
  first.supervisor.desire('web', wish());
  await first.makeReady();
  const app = first.supervisor.app('web');
  const [worn] = app?.current ?? [];
  assert.ok(app && worn);
  app.replace(worn, 'memory');
  await settle();
  // The daemon was killed with the new one under way.
  const records = first.supervisor.records();
  assert.deepEqual(
    records.map(({ snapshot }) => [snapshot.serial, snapshot.worn]),
    [
      [1, 'memory'],
      [2, null],
    ],
  );
  const second = setUp();
  second.supervisor.resume(
    new Map([['web', wish()]]),
    records.map((record) => ({ ...record, process: record.process && { ...record.process, ...living(t) } })),
  );
  await settle();
  const [current] = second.supervisor.app('web')?.current ?? [];
  assert.equal(current?.serial, 1, 'the old one serves');
  assert.deepEqual(
    second.launcher.launched.map(({ request }) => request.serial),
    [3],
    'and gets a successor',
  );
});

test('where two cannot run at once, a worn one ends first', async () => {
  const { supervisor, launcher, drained, makeReady } = setUp();
  supervisor.desire('web', wish({ overlap: false }));
  await makeReady();
  const app = supervisor.app('web');
  const worn = app?.current[0];
  assert.ok(app && worn);
  app.replace(worn, 'memory');
  await settle();
  drained();
  await settle();
  assert.deepEqual([launcher.launched.length, launcher.launched[0]?.signals], [1, ['SIGTERM']]);
  launcher.launched[0]?.exit();
  await makeReady();
  assert.equal(app.isSettled, true);
  assert.equal(launcher.launched.length, 2);
});

test('where two cannot run at once, one that still ends is waited for, whoever ends it and why', async () => {
  const { supervisor, launcher, drained, makeReady } = setUp();
  const web = (overrides: Partial<DesiredApp>) => wish({ wanted: 2, overlap: false, ...overrides });
  const end = async (process = launcher.alive[0]) => {
    drained();
    await settle();
    assert.deepEqual(process?.signals, ['SIGTERM']);
    process.exit();
    await makeReady();
  };
  supervisor.desire('web', web({}));
  await makeReady();
  supervisor.desire('web', web({ idle: [1] }));
  supervisor.desire('web', web({}));
  await settle();
  assert.equal(launcher.launched.length, 2);
  assert.equal(supervisor.app('web')?.isSettled, false, 'who starts it waits');
  await end(launcher.launched[1]);
  assert.equal(launcher.launched.length, 3);
  supervisor.desire('web', web({ wanted: 1 }));
  supervisor.desire('web', web({}));
  await settle();
  assert.equal(launcher.launched.length, 3);
  await end(launcher.launched[2]);
  assert.equal(launcher.launched.length, 4);
  supervisor.desire('web', web({ wanted: 0 }));
  supervisor.desire('web', web({}));
  await settle();
  assert.equal(launcher.launched.length, 4);
  await end(launcher.launched[0]);
  await end(launcher.launched[3]);
  assert.equal(launcher.launched.length, 6);
  assert.equal(supervisor.app('web')?.isSettled, true);
});

test('the next daemon, too, waits for what ends before it starts the other of two that cannot run at once', async (t) => {
  const first = setUp();
  first.supervisor.desire('web', wish());
  await first.makeReady();
  first.supervisor.desire('web', wish({ generation: 2, mode: 'restart' }));
  await settle();
  const records = first.supervisor.records();
  assert.deepEqual(
    records.map(({ retiring }) => retiring),
    [true],
  );
  const second = setUp();
  const old = living(t);
  second.supervisor.resume(
    new Map([['web', wish({ generation: 2, mode: 'restart' })]]),
    records.map((record) => ({ ...record, process: record.process && { ...record.process, ...old } })),
  );
  await settle();
  assert.equal(second.launcher.launched.length, 0);
  second.drained();
  await settle();
  await ended(old, second.clock);
  await settle();
  assert.equal(second.launcher.launched.length, 1);
});

test('slots that are idle have no instance, and the others do not change', async () => {
  const { supervisor, launcher, drained, makeReady } = setUp();
  supervisor.desire('web', wish({ wanted: 3, oneFirst: true, idle: [0] }));
  await makeReady();
  await makeReady();
  const app = supervisor.app('web');
  assert.deepEqual(
    app?.current.map(({ slot }) => slot),
    [1, 2],
  );
  assert.equal(app?.isSettled, true);
  supervisor.desire('web', wish({ wanted: 3, idle: [0, 2] }));
  await settle();
  drained();
  await settle();
  launcher.launched[1]?.exit();
  await settle();
  assert.deepEqual(
    app?.instances.map(({ slot }) => slot),
    [1],
  );
  supervisor.desire('web', wish({ wanted: 3 }));
  await makeReady();
  assert.equal(app?.current.length, 3);
  assert.equal(launcher.launched.length, 4);
});

function named(name: string, after: readonly string[] = []): DesiredApp {
  return wish({ plan: fakePlan({ name, after }) });
}

test('an app waits until those that it is after are ready, and says for whom', async () => {
  const { supervisor, launcher } = setUp();
  const started = () => launcher.launched.map(({ request }) => request.plan.name);
  supervisor.desire('web', named('web', ['db', 'cache']));
  assert.deepEqual(supervisor.app('web')?.waitsFor, {
    app: 'db',
    state: 'does not exist',
    hopeless: true,
  });
  supervisor.desire('db', named('db'));
  supervisor.desire('cache', named('cache', ['db']));
  await settle();
  assert.deepEqual(started(), ['db']);
  assert.deepEqual(supervisor.app('web')?.waitsFor, {
    app: 'db',
    state: 'is not ready yet',
    hopeless: false,
  });
  assert.equal(supervisor.app('web')?.isSettled, false);
  supervisor.app('db')?.current[0]?.dispatch({ type: 'ready' });
  await settle();
  assert.deepEqual(started(), ['db', 'cache']);
  supervisor.app('cache')?.current[0]?.dispatch({ type: 'ready' });
  await settle();
  assert.deepEqual(started(), ['db', 'cache', 'web']);
  assert.equal(supervisor.app('web')?.waitsFor, null);
});

test('a crash does not wait for anybody', async () => {
  const { supervisor, launcher, clock, makeReady } = setUp();
  supervisor.desire('db', named('db'));
  supervisor.desire('web', named('web', ['db']));
  await makeReady();
  await makeReady();
  supervisor.desire('db', { ...named('db'), wanted: 0 });
  launcher.launched[1]?.exit({ code: 1, signal: null });
  clock.advance(1);
  await settle();
  assert.deepEqual(
    launcher.launched.map(({ request }) => request.plan.name),
    ['db', 'web', 'web'],
  );
});

for (const [how, exit, state] of [
  ['well', { code: 0, signal: null }, null],
  ['with a stop code', { code: 4, signal: null }, null],
  ['badly', { code: 1, signal: null }, 'has failed: exited with code 1'],
] as const) {
  test(`one that has done its work ${how} is ${state === null ? 'as good as one that runs' : 'waited for in vain'}`, async () => {
    const { supervisor, launcher } = setUp();
    const restart = { ...fakePlan().restart, when: 'never', stopCodes: [4] } as const;
    supervisor.desire('migrate', wish({ plan: fakePlan({ name: 'migrate', restart }) }));
    supervisor.desire('web', named('web', ['migrate']));
    await settle();
    launcher.launched[0]?.exit(exit);
    await settle();
    const { waitsFor = null } = supervisor.app('web') ?? {};
    assert.deepEqual(waitsFor, state === null ? null : { app: 'migrate', state, hopeless: true });
    assert.equal(launcher.launched.length, state === null ? 2 : 1);
  });
}

test('apps that wait for each other do not hang the daemon', async () => {
  const { supervisor, launcher } = setUp();
  supervisor.desire('a', named('a', ['b']));
  supervisor.desire('b', named('b', ['a']));
  await settle();
  assert.equal(launcher.launched.length, 0);
  assert.equal(supervisor.app('a')?.waitsFor?.app, 'b');
});
