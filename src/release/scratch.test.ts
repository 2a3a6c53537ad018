import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { tempDir } from '../../test/support/temp-dir.ts';
import { systemClock } from '../kit/clock.ts';
import { lockDeploy } from './deploy-lock.ts';
import { releasePaths } from './paths.ts';
import { makeScratch } from './scratch.ts';

test('whoever gets the lock removes what waits for processes that are gone, and nothing else', (t) => {
  const paths = releasePaths(join(tempDir(t), 'home'), 'shop');
  const mine = makeScratch(paths);
  writeFileSync(join(mine, 'content'), 'x');
  // Beyond all pids of Linux and macOS.
  for (const name of ['99999999', '0', 'x']) mkdirSync(join(paths.root, 'scratch', name));
  lockDeploy(paths, { user: 'ann', host: 'laptop', via: 'local' }, systemClock.now()).release();
  assert.deepEqual(readdirSync(join(paths.root, 'scratch')), [String(process.pid)]);
  assert.deepEqual(readdirSync(mine), ['content']);
});
