import assert from 'node:assert/strict';
import { test } from 'node:test';
import { releaseRecord } from '../../test/support/release-record.ts';
import { tempDir } from '../../test/support/temp-dir.ts';
import { lookedAt } from './abandoned.ts';
import { lockDeploy } from './deploy-lock.ts';
import { releasePaths } from './paths.ts';

test('a second deploy is told who has the lock, and since when', (t) => {
  const paths = releasePaths(`${tempDir(t)}/home`, 'shop');
  const by = { user: 'ann', host: 'laptop', via: 'local' } as const;
  const lock = lockDeploy(paths, by, Date.UTC(2026, 0, 2, 3, 4, 5));
  const install = { name: 'install', startedAt: '', tookMs: null, outcome: 'running', note: null } as const;
  const made = releaseRecord('20260102-030405-aaaaaaa', { outcome: 'making', steps: [install] });
  assert.throws(() => lockDeploy(paths, { ...by, user: 'bob' }, Date.UTC(2026, 0, 2, 3, 4, 10)), {
    code: 'DEPLOY_LOCKED',
    message: `"shop" is being deployed by ann@laptop for 5s (pid ${process.pid})`,
    hint: /hold deploy --abort/,
  });
  assert.deepEqual(lookedAt(paths, [made]), [made]);
  lock.release();
  const [left] = lookedAt(paths, [made]);
  assert.equal(left?.outcome, 'abandoned');
  assert.equal(left?.reason, 'abandoned in step install: whoever made it ended before it was done');
  lockDeploy(paths, by, 0).release();
});
