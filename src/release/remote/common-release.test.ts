import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ReleaseRecord } from '../../protocol/release.ts';
import { commonRelease } from './common-release.ts';

const record = (id: string, treeHash: string) =>
  ({ id, source: { treeHash, subject: null } }) as unknown as ReleaseRecord;

test('what one host has had for a moment only is not what all go back to', () => {
  const all = [
    { host: 'a', serving: record('a3', 'now'), found: [record('a4', 'failed'), record('a1', 'old')] },
    { host: 'b', serving: record('b3', 'now'), found: [record('b1', 'old')] },
  ];
  assert.deepEqual(
    [...commonRelease(all)],
    [
      ['a', 'a1'],
      ['b', 'b1'],
    ],
  );
});

test('hosts that differ are named, and nothing is chosen', () => {
  const found = [record('a1', 'old')];
  const mixed = [
    { host: 'a', serving: record('a3', 'now'), found },
    { host: 'b', serving: null, found },
  ];
  assert.throws(() => commonRelease(mixed), { details: ['a  a3', 'b  none'] });
  const apart = [
    { host: 'a', serving: record('a3', 'now'), found },
    { host: 'b', serving: record('b3', 'now'), found: [] },
  ];
  assert.throws(() => commonRelease(apart), { code: 'RELEASE_REFUSED', details: ['a  a1', 'b  none'] });
});
