import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { tempDir } from '../../test/support/temp-dir.ts';
import { readPlainFile } from './plain-file.ts';

test('a plain file is read; a link, a pipe, a directory and what is too large are not, and nothing hangs', (t) => {
  const dir = tempDir(t);
  const file = join(dir, 'note');
  writeFileSync(file, '4');
  assert.equal(readPlainFile(file, 3), '4');
  symlinkSync(file, join(dir, 'link'));
  execFileSync('mkfifo', [join(dir, 'pipe')]);
  writeFileSync(join(dir, 'large'), '1234');
  for (const name of ['link', 'pipe', 'large', '.', 'nothing'])
    assert.throws(() => readPlainFile(join(dir, name), 3), name);
});
