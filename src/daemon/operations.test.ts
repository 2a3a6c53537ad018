import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { FakeLauncher, fakePlan } from '../../test/support/fake-process.ts';
import { appRoute } from '../../test/support/plans.ts';
import { freePort } from '../../test/support/ports.ts';
import { tempDir } from '../../test/support/temp-dir.ts';
import { edgeDefaults } from '../config/app-defaults.ts';
import type { AppPlan, EdgePlan, Plan, SitePlan } from '../config/plan.ts';
import { projectDefaults } from '../config/release-defaults.ts';
import { siteDefaults } from '../config/traffic-defaults.ts';
import { HoldfastError } from '../errors.ts';
import { FakeClock } from '../kit/clock.ts';
import { Supervisor } from '../supervisor/supervisor.ts';
import { Doors } from './doors.ts';
import { EDGE } from './edge-app.ts';
import { Operations, type OperationsOptions } from './operations.ts';
import { DesiredStore } from './state.ts';

const SOURCE = '/etc/holdfast.config.js';

type Store = DesiredStore;

/** Commands on processes that exist only as objects: each gets ready by itself, and ends when it is asked to. */
function setUp(t: TestContext, edgeEntry = '/old/edge.js', store: Store = emptyStore(t)) {
  const clock = new FakeClock(1_000_000);
  const launcher = new FakeLauncher(() => clock.now());
  const doors = new Doors([], () => undefined);
  const control = { orphans: Promise.resolve(), drained: Promise.resolve(), getReady: true };
  const heard: string[] = [];
  const supervisor = new Supervisor({
    clock,
    random: () => 0,
    launcher,
    traffic: { admit: async () => undefined, retire: () => control.drained },
    askToEnd: () => false,
    hindrance: () => null,
    onFact: (fact) => {
      if (fact.kind === 'rollout') heard.push(fact.fact.type);
      operations.heard(fact);
    },
    onChange: () => undefined,
  });
  const operations: Operations = new Operations({
    store,
    doors,
    supervisor,
    journal: { record: () => undefined },
    outputs: {
      begin: () => undefined,
      configure: () => undefined,
      setHomeCap: () => undefined,
      forget: () => undefined,
      lastLines: () => [],
      ended: async () => undefined,
    },
    crashes: { forget: () => undefined },
    orphans: { end: () => control.orphans, endAll: async () => undefined },
    edgeEntry,
    egressEntry: '/egress.js',
    edgeEnv: {},
    requireRights: () => undefined,
    refreshRoutes: () => undefined,
    portsFreed: async () => undefined,
    front: { check: async () => undefined, settled: async () => undefined, withdraw: async () => undefined },
    // Only what is called of them.
  } as unknown as OperationsOptions);
  t.after(() => {
    for (const door of doors.all) doors.close(door);
  });

  const work = () => {
    for (const instance of supervisor.apps.flatMap(({ instances }) => instances)) {
      if (control.getReady && instance.phase === 'starting' && instance.running) {
        instance.dispatch({ type: 'ready' });
      }
    }
    for (const process of launcher.alive) if (process.signals.length > 0) process.exit();
  };
  /** Lets the processes do what they do until this is done. */
  const finished = async <T>(command: Promise<T>): Promise<T> => {
    let isDone = false;
    const end = () => {
      isDone = true;
    };
    command.then(end, end);
    for (let turn = 0; turn < 500 && !isDone; turn++) {
      work();
      await new Promise((resolve) => setImmediate(resolve));
    }
    assert.ok(isDone, 'it does not end');
    return command;
  };
  const files = () => launcher.alive.map(({ request }) => request.plan.command.file);
  return { control, launcher, operations, store, supervisor, heard, finished, files };
}

function emptyStore(t: TestContext): Store {
  const store = new DesiredStore({
    dir: tempDir(t),
    clock: new FakeClock(),
    onUnsaved: (error) => assert.fail(error),
    onEdit: () => undefined,
  });
  t.after(() => store.close());
  return store;
}

function config(apps: readonly AppPlan[], sites: readonly SitePlan[] = [], port = 80): Plan {
  return {
    ...projectDefaults,
    source: SOURCE,
    apps: Object.fromEntries(apps.map((app) => [app.name, app])),
    sites: Object.fromEntries(sites.map((site) => [site.host, site])),
    edge: {
      ...edgeDefaults,
      http: { host: '127.0.0.1', port },
      https: { host: '127.0.0.1', port: 0 },
      processes: 1,
      drainMs: 1000,
    } as EdgePlan,
    logsTotalBytes: null,
    egress: null,
    front: null,
  };
}

function named(name: string, given: Partial<AppPlan> = {}): AppPlan {
  return fakePlan({ name, ...given });
}

/** Is done when it is told to be. */
function gate(): { promise: Promise<void>; open: () => void } {
  let open = (): void => undefined;
  const promise = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { promise, open };
}

describe('what happens while `up` waits', () => {
  test('to other apps stays so', async (t) => {
    const { control, operations, store, supervisor, finished } = setUp(t);
    await finished(operations.start(named('other')));
    await finished(operations.start(named('third')));
    const { promise, open } = gate();
    control.orphans = promise;
    const up = operations.up(config([named('web')]));
    control.orphans = Promise.resolve();
    await finished(operations.start(named('late')));
    await finished(operations.stop('other'));
    await finished(operations.scale('third', 2));
    open();
    await finished(up);
    const { apps } = store.state;
    assert.deepEqual(Object.keys(apps).sort(), ['late', 'other', 'third', 'web']);
    assert.equal(apps.other?.stopped, true);
    assert.equal(apps.third?.plan.instances, 2);
    assert.equal(supervisor.app('late')?.isSettled, true);
  });

  test('to what its own file named before, too: nothing is left over', async (t) => {
    const { control, operations, store, launcher, finished } = setUp(t);
    const { promise, open } = gate();
    control.orphans = promise;
    const up = operations.up(config([named('web')]));
    control.orphans = Promise.resolve();
    await finished(operations.up(config([named('api')])));
    open();
    await finished(up);
    assert.deepEqual(Object.keys(store.state.apps), ['web']);
    assert.deepEqual(
      launcher.alive.map(({ request }) => request.plan.name),
      ['web'],
    );
  });

  test('a name that another took meanwhile is refused', async (t) => {
    const { control, operations, store, finished } = setUp(t);
    const { promise, open } = gate();
    control.orphans = promise;
    const up = operations.up(config([named('web')]));
    control.orphans = Promise.resolve();
    await finished(operations.start(named('web')));
    open();
    await assert.rejects(finished(up), /Cannot take "web" from/);
    assert.equal(store.state.apps.web?.source, null);
  });

  test('`down` ends it', async (t) => {
    const { control, operations, store, launcher, finished } = setUp(t);
    const { promise, open } = gate();
    control.orphans = promise;
    const up = operations.up(config([named('web')]));
    await finished(operations.down());
    open();
    await assert.rejects(finished(up), (error) => error instanceof HoldfastError && error.code === 'BUSY');
    assert.deepEqual([store.state.apps, launcher.launched], [{}, []]);
  });
});

test('a daemon that is told to end during a reload keeps what was wished', async (t) => {
  const { control, operations, store, finished, heard } = setUp(t);
  await finished(operations.up(config([named('web')])));
  control.getReady = false;
  const next = named('web', { env: { VERSION: '2' } });
  const up = operations.up(config([next]));
  up.catch(() => undefined);
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(heard, ['started']);
  await finished(operations.suspend());
  assert.deepEqual(store.state.apps.web?.plan.env, { VERSION: '2' });
  assert.equal(store.state.apps.web?.previous, null, 'of the old one nothing is left to go back to');
});

describe('the edge after an upgrade', () => {
  const site = (): SitePlan => ({
    host: '*',
    routes: [appRoute('/', 'web')],
    tls: null,
    content: null,
    ...siteDefaults,
  });

  /** As the daemon begins with what the one before it left. */
  async function upgraded(t: TestContext, from: string, to: string, runs = true) {
    const first = setUp(t, from);
    await first.finished(first.operations.up(config([named('web')], [site()], await freePort())));
    const { generation } = first.store.state.apps[EDGE] ?? {};
    const second = setUp(t, to, first.store);
    second.operations.renewOwn(() => runs);
    const edge = () => second.store.state.apps[EDGE];
    return { ...second, edge, generation: generation ?? 0 };
  }

  test('is replaced by that of the new version, with a way back', async (t) => {
    const { edge, generation } = await upgraded(t, '/old/edge.js', '/new/edge.js');
    assert.equal(edge()?.plan.command.file, '/new/edge.js');
    assert.equal(edge()?.generation, generation + 1);
    assert.equal(edge()?.previous?.plan.command.file, '/old/edge.js');
    assert.equal(edge()?.mode, 'rolling');
  });

  test('is replaced once, though `hold upgrade` asks for it as well', async (t) => {
    const { edge, generation, operations, supervisor, finished, files } = await upgraded(t, '/old', '/new');
    for (const [name, wish] of operations.desiredApps()) supervisor.desire(name, wish);
    await finished(operations.reload(EDGE));
    assert.equal(edge()?.generation, generation + 1);
    assert.ok(files().includes('/new') && !files().includes('/old'));
  });

  test('is as it was when that is the same file: then only `hold upgrade` replaces it', async (t) => {
    const { edge, generation, operations } = await upgraded(t, '/same', '/same');
    assert.equal(edge()?.generation, generation);
    void operations.reload(EDGE).catch(() => undefined);
    assert.equal(edge()?.generation, generation + 1);
  });

  test('starts as that of the new version after a boot, with nothing to replace', async (t) => {
    const { edge, generation } = await upgraded(t, '/old/edge.js', '/new/edge.js', false);
    assert.equal(edge()?.plan.command.file, '/new/edge.js');
    assert.deepEqual([edge()?.generation, edge()?.previous], [generation, null]);
  });
});
