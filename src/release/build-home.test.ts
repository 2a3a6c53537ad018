import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { tempDir } from '../../test/support/temp-dir.ts';
import { buildHomeOf, freshBuildHome } from './build-home.ts';
import { releasePaths } from './paths.ts';

const ann = { identity: null, name: 'ann' };

test('what a build leaves in its home decides about no other build; its caches stay', async (t) => {
  const holdfast = join(tempDir(t), 'home');
  const paths = releasePaths(holdfast, 'shop');
  const home = buildHomeOf(paths, ann);
  for (const name of ['.npmrc', '.npm/_cacache/a', '.npm/_npx/b', '.cache/node-gyp/c', '.config/d']) {
    mkdirSync(dirname(join(home, name)), { recursive: true });
    writeFileSync(join(home, name), 'script-shell=/usr/bin/true');
  }
  symlinkSync(holdfast, join(home, '.yarn'));
  assert.notEqual(buildHomeOf(releasePaths(holdfast, 'other'), ann), home);
  assert.notEqual(buildHomeOf(paths, { ...ann, name: 'bob' }), home);
  await freshBuildHome(paths, ann);
  const left = ['.cache', '.cache/node-gyp', '.cache/node-gyp/c', '.npm', '.npm/_cacache', '.npm/_cacache/a'];
  assert.deepEqual(readdirSync(home, { recursive: true }).sort(), left);
});

test('a project is called so that its directory is its own', () => {
  for (const name of ['../../x', '.store', '', 'a/b', '-x'])
    assert.throws(() => releasePaths('/home/ann/.holdfast', name), { code: 'USAGE' }, name);
  assert.equal(releasePaths('/home/ann/.holdfast', 'a_B-1').root, '/home/ann/.holdfast-releases/a_B-1');
});
