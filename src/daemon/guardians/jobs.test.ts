import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { cleanup, type Test } from '../../../test/support/cleanup.ts';
import { FakeLauncher, fakePlan } from '../../../test/support/fake-process.ts';
import { tempDir } from '../../../test/support/temp-dir.ts';
import { until } from '../../../test/support/until.ts';
import type { JobPlan } from '../../config/plan.ts';
import { FakeClock } from '../../kit/clock.ts';
import { Supervisor } from '../../supervisor/supervisor.ts';
import type { NewEvent } from '../journal.ts';
import { nothingDesired } from '../state.ts';
import { fresh } from '../stored-app.ts';
import { Jobs } from './jobs.ts';

const MINUTE = 60_000;
const NOON = Date.parse('2026-01-01T12:00:00Z');

interface Given extends Partial<JobPlan> {
  /** ms since the epoch. */
  readonly now?: number;
  /** Where an earlier one kept its times. */
  readonly dir?: string;
  readonly instances?: number;
}

/** The guardian of one job `backup`, over processes that exist only as objects. */
async function setUp(t: Test, { now = NOON, dir = tempDir(t), instances = 1, ...job }: Given = {}) {
  const clock = new FakeClock(now);
  const launcher = new FakeLauncher(() => clock.now());
  const events: (Omit<NewEvent, 'type'> & { type: string })[] = [];
  const whole: JobPlan = {
    expression: '*/5 * * * *',
    timezone: 'UTC',
    missed: 'skip',
    timeoutMs: null,
    ...job,
  };
  let plan = fakePlan({ name: 'backup', job: whole, instances });
  let stopped = false;
  const supervisor: Supervisor = new Supervisor({
    clock,
    random: () => 0,
    launcher,
    traffic: { admit: async () => undefined, retire: async () => undefined },
    askToEnd: () => false,
    hindrance: () => null,
    onFact: (fact) => jobs.heard(fact),
    onChange: () => undefined,
  });
  const jobs = new Jobs({
    clock,
    file: join(dir, 'jobs.json'),
    journal: {
      record: (type, event) => {
        events.push({ type, ...event });
        return { seq: 0, time: '', type };
      },
    },
    state: () => ({ ...nothingDesired, apps: { backup: { ...fresh(plan, null), stopped } } }),
    instancesOf: (app) => supervisor.app(app)?.instances ?? [],
    run: async (app) => {
      for (const instance of supervisor.app(app)?.current ?? []) instance.dispatch({ type: 'start' });
    },
  });
  cleanup(t, () => jobs.close());
  supervisor.desire('backup', {
    plan,
    wanted: instances,
    idle: [],
    generation: 1,
    mode: 'rolling',
    overlap: true,
    oneFirst: false,
    previous: null,
    drainLimitMs: null,
  });
  jobs.changed();
  await until(() => clock.pending > 0, { why: 'the job is armed' });
  const it = {
    clock,
    launcher,
    jobs,
    dir,
    events,
    supervisor,
    /** Lets time pass, and processes start and get ready. */
    async pass(ms: number) {
      clock.advance(ms);
      for (let turn = 0; turn < 20; turn++) await Promise.resolve();
      for (const instance of supervisor.app('backup')?.current ?? []) instance.dispatch({ type: 'ready' });
    },
    told: () => events.map(({ type, reason }) => (reason === undefined ? type : `${type}: ${reason}`)),
    change(next: Partial<JobPlan> | null, stop = false) {
      plan = fakePlan({ name: 'backup', job: next === null ? null : { ...whole, ...next } });
      stopped = stop;
      jobs.changed();
    },
  };
  await it.pass(0);
  return it;
}

describe('a job', () => {
  test('does not run before its time', async (t) => {
    const { launcher, pass } = await setUp(t);
    await pass(4 * MINUTE);
    assert.equal(launcher.launched.length, 0);
  });

  test('runs at its times, and what became of it is told', async (t) => {
    const { launcher, pass, told, events } = await setUp(t);
    await pass(5 * MINUTE);
    assert.equal(launcher.alive.length, 1);
    await pass(3000);
    launcher.launched[0]?.exit({ code: 0, signal: null });
    await pass(5 * MINUTE);
    launcher.launched[1]?.exit({ code: 3, signal: null });
    assert.deepEqual(told(), [
      'job.started: by the clock',
      'job.done',
      'job.started: by the clock',
      'job.failed: exited with code 3',
    ]);
    assert.deepEqual(events[0]?.data, { planned: '2026-01-01T12:05:00.000Z' });
    assert.deepEqual(events[1]?.data, { tookMs: 3000, code: 0 });
    assert.equal(events[3]?.data?.code, 3);
  });

  test('never overlaps itself', async (t) => {
    const { launcher, pass, told, events } = await setUp(t);
    await pass(5 * MINUTE);
    await pass(5 * MINUTE);
    assert.equal(launcher.launched.length, 1);
    assert.deepEqual(told(), [
      'job.started: by the clock',
      'job.skipped: its last run, which began 5m ago, has not ended',
    ]);
    assert.deepEqual(events[1]?.data, {
      planned: '2026-01-01T12:10:00.000Z',
      since: '2026-01-01T12:05:00.000Z',
      runningMs: 300_000,
    });
    launcher.launched[0]?.exit();
    await pass(5 * MINUTE);
    assert.equal(launcher.launched.length, 2);
  });

  test('runs in all of its slots', async (t) => {
    const { launcher, pass, told } = await setUp(t, { instances: 3 });
    await pass(5 * MINUTE);
    assert.equal(launcher.alive.length, 3);
    assert.deepEqual(told(), Array(3).fill('job.started: by the clock'));
  });

  test('that a person starts says so', async (t) => {
    const { supervisor, pass, told, launcher } = await setUp(t);
    await pass(5 * MINUTE);
    launcher.launched[0]?.exit();
    await pass(1000);
    supervisor.app('backup')?.current[0]?.dispatch({ type: 'start' });
    await pass(0);
    assert.deepEqual(told(), ['job.started: by the clock', 'job.done', 'job.started: by hand']);
  });

  test('is ended when it takes too long, and has failed', async (t) => {
    const { launcher, pass, told } = await setUp(t, { timeoutMs: 90_000 });
    await pass(5 * MINUTE);
    await pass(89_000);
    assert.deepEqual(launcher.launched[0]?.signals, []);
    await pass(1000);
    assert.deepEqual(launcher.launched[0]?.signals, ['SIGTERM']);
    launcher.launched[0]?.exit({ code: 0, signal: null });
    await pass(5 * MINUTE - 90_000);
    assert.deepEqual(told(), [
      'job.started: by the clock',
      'job.failed: it ran longer than 1m 30s',
      'job.started: by the clock',
    ]);
    // The limit of the first run does not end the second one.
    await pass(80_000);
    assert.deepEqual(launcher.launched[1]?.signals, []);
  });

  test('that cannot be started has failed, and is tried at its next time', async (t) => {
    const { launcher, pass, told } = await setUp(t);
    launcher.failure = new Error('no such file');
    await pass(5 * MINUTE);
    launcher.failure = null;
    await pass(4 * MINUTE);
    assert.deepEqual(told(), ['job.failed: no such file']);
    await pass(MINUTE);
    assert.equal(launcher.alive.length, 1);
  });

  test('that is stopped in the middle has failed', async (t) => {
    const { launcher, pass, told, supervisor } = await setUp(t);
    await pass(5 * MINUTE);
    supervisor.app('backup')?.current[0]?.dispatch({ type: 'stop' });
    launcher.launched[0]?.exit({ code: null, signal: 'SIGTERM' });
    assert.deepEqual(told().slice(1), ['job.failed: it was stopped']);
  });

  test('whose end nobody saw is done, but how is not known', async (t) => {
    const { launcher, pass, told } = await setUp(t);
    await pass(5 * MINUTE);
    launcher.launched[0]?.exit({ code: null, signal: null });
    assert.deepEqual(told().slice(1), [
      'job.done: how it ended is not known: an earlier daemon had started it',
    ]);
  });
});

describe('runs that were missed', () => {
  /** A daemon that was there until five past twelve, and one that comes later. */
  async function missed(t: Test, policy: 'skip' | 'run', now: number, job: Partial<JobPlan> = {}) {
    const before = await setUp(t, job);
    await before.pass(5 * MINUTE);
    before.jobs.close();
    return setUp(t, { ...job, dir: before.dir, now, missed: policy });
  }

  test('are told and left out', async (t) => {
    const { told, launcher, events } = await missed(t, 'skip', NOON + 62 * MINUTE);
    assert.deepEqual(told(), [
      'job.missed: it was due 11 times while Holdfast did not run or the machine slept; it is left out',
    ]);
    assert.deepEqual(events[0]?.data, { times: 11, since: '2026-01-01T12:10:00.000Z', runs: false });
    assert.equal(launcher.launched.length, 0);
  });

  test('are made up for by one run, if the plan says so', async (t) => {
    const { told, launcher, pass } = await missed(t, 'run', NOON + 62 * MINUTE);
    assert.deepEqual(told(), [
      'job.missed: it was due 11 times while Holdfast did not run or the machine slept; it runs once now',
      'job.started: its time was missed',
    ]);
    assert.equal(launcher.launched.length, 1);
    launcher.launched[0]?.exit();
    await pass(MINUTE);
    assert.equal(launcher.launched.length, 1);
  });

  test('are not told twice', async (t) => {
    const once = await missed(t, 'skip', NOON + 62 * MINUTE);
    once.jobs.close();
    const again = await setUp(t, { dir: once.dir, now: NOON + 63 * MINUTE });
    assert.deepEqual(again.told(), []);
  });

  test('do not include one that is only a little late', async (t) => {
    const { told, launcher } = await missed(t, 'skip', NOON + 10 * MINUTE + 2000);
    assert.deepEqual(told(), ['job.started: by the clock']);
    assert.equal(launcher.launched.length, 1);
  });

  test('are known also when there was no run yet', async (t) => {
    const before = await setUp(t);
    before.jobs.close();
    const after = await setUp(t, { dir: before.dir, now: NOON + 8 * MINUTE });
    assert.match(after.told()[0] ?? '', /^job.missed: it was due once /);
  });

  test('do not include the time in which the job was stopped', async (t) => {
    const before = await setUp(t);
    before.change({}, true);
    await before.pass(62 * MINUTE);
    before.change({});
    await before.pass(0);
    assert.deepEqual(before.told(), []);
    await before.pass(3 * MINUTE);
    assert.deepEqual(before.told(), ['job.started: by the clock']);
  });

  test('do not include what another expression would have been', async (t) => {
    const before = await setUp(t, { expression: '0 4 * * *' });
    before.jobs.close();
    const after = await setUp(t, { dir: before.dir, now: NOON + 62 * MINUTE });
    assert.deepEqual(after.told(), []);
  });
});

describe('the times of jobs', () => {
  test('survive a damaged file', async (t) => {
    const before = await setUp(t);
    before.jobs.close();
    writeFileSync(join(before.dir, 'jobs.json'), '{"version":1,"jobs":{"backup"');
    const after = await setUp(t, { dir: before.dir });
    assert.match(after.told()[0] ?? '', /^state\.repaired: .*jobs\.json is damaged/);
    await after.pass(5 * MINUTE);
    assert.equal(after.launcher.launched.length, 1);
  });

  test('survive a file that cannot be read at all', async (t) => {
    const dir = tempDir(t);
    mkdirSync(join(dir, 'jobs.json'));
    const { told, pass, launcher } = await setUp(t, { dir });
    assert.match(told()[0] ?? '', /^state\.repaired: .*jobs\.json cannot be read \(EISDIR/);
    await pass(5 * MINUTE);
    assert.equal(launcher.launched.length, 1);
  });

  test('are written before the run begins', async (t) => {
    const { pass, dir } = await setUp(t);
    await pass(5 * MINUTE);
    const { jobs } = JSON.parse(readFileSync(join(dir, 'jobs.json'), 'utf8'));
    assert.deepEqual(jobs, {
      backup: { at: '2026-01-01T12:05:00.000Z', expression: '*/5 * * * *', timezone: 'UTC' },
    });
  });

  test('are not looked at before desired state is known', async (t) => {
    const { dir, jobs } = await setUp(t);
    jobs.close();
    const before = readFileSync(join(dir, 'jobs.json'), 'utf8');
    const { launcher } = await setUp(t, { dir });
    assert.equal(launcher.launched.length, 0);
    assert.equal(readFileSync(join(dir, 'jobs.json'), 'utf8'), before);
  });

  test('are forgotten with the job', async (t) => {
    const { change, dir, clock, pass, launcher } = await setUp(t);
    change(null);
    assert.equal(clock.pending, 0);
    assert.deepEqual(JSON.parse(readFileSync(join(dir, 'jobs.json'), 'utf8')).jobs, {});
    await pass(62 * MINUTE);
    assert.equal(launcher.launched.length, 0);
  });

  test('follow the plan at once', async (t) => {
    const { change, pass, launcher } = await setUp(t);
    change({ expression: '* * * * *' });
    await pass(MINUTE);
    assert.equal(launcher.launched.length, 1);
  });
});
