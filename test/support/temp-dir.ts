import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cleanup, type Test } from './cleanup.ts';

/** A directory of this test only, removed at its end unless HOLDFAST_TEST_KEEP is set. */
export function tempDir(t: Test): string {
  // Short, because unix sockets are made in it and their paths have 107 bytes.
  const dir = mkdtempSync(join(tmpdir(), 't-'));
  cleanup(t, () => {
    if (process.env.HOLDFAST_TEST_KEEP) console.error(`Kept: ${dir}`);
    else rmSync(dir, { recursive: true, force: true });
  });
  return dir;
}
