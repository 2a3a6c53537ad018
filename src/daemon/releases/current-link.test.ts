import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';
import { tempDir } from '../../../test/support/temp-dir.ts';
import { readCurrent, writeCurrent } from './current-link.ts';

test('what `current` leads to is on the disk when it is changed, and the disk is left alone when it is not', (t) => {
  const root = tempDir(t);
  const synced: (string | null)[] = [];
  const sync = (dir: string) => void synced.push(dir === root ? readCurrent(root) : dir);
  for (const target of ['releases/1', 'releases/2', 'releases/2', null, null])
    writeCurrent(root, target, sync);
  assert.deepEqual(synced, ['releases/1', 'releases/2', null]);
  assert.deepEqual(readdirSync(root), []);
  writeCurrent(root, 'releases/3');
  assert.equal(readCurrent(root), 'releases/3');
});
