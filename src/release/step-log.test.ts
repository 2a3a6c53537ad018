import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { tempDir } from '../../test/support/temp-dir.ts';
import { HoldfastError } from '../errors.ts';
import { FakeClock } from '../kit/clock.ts';
import type { ReleaseRecord, StepRecord } from '../protocol/release.ts';
import { giveUpAbandoned } from './abandoned.ts';
import { RecordFiles } from './records.ts';
import { StepLog } from './step-log.ts';

const record: ReleaseRecord = {
  id: '20261103-040506-3f2a91c',
  project: 'shop',
  createdAt: '2026-11-03T04:05:06.000Z',
  outcome: 'making',
  reason: null,
  source: {
    kind: 'directory',
    from: '/srv/shop',
    ref: null,
    commit: null,
    author: null,
    subject: null,
    dirty: false,
    treeHash: 'abc',
  },
  by: { user: 'ann', host: 'laptop', via: 'local' },
  config: 'holdfast.config.json',
  node: null,
  packages: null,
  steps: [],
  servedFrom: null,
  servedUntil: null,
};

function setUp(t: TestContext) {
  const records = new RecordFiles(join(tempDir(t), 'records'));
  const clock = new FakeClock(Date.parse(record.createdAt));
  const told: StepRecord[] = [];
  const log = new StepLog({ clock, records, record, onStep: (step) => told.push(step) });
  return { records, clock, told, log };
}

test('every step is on the disk while it runs, and how it ended', async (t) => {
  const { records, clock, told, log } = setUp(t);
  const value = await log.run('unpack', (report) => {
    assert.equal(records.read(record.id)?.steps[0]?.outcome, 'running');
    clock.advance(1500);
    report.note = '12 files';
    return 12;
  });
  assert.equal(value, 12);
  await log.run('build', (report) => Object.assign(report, { skipped: true, note: 'nothing to build' }));
  assert.deepEqual(
    records.read(record.id)?.steps.map(({ name, outcome, tookMs, note }) => [name, outcome, tookMs, note]),
    [
      ['unpack', 'done', 1500, '12 files'],
      ['build', 'skipped', 0, 'nothing to build'],
    ],
  );
  assert.deepEqual(
    told.map(({ name, outcome }) => `${name} ${outcome}`),
    ['unpack running', 'unpack done', 'build running', 'build skipped'],
  );
});

test('what a step fails with says which step it was', async (t) => {
  const { records, log } = setUp(t);
  const broken = () => {
    throw new HoldfastError('STEP_FAILED', '"npm run build" ended with code 2', {
      details: ['no such file'],
    });
  };
  await assert.rejects(log.run('build', broken), {
    code: 'STEP_FAILED',
    message: 'The step build failed: "npm run build" ended with code 2',
    details: ['no such file'],
  });
  assert.equal(records.read(record.id)?.steps[0]?.outcome, 'failed');
});

test('a release whose maker was killed is told as given up, and one that serves is left alone', async (t) => {
  const { records, log } = setUp(t);
  await assert.rejects(log.run('install', () => Promise.reject(new Error('killed'))));
  const serving = { ...record, id: '20261102-040506-aaaaaaa', outcome: 'serving' } as const;
  records.write(serving);
  assert.deepEqual(giveUpAbandoned(records), [record.id]);
  assert.equal(records.read(record.id)?.outcome, 'abandoned');
  assert.deepEqual(records.read(serving.id), serving);
  assert.deepEqual(giveUpAbandoned(records), []);
});

test('on a full disk what failed is told, and not that it cannot be written down', async (t) => {
  const { records, log, told } = setUp(t);
  await assert.rejects(
    log.run('build', () => {
      t.mock.method(records, 'write', () => {
        throw new Error('ENOSPC');
      });
      throw new HoldfastError('STEP_FAILED', '"npm run build" ended with code 2');
    }),
    { message: 'The step build failed: "npm run build" ended with code 2' },
  );
  log.fail('failed', 'the build');
  assert.equal(log.record.outcome, 'failed');
  assert.equal(told.at(-1)?.outcome, 'failed');
});
