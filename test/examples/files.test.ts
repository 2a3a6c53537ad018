/** Everybody who copies an example gets what its test has run: the files are complete, and say the same. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { satisfies } from 'semver';
import { root } from '../support/root.ts';
import { type LockedPackage, lockfileOf } from './world.ts';

const folder = join(root, 'examples');
const guide = readFileSync(join(root, 'docs', 'guide', 'examples.md'), 'utf8');

for (const name of readdirSync(folder)) {
  const dir = join(folder, name);

  test(`${name} has a README, a configuration, and a place in the guide`, () => {
    assert.ok(existsSync(join(dir, 'README.md')));
    assert.equal(readdirSync(dir).filter((file) => file.startsWith('holdfast.config.')).length, 1);
    assert.ok(guide.includes(`(../../examples/${name}/)`), 'docs/guide/examples.md leads to it');
  });

  test(`${name} is installed by its lockfile, from whichever registry`, () => {
    const { packages } = lockfileOf(dir);
    for (const [path, locked] of Object.entries(packages)) {
      if (path.startsWith('node_modules/') && !locked.link) assert.ok(locked.integrity, path);
      assert.doesNotMatch(locked.resolved ?? '', /:/, path);
      if (!path.includes('node_modules/'))
        assert.deepEqual(wanted(locked), wanted(manifest(join(dir, path))));
    }
  });

  test(`${name} is tested with the versions that it asks for`, () => {
    for (const [dependency, range] of Object.entries(wanted(manifest(dir)))) {
      const installed = join(root, 'node_modules', dependency);
      if (!existsSync(installed)) continue; // Its test installs it.
      assert.ok(satisfies(String(manifest(installed).version), range), `${dependency}@${range}`);
    }
  });
}

function manifest(dir: string): LockedPackage & { version?: string } {
  return JSON.parse(readFileSync(join(dir, 'package.json'), 'utf8'));
}

function wanted({ dependencies, devDependencies }: LockedPackage): Record<string, string> {
  return { ...dependencies, ...devDependencies };
}
