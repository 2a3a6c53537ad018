import assert from 'node:assert/strict';
import { existsSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { releasePlan } from '../../test/support/promotion.ts';
import { releaseRecord } from '../../test/support/release-record.ts';
import { tempDir } from '../../test/support/temp-dir.ts';
import { HoldfastError } from '../errors.ts';
import { FakeClock } from '../kit/clock.ts';
import type { HoldfastEvent } from '../protocol/events.ts';
import type { PromoteRequest, StepRecord } from '../protocol/release.ts';
import { type Promotion, promoteRelease } from './deploy.ts';
import { makeReleaseDirs, releasePaths } from './paths.ts';
import { RecordFiles } from './records.ts';
import { tidyBefore } from './tidy.ts';

const ID = '20261123-120000-aaaaaaa';

/** A release that was made, and a daemon that does `promoted`. */
function setUp(t: TestContext, promoted: (request: PromoteRequest) => void = () => undefined) {
  const paths = releasePaths(join(tempDir(t), 'home'), 'shop');
  makeReleaseDirs(paths);
  const records = new RecordFiles(paths.records);
  records.write(releaseRecord(ID));
  mkdirSync(join(paths.releases, ID));
  const seen = { notes: [] as string[], requests: [] as PromoteRequest[], steps: [] as StepRecord[] };
  const none = () => assert.fail('nothing of this is needed');
  const options: Promotion = {
    paths,
    project: 'shop',
    machine: {} as Promotion['machine'],
    shellEnv: {},
    clock: new FakeClock(1_000),
    tools: { plan: none } as unknown as Promotion['tools'],
    store: { collect: async () => 0 } as unknown as Promotion['store'],
    signal: new AbortController().signal,
    onStep: (step) => seen.steps.push(step),
    onLine: () => undefined,
    onNote: (note) => seen.notes.push(note),
    onEvent: () => undefined,
    connect: async () => ({
      async promote(request, { onEvent }) {
        seen.requests.push(request);
        promoted(request);
        onEvent?.({ type: 'release.rolling' } as HoldfastEvent);
      },
      apps: async () => {
        throw new Error('the daemon is busy');
      },
      plan: none,
    }),
  };
  return { paths, records, options, seen };
}

test('a rollback is given the plan that was kept, whatever the configuration says by now', async (t) => {
  const { records, options, seen } = setUp(t);
  records.update(ID, (old) => ({ ...old, outcome: 'superseded', servedFrom: '2026', servedUntil: '2027' }));
  const kept = releasePlan({ keep: 9 });
  records.writePlan(ID, kept);
  await promoteRelease(options, ID, 'rollback');
  assert.deepEqual(
    seen.requests.map(({ kind, plan }) => [kind, plan.release.keep, plan.source]),
    [['rollback', 9, kept.source]],
  );
});

test('a rollback that is rolled out for the second time is told', async (t) => {
  const rollout = (startedAt: string): StepRecord => {
    return { name: 'rollout', startedAt, tookMs: 1, outcome: 'done', note: null };
  };
  const { records, options, seen } = setUp(t, () =>
    records.update(ID, (old) => ({ ...old, steps: [...old.steps, rollout('2027')] })),
  );
  const served = { servedFrom: '2026', servedUntil: '2027', steps: [rollout('2026')] };
  records.update(ID, (old) => ({ ...old, ...served }));
  records.writePlan(ID, releasePlan());
  await promoteRelease(options, ID, 'rollback');
  assert.deepEqual(seen.steps, [rollout('2027')]);
});

test('what has never served is not gone back to', async (t) => {
  const { options, seen } = setUp(t);
  await assert.rejects(promoteRelease(options, ID, 'rollback', releasePlan()), { code: 'RELEASE_UNKNOWN' });
  assert.deepEqual(seen.requests, []);
});

test('what the daemon refuses is written down; what it may have begun is not', async (t) => {
  const told = { code: 'APP_EXISTS' as HoldfastError['code'] };
  const { records, options } = setUp(t, () => {
    throw new HoldfastError(told.code, 'Cannot take "web"');
  });
  const asked = () => promoteRelease(options, ID, 'deploy', releasePlan());
  const machine = { account: () => undefined } as unknown as Promotion['machine'];
  Object.assign(options, { machine });
  told.code = 'DAEMON_UNREACHABLE';
  await assert.rejects(asked(), { code: 'DAEMON_UNREACHABLE' });
  assert.equal(records.read(ID)?.outcome, 'made');
  told.code = 'APP_EXISTS';
  await assert.rejects(asked(), { code: 'APP_EXISTS' });
  const { outcome, reason } = records.read(ID) ?? {};
  assert.deepEqual([outcome, reason], ['failed', 'Cannot take "web"']);
});

test('what fails when it serves already is said, and no failure', async (t) => {
  const { paths, records, options, seen } = setUp(t);
  for (const id of ['1', '2', '3']) {
    records.write(releaseRecord(`2026112${id}-120000-bbbbbbb`, { outcome: 'failed' }));
    mkdirSync(join(paths.releases, `2026112${id}-120000-bbbbbbb`));
  }
  records.update(ID, (old) => ({ ...old, servedFrom: '2026' }));
  records.writePlan(ID, releasePlan());
  await promoteRelease(options, ID, 'rollback');
  assert.match(seen.notes.join(), /the daemon is busy\. The release serves all the same$/);
});

test('what failed deploys have left goes before the next one, and nothing else', async (t) => {
  const { paths, records, options, seen } = setUp(t);
  records.update(ID, (old) => ({ ...old, outcome: 'serving', servedFrom: '2026' }));
  symlinkSync(`releases/${ID}`, paths.current);
  const ids = ['20261123-120001-bbbbbbb', '20261123-120002-ccccccc', '20261120-120000-ddddddd'];
  for (const id of ids) {
    const isOld = id.endsWith('d');
    const served = isOld ? { servedFrom: '2025', servedUntil: '2026' } : {};
    records.write(releaseRecord(id, { outcome: isOld ? 'superseded' : 'failed', ...served }));
    mkdirSync(join(paths.releases, id));
  }
  await tidyBefore(options);
  const left = [ID, ...ids].map((id) => existsSync(join(paths.releases, id)));
  assert.deepEqual([left, seen.notes], [[true, false, true, true], []]);
});
