import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { tempDir } from '../../test/support/temp-dir.ts';
import { linkShared } from './shared.ts';

function project(t: TestContext) {
  const root = tempDir(t);
  const shared = join(root, 'shared');
  return {
    shared,
    /** Makes a release with these files and links what is shared. */
    release(id: string, files: Record<string, string>, paths: readonly string[]) {
      const dir = join(root, 'releases', id);
      mkdirSync(dir, { recursive: true });
      for (const [name, text] of Object.entries(files)) {
        mkdirSync(join(dir, name, '..'), { recursive: true });
        writeFileSync(join(dir, name), text);
      }
      return { dir, notes: linkShared({ dir, shared, paths, owner: null }) };
    },
  };
}

test('what one release writes into a shared directory the next one has', (t) => {
  const { release, shared } = project(t);
  const first = release('1', {}, ['public/uploads/']);
  writeFileSync(join(first.dir, 'public/uploads/cat.png'), 'miau');
  const second = release('2', {}, ['public/uploads/']);
  assert.equal(readFileSync(join(second.dir, 'public/uploads/cat.png'), 'utf8'), 'miau');
  assert.equal(readlinkSync(join(second.dir, 'public/uploads')), '../../../shared/public/uploads');
  assert.ok(existsSync(join(shared, 'public/uploads/cat.png')));
});

test('what the first release brings along is the beginning; what later ones bring is left out', (t) => {
  const { release } = project(t);
  const first = release('1', { 'data/seed.txt': 'one' }, ['data/']);
  assert.equal(readFileSync(join(first.dir, 'data/seed.txt'), 'utf8'), 'one');
  assert.deepEqual(first.notes, ['shared: data of this release is what is shared from now on']);
  const second = release('2', { 'data/seed.txt': 'two' }, ['data/']);
  assert.equal(readFileSync(join(second.dir, 'data/seed.txt'), 'utf8'), 'one');
  assert.deepEqual(second.notes, []);
});

test('a file that is not there yet is asked for, and there as soon as somebody puts it there', (t) => {
  const { release, shared } = project(t);
  const { dir, notes } = release('1', {}, ['.env']);
  assert.deepEqual(notes, [`shared: there is no ${join(shared, '.env')} yet: put it there`]);
  writeFileSync(join(shared, '.env'), 'A=1');
  assert.equal(readFileSync(join(dir, '.env'), 'utf8'), 'A=1');
});
