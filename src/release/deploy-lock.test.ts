import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tempDir } from '../../test/support/temp-dir.ts';
import { lockDeploy } from './deploy-lock.ts';
import { releasePaths } from './paths.ts';

test('a second deploy is told who has the lock, and since when', (t) => {
  const paths = releasePaths(`${tempDir(t)}/home`, 'shop');
  const by = { user: 'ann', host: 'laptop', via: 'local' } as const;
  const lock = lockDeploy(paths, by, Date.UTC(2026, 0, 2, 3, 4, 5));
  assert.throws(() => lockDeploy(paths, { ...by, user: 'bob' }, 0), {
    code: 'DEPLOY_LOCKED',
    message: `Another deploy is under way in ${paths.root}: ann@laptop, since 2026-01-02T03:04:05.000Z`,
  });
  lock.release();
  lockDeploy(paths, by, 0).release();
});
