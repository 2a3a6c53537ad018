import assert from 'node:assert/strict';
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { tempDir } from '../../../test/support/temp-dir.ts';
import { readNpmLock } from '../lockfile/npm.ts';
import { pruneDevelopment } from './prune.ts';

test('a lockfile that lists what is outside of the project is refused', () => {
  const lock = (path: string) =>
    JSON.stringify({ lockfileVersion: 3, packages: { '': {}, [path]: { version: '1.0.0', dev: true } } });
  for (const path of [
    'node_modules/../../../../victim',
    '/node_modules/victim',
    'node_modules//victim',
    'node_modules/./victim',
    'node_modules/..\\victim',
    '../victim',
  ])
    assert.throws(() => readNpmLock(lock(path)), /no path inside the project/, path);
  assert.deepEqual(readNpmLock(lock('node_modules/@a/b')).devPaths, ['node_modules/@a/b']);
});

test('development packages go; what lies behind links of the build stays', (t) => {
  const root = tempDir(t);
  const dir = join(root, 'release');
  const victim = join(root, 'victim');
  mkdirSync(join(victim, 'one'), { recursive: true });
  symlinkSync('nowhere', join(victim, 'dead'));
  for (const path of ['node_modules/dev', 'node_modules/prod'])
    mkdirSync(join(dir, path), { recursive: true });
  writeFileSync(join(dir, 'node_modules/dev/index.js'), '');
  symlinkSync(victim, join(dir, 'node_modules/@linked'));
  symlinkSync(victim, join(dir, 'node_modules/.bin'));
  pruneDevelopment(
    dir,
    ['node_modules'],
    ['node_modules/dev', 'node_modules/@linked/one', '../victim/one', 'node_modules/gone/x'],
  );
  assert.ok(!existsSync(join(dir, 'node_modules/dev')));
  assert.ok(existsSync(join(dir, 'node_modules/prod')));
  assert.ok(existsSync(join(victim, 'one')));
  assert.throws(() => symlinkSync('nowhere', join(victim, 'dead')), /EEXIST/);
});
