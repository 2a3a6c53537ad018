import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { appPlan } from '../../../test/support/plans.ts';
import { releasePlan } from '../../../test/support/promotion.ts';
import { releaseRecord } from '../../../test/support/release-record.ts';
import { tempDir } from '../../../test/support/temp-dir.ts';
import type { HoldfastError } from '../../errors.ts';
import { FakeClock } from '../../kit/clock.ts';
import type { HoldfastEvent } from '../../protocol/events.ts';
import type { PromoteRequest } from '../../protocol/release.ts';
import { RecordFiles } from '../../release/records.ts';
import { type DesiredState, nothingDesired } from '../state.ts';
import { fresh } from '../stored-app.ts';
import { readCurrent } from './current-link.ts';
import { Releases } from './releases.ts';

/** A project whose releases have nothing to be tried, in a daemon that does what it is told at once, or throws `world.broken`. */
function setUp(t: Parameters<typeof tempDir>[0]) {
  const root = tempDir(t);
  mkdirSync(join(root, 'records'));
  const records = new RecordFiles(join(root, 'records'));
  const world = { state: nothingDesired, broken: null as Error | null };
  const clock = new FakeClock(Date.parse('2026-11-23T12:00:00Z'));
  const up = async () => {
    if (world.broken) throw world.broken;
    return [];
  };
  const daemon = (boot: string) =>
    new Releases({
      clock,
      boot,
      store: {
        get state() {
          return world.state;
        },
        edit: (change) => {
          world.state = change(world.state);
        },
      },
      journal: { record: (type) => ({ seq: 1, time: '', type }) as HoldfastEvent },
      operations: { up, plan: () => [] },
      supervisor: { app: () => undefined },
      prober: { ask: async () => null },
      outputs: { ended: async () => undefined, lastLines: () => [] },
      crashes: () => [],
      traffic: () => ({ instances: [] }),
    });
  const releases = daemon('this one');
  const promote = (release: string, kind: PromoteRequest['kind'] = 'deploy', bakeMs = 0) => {
    if (!records.read(release)) records.write(releaseRecord(release));
    const plan = { ...releasePlan({ bakeMs }), source: join(root, 'current/holdfast.config.json') };
    const apps = { work: appPlan({ name: 'work', release }) };
    clock.advance(1000);
    return releases.promote({ project: 'shop', release, root, kind, plan: { ...plan, apps } });
  };
  const told = (id: string) => {
    const { outcome, servedFrom, servedUntil } = records.read(id) ?? releaseRecord(id);
    return [outcome, servedFrom !== null, servedUntil !== null];
  };
  return { releases, daemon, promote, told, world, current: () => readCurrent(root) };
}

test('what serves when everything is stopped has served until then, and what is being promoted has not', async (t) => {
  const { releases, promote, told, current } = setUp(t);
  await promote('r1');
  await promote('r2');
  releases.forget();
  assert.deepEqual(
    [told('r1'), told('r2')],
    [
      ['superseded', true, true],
      ['superseded', true, true],
    ],
  );
  await promote('r3');
  const baking = promote('r4', 'deploy', 60_000);
  baking.catch(() => undefined);
  while (releases.view()[0]?.promotion?.step !== 'bake') await new Promise(setImmediate);
  releases.forget();
  await assert.rejects(baking, { code: 'RELEASE_REFUSED' });
  assert.deepEqual(
    [told('r3'), told('r4')],
    [
      ['superseded', true, true],
      ['rolledBack', false, false],
    ],
  );
  assert.equal(current(), 'releases/r3');
});

test('when the way back fails as well, `current` leads to what was to serve again, and nobody is told that it does', async (t) => {
  const { releases, promote, told, world, current } = setUp(t);
  await promote('r1');
  const baking = promote('r2', 'deploy', 60_000);
  const refused = baking.then(
    () => assert.fail('it serves'),
    (error: HoldfastError) => error,
  );
  while (releases.view()[0]?.promotion?.step !== 'bake') await new Promise(setImmediate);
  assert.equal(current(), 'releases/r2');
  world.broken = new Error('no disk');
  await releases.abort('shop');
  const { message, hint } = await refused;
  assert.match(message, /it was aborted; and then, on the way back: no disk/);
  assert.match(hint ?? '', /"r1" was to serve again, and that has failed, too: .*`hold rollback r1`/);
  assert.deepEqual(
    [current(), told('r1'), told('r2')],
    ['releases/r1', ['serving', true, false], ['rolledBack', false, false]],
  );
});

test('a time in which it is watched is skipped when a person says so', async (t) => {
  const { releases, promote, told } = setUp(t);
  const baking = promote('r1', 'deploy', 60_000);
  while (releases.view()[0]?.promotion?.step !== 'bake') await new Promise(setImmediate);
  await releases.continue('shop');
  assert.equal((await baking).serving, 'r1');
  assert.deepEqual(told('r1'), ['serving', true, false]);
});

test('one that has served, and does not come back, can be gone back to another time', async (t) => {
  const { promote, told, world } = setUp(t);
  await promote('r1');
  await promote('r2');
  world.broken = new Error('no database');
  await assert.rejects(promote('r1', 'rollback'), { code: 'RELEASE_REFUSED' });
  assert.deepEqual(told('r1'), ['failed', true, true]);
  world.broken = null;
  await promote('r1', 'rollback');
  assert.deepEqual(
    [told('r1'), told('r2')],
    [
      ['serving', true, false],
      ['rolledBack', true, true],
    ],
  );
});

test('after the machine was off in the middle of it, the one before serves; a new daemon alone goes on', async (t) => {
  const { releases, daemon, promote, told, current } = setUp(t);
  await promote('r1');
  void promote('r2', 'deploy', 60_000).catch(() => undefined);
  while (releases.view()[0]?.promotion?.step !== 'bake') await new Promise(setImmediate);
  releases.close();
  const next = daemon('this one');
  next.resume();
  assert.equal(next.view()[0]?.promotion?.step, 'bake');
  next.close();
  const after = daemon('another one');
  after.resume();
  while (after.view()[0]?.promotion) await new Promise(setImmediate);
  assert.equal(current(), 'releases/r1');
  assert.deepEqual(
    [told('r1'), told('r2')],
    [
      ['serving', true, false],
      ['rolledBack', false, false],
    ],
  );
});

test('a first release is carried on after the machine was off: there is nothing to go back to', async (t) => {
  const { releases, daemon, promote, told } = setUp(t);
  void promote('r1', 'deploy', 60_000).catch(() => undefined);
  while (releases.view()[0]?.promotion?.step !== 'bake') await new Promise(setImmediate);
  releases.close();
  const after = daemon('another one');
  after.resume();
  assert.equal(after.view()[0]?.promotion?.step, 'bake');
  await after.continue('shop');
  assert.deepEqual(told('r1'), ['serving', true, false]);
});

test('names of others are refused before the work begins, those of the project itself are not', async (t) => {
  const { releases, promote, world } = setUp(t);
  await promote('r1');
  const check = (project: string, source: string, apps: readonly string[], sites: readonly string[] = []) =>
    releases.checkNames(project, { source, apps, sites });
  const source = '/srv/blog/current/holdfast.config.json';
  const mine = fresh(appPlan({ name: 'work', project: 'shop', release: 'r1' }), '/srv/shop/config');
  const started = fresh(appPlan({ name: 'cron', project: null }), null);
  const site = { source: '/srv/hand/holdfast.config.json', plan: { host: 'shop.example', routes: [] } };
  world.state = {
    ...world.state,
    apps: { work: mine, cron: started },
    sites: { 'shop.example': site } as unknown as DesiredState['sites'],
  };
  assert.throws(() => check('blog', source, ['new', 'work']), {
    code: 'APP_EXISTS',
    message: /"work".*"shop"/,
  });
  assert.throws(() => check('blog', source, ['cron']), { code: 'APP_EXISTS', message: /`hold start`/ });
  assert.throws(() => check('blog', source, [], ['shop.example']), {
    code: 'APP_EXISTS',
    message: /the site/,
  });
  assert.equal(check('shop', '/srv/shop/config', ['work', 'new'], ['new.example']), null);
});
