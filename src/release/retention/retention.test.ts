import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { smallDisk } from '../../../test/support/small-disk.ts';
import { tempDir } from '../../../test/support/temp-dir.ts';
import type { ReleaseOutcome, ReleaseRecord } from '../../protocol/release.ts';
import { expired, expiredRecords } from './expired.ts';
import { removeExpired, removeTree } from './remove.ts';
import { estimate, freeSpace, requireSpace, sizeOf } from './space.ts';

function record(
  id: string,
  outcome: ReleaseOutcome,
  served: readonly [string, string | null] | null = null,
): ReleaseRecord {
  const source = {
    kind: 'directory',
    from: '/',
    ref: null,
    commit: null,
    author: null,
    subject: null,
    dirty: false,
  } as const;
  return {
    id,
    project: 'shop',
    createdAt: id,
    outcome,
    reason: null,
    source: { ...source, treeHash: '' },
    by: { user: 'ann', host: 'h', via: 'local' },
    config: 'holdfast.config.ts',
    node: null,
    packages: null,
    steps: [],
    servedFrom: served?.[0] ?? null,
    servedUntil: served?.[1] ?? null,
  };
}

/** Each served until the next did. */
const line = ['1', '2', '3', '4', '5', '6'].map((id, at) =>
  record(id, at === 5 ? 'serving' : 'superseded', [id, at === 5 ? null : String(at + 2)]),
);

describe('which releases go', () => {
  test('all but the one that serves and `keep` others', () => {
    assert.deepEqual(expired(line, 2, '6'), ['1', '2', '3']);
    assert.deepEqual(expired(line, 5, '6'), []);
    assert.deepEqual(expired([], 5, null), []);
  });

  test('after a rollback: the one to go forward to stays, though others are newer', () => {
    const back = line.map((one) => {
      if (one.id === '2') return record('2', 'serving', ['7', null]);
      return one.id === '6' ? record('6', 'rolledBack', ['6', '7']) : one;
    });
    assert.deepEqual(expired(back, 1, '2'), ['1', '3', '4', '5']);
  });

  test('the one that served before stays, though many that never served are newer', () => {
    const many = [...line, record('7', 'failed'), record('8', 'failed'), record('9', 'abandoned')];
    assert.deepEqual(expired(many, 1, '6'), ['1', '2', '3', '4', '7', '8']);
  });

  test('the one that served before stays, also when it was not written down until when', () => {
    const lost = line.map((one) => (one.id === '5' ? { ...one, servedUntil: null } : one));
    assert.deepEqual(expired(lost, 1, '6'), ['1', '2', '3', '4']);
  });

  test('what is under way stays; what was made and never had its turn counts as one of the others', () => {
    const many = [
      record('0', 'made'),
      ...line,
      record('7', 'making'),
      record('8', 'promoting'),
      record('9', 'made'),
    ];
    assert.deepEqual(expired(many, 3, '6'), ['0', '1', '2']);
  });

  test('one whose last word was lost is under way no longer when another one has come to serve since', () => {
    const step = (startedAt: string) =>
      ({ name: 'rollout', startedAt, tookMs: null, outcome: 'running', note: null }) as const;
    const begun = (at: string) => ({ ...record('3', 'promoting', ['3', null]), steps: [step(at)] });
    const others = line.filter(({ id }) => id !== '3');
    assert.deepEqual(expired([...others, begun('3')], 1, '6'), ['1', '2', '3', '4']);
    assert.deepEqual(expired([...others, begun('7')], 1, '6'), ['1', '2', '4']);
  });

  test('never the one that serves, never one under way, never more than there must be', () => {
    const outcomes = [
      'making',
      'made',
      'promoting',
      'baking',
      'serving',
      'superseded',
      'rolledBack',
      'failed',
      'abandoned',
    ] as const;
    const time = fc.option(fc.stringMatching(/^[0-9]{2}$/));
    const one = fc.tuple(fc.stringMatching(/^[0-9]{3}$/), fc.constantFrom(...outcomes), time, time);
    const all = fc.uniqueArray(one, { selector: ([id]) => id, maxLength: 30 });
    fc.assert(
      fc.property(all, fc.integer({ min: 1, max: 5 }), fc.nat(), (list, keep, pick) => {
        const records = list.map(([id, outcome, from, until]) =>
          record(id, outcome, from === null ? null : [from, until]),
        );
        const current = records[pick % (records.length + 1)]?.id ?? null;
        const gone = new Set(expired(records, keep, current));
        assert.equal(gone.has(current ?? ''), false);
        const left = records.filter(({ id }) => !gone.has(id) && id !== current);
        for (const { id, outcome } of records) {
          if (['making', 'promoting', 'baking'].includes(outcome)) assert.equal(gone.has(id), false);
        }
        const settled = left.filter(({ outcome, servedFrom }) => {
          return servedFrom !== null && !['making', 'promoting', 'baking', 'made'].includes(outcome);
        });
        assert.ok(settled.length <= keep);
      }),
    );
  });

  test('records stay ten times as long, and as long as there is a tree', () => {
    const ids = Array.from({ length: 13 }, (_, i) => `2026-${10 + i}`);
    assert.deepEqual(expiredRecords(ids, 1, new Set(['2026-10'])), ['2026-11', '2026-12']);
  });
});

describe('removing', () => {
  const pathsIn = (dir: string) => ({ releases: join(dir, 'releases'), records: join(dir, 'records') });

  test('what has expired goes, links and what they lead to stay apart, what was begun before is finished', async (t) => {
    const dir = tempDir(t);
    const paths = pathsIn(dir);
    mkdirSync(join(dir, 'shared'));
    writeFileSync(join(dir, 'shared/photo'), 'mine');
    for (const { id } of line) {
      mkdirSync(join(paths.records, id), { recursive: true });
      mkdirSync(join(paths.releases, id, 'deep'), { recursive: true });
      writeFileSync(join(paths.releases, id, 'deep/file'), id);
      symlinkSync('../../shared', join(paths.releases, id, 'uploads'));
      chmodSync(join(paths.releases, id, 'deep'), 0o555);
    }
    mkdirSync(join(paths.releases, '.going-1-1-0/half'), { recursive: true });
    mkdirSync(join(paths.releases, '7.generated-Xy12ab/node_modules/.prisma'), { recursive: true });
    const retention = { paths, records: line, keep: 1, current: '6' };
    assert.deepEqual(await removeExpired(retention), { releases: ['1', '2', '3', '4'], notes: [] });
    assert.deepEqual(readdirSync(paths.releases).sort(), ['5', '6']);
    assert.equal(readdirSync(paths.records).length, 6);
    assert.equal(readFileSync(join(dir, 'shared/photo'), 'utf8'), 'mine');
    assert.deepEqual(await removeExpired(retention), { releases: [], notes: [] });
    for (let id = 10; id < 20; id++) mkdirSync(join(paths.records, String(id)));
    await removeExpired(retention);
    const left = ['15', '16', '17', '18', '19', '2', '3', '4', '5', '6'];
    assert.deepEqual(readdirSync(paths.records).sort(), left);
    assert.deepEqual(await removeExpired({ ...retention, paths: pathsIn(join(dir, 'none')) }), {
      releases: [],
      notes: [],
    });
  });

  test('a tree may have names that are no text, and may be a link itself', async (t) => {
    const dir = tempDir(t);
    mkdirSync(join(dir, 'tree'));
    try {
      mkdirSync(Buffer.concat([Buffer.from(`${dir}/tree/`), Buffer.from([0xff, 0xfe])]));
    } catch {} // macOS has no such names.
    await removeTree(join(dir, 'tree'));
    assert.equal(existsSync(join(dir, 'tree')), false);
    mkdirSync(join(dir, 'kept'));
    symlinkSync('kept', join(dir, 'link'));
    await removeTree(join(dir, 'link'));
    await removeTree(join(dir, 'not there'));
    assert.deepEqual(readdirSync(dir), ['kept']);
  });
});

describe('room', () => {
  test('too little is told with both figures, before anything is made', (t) => {
    const disk = smallDisk(t, 1024 * 1024);
    if (!disk) return;
    requireSpace(join(disk, 'not/yet/there'), 900_000, 10);
    assert.throws(() => requireSpace(join(disk, 'x'), 20_000_000), {
      code: 'DISK_FULL',
      message: /it needs up to (19|20)[^ ]* ?MB, and 1(\.0)? ?MB are free/,
    });
    assert.throws(() => requireSpace(disk, 1, 1e9), /needs up to 1000000000 files/);
    writeFileSync(join(disk, 'a'), Buffer.alloc(600_000));
    assert.ok(freeSpace(disk).bytes < 500_000);
    assert.deepEqual(readdirSync(disk), ['a']);
  });

  test('is estimated from the source and the last release', async (t) => {
    const dir = tempDir(t);
    mkdirSync(join(dir, 'a/b'), { recursive: true });
    writeFileSync(join(dir, 'a/b/c'), 'x'.repeat(100));
    symlinkSync('/', join(dir, 'a/root'));
    assert.deepEqual(await sizeOf(dir), { bytes: 101, files: 4 });
    assert.deepEqual(await sizeOf(join(dir, 'none')), { bytes: 0, files: 0 });
    assert.equal(estimate(100, 150), 300);
  });
});
