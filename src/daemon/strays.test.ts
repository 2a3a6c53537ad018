import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { type TestContext, test } from 'node:test';
import { fakePlan } from '../../test/support/fake-process.ts';
import { tempDir } from '../../test/support/temp-dir.ts';
import { identify } from '../kit/proc.ts';
import { homePaths } from '../protocol/home.ts';
import { initialState } from '../supervisor/machine.ts';
import type { InstanceRecord } from '../supervisor/supervisor.ts';
import { nothingDesired, type Records } from './state.ts';
import { fresh } from './stored-app.ts';
import { findStrays } from './strays.ts';

const linux = { skip: process.platform === 'linux' ? false : 'reads /proc' };

/** A home with the app `web`. */
function setUp(t: TestContext, plan = fakePlan()) {
  const paths = homePaths(tempDir(t));
  const state = { ...nothingDesired, apps: { web: fresh(plan, null) } };
  return {
    /** Leads a session, and has the environment of an instance; returns its pid. */
    run(serial: number, app = 'web'): number {
      const env = {
        HOLDFAST_HOME: paths.home,
        HOLDFAST_APP: app,
        HOLDFAST_INSTANCE: '0',
        HOLDFAST_SERIAL: String(serial),
        PATH: process.env.PATH,
      };
      const child = spawn('sleep', ['1000'], { detached: true, stdio: 'ignore', env });
      t.after(() => child.kill('SIGKILL'));
      assert.ok(child.pid);
      return child.pid;
    },
    machineOf(pid: number) {
      const found = findStrays(paths, state, { instances: [], serials: {} }, () => false);
      return found.find(({ process: one }) => one?.pid === pid)?.snapshot.machine;
    },
    strays(instances: readonly InstanceRecord[], highest = 0) {
      const serials = highest === 0 ? {} : { web: highest, lost: highest };
      const known: Records = { instances, serials };
      return findStrays(paths, state, known, () => false).map(({ snapshot, process: found }) => ({
        pid: found?.pid,
        serial: snapshot.serial,
        generation: snapshot.generation,
        restarts: snapshot.restarts,
      }));
    },
  };
}

function record(serial: number, pid: number | null): InstanceRecord {
  const lease = { out: '', err: '', socket: null, port: null, guest: true };
  const machine = { ...initialState, phase: pid === null ? 'starting' : 'ready', restarts: 4 } as const;
  return {
    app: 'web',
    retiring: false,
    snapshot: { slot: 0, serial, generation: 7, restarts: 4, worn: null, machine },
    process:
      pid === null ? null : { pid, startTime: identify(pid)?.startTime ?? 1, serial, spawnedAt: 1, lease },
  };
}

test('an instance of which no record was written is found', linux, (t) => {
  const { run, strays } = setUp(t);
  const pid = run(3);
  assert.deepEqual(strays([], 2), [{ pid, serial: 3, generation: 1, restarts: 0 }]);
  assert.deepEqual(strays([]), [{ pid, serial: 3, generation: 1, restarts: 0 }]);
});

test('one of which only the wish was written goes on as what it was started as', linux, (t) => {
  const { run, strays } = setUp(t);
  const pid = run(3);
  assert.deepEqual(strays([record(3, null)], 3), [{ pid, serial: 3, generation: 7, restarts: 4 }]);
});

test('of several that could be the same instance it is the oldest', linux, (t) => {
  const { run, strays } = setUp(t);
  const pid = run(3);
  run(3);
  run(3);
  assert.deepEqual(
    strays([], 2).map((found) => found.pid),
    [pid],
  );
});

test('what an instance that is known has started in sessions of their own is no instance', linux, (t) => {
  const { run, strays } = setUp(t);
  const known = record(3, run(3));
  run(3);
  assert.deepEqual(strays([known], 3), []);
});

test('nor is what those left that have ended', linux, (t) => {
  const { run, strays } = setUp(t);
  run(2);
  assert.deepEqual(strays([record(3, run(3))], 3), []);
  assert.deepEqual(strays([record(3, 2 ** 22)], 3), [], 'of one that died with the daemon');
  assert.deepEqual(strays([], 3), [], 'of one that was stopped');
});

test('what runs of an app that is not known is found, whatever was written once', linux, (t) => {
  const { run, strays } = setUp(t);
  const pid = run(2, 'lost');
  assert.deepEqual(
    strays([], 3).map((found) => found.pid),
    [pid],
  );
});

test('one that may not be ready yet is waited for; one that is older than that is ready', linux, (t) => {
  const young = setUp(t, fakePlan({ readyTimeoutMs: 60_000 }));
  const starting = young.machineOf(young.run(1));
  assert.equal(starting?.phase, 'starting');
  const left = (starting.deadline ?? 0) - Date.now();
  assert.ok(left > 0 && left <= 60_000, String(left));
  const old = setUp(t, fakePlan({ readyTimeoutMs: 0 }));
  const ready = old.machineOf(old.run(1));
  assert.deepEqual([ready?.phase, ready?.deadline], ['ready', null]);
});
