import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import type { Test } from '../../../test/support/cleanup.ts';
import { tempDir } from '../../../test/support/temp-dir.ts';
import { HoldfastError } from '../../errors.ts';
import type { LockedPackage } from '../seams.ts';
import { readBerryLock } from './berry.ts';
import { readBunLock } from './bun.ts';
import { checkLockfile } from './check.ts';
import { diffLockfiles } from './diff.ts';
import { readNpmLock } from './npm.ts';
import { readPnpmLock } from './pnpm.ts';
import { readYarnLock } from './yarn.ts';

/** `name@version from`, with `dev` where it is for development. */
function short(packages: readonly LockedPackage[]): string[] {
  return packages.map(({ name, version, from, dev }) => `${name}@${version} ${from}${dev ? ' dev' : ''}`);
}

const manifest = { dependencies: { a: '^1.0.0' }, devDependencies: { t: '^2.0.0' } };

test('each format says the same of the same packages', () => {
  const npm = JSON.stringify({
    lockfileVersion: 3,
    packages: {
      '': manifest,
      'node_modules/a': {
        version: '1.0.0',
        resolved: 'https://registry.npmjs.org/a/-/a-1.0.0.tgz',
        dependencies: { b: '*' },
      },
      'node_modules/b': { version: '1.1.0', resolved: 'https://registry.npmjs.org/b/-/b-1.1.0.tgz' },
      'node_modules/t': { version: '2.0.0', dev: true },
      'node_modules/w': { resolved: 'packages/w', link: true },
      'node_modules/t/node_modules/in': { version: '1.0.0', inBundle: true },
    },
  });
  const pnpm9 = `
lockfileVersion: '9.0'
importers:
  .:
    dependencies: {a: {specifier: ^1.0.0, version: 1.0.0(b@1.1.0)}}
    devDependencies: {t: {specifier: ^2.0.0, version: 2.0.0}}
packages:
  a@1.0.0: {resolution: {integrity: sha512-aa}}
  b@1.1.0: {resolution: {integrity: sha512-bb}}
  t@2.0.0: {resolution: {integrity: sha512-tt}}
snapshots:
  a@1.0.0(b@1.1.0): {dependencies: {b: 1.1.0}}
  b@1.1.0: {}
  t@2.0.0: {}
`;
  const pnpm6 = `
lockfileVersion: '6.0'
dependencies: {a: {specifier: ^1.0.0, version: 1.0.0}}
devDependencies: {t: {specifier: ^2.0.0, version: 2.0.0}}
packages:
  /a@1.0.0: {resolution: {integrity: sha512-aa}, dependencies: {b: 1.1.0}, dev: false}
  /b@1.1.0: {resolution: {integrity: sha512-bb}, dev: false}
  /t@2.0.0: {resolution: {integrity: sha512-tt}, dev: true, requiresBuild: true}
`;
  const yarn = `# yarn lockfile v1

a@^1.0.0:
  version "1.0.0"
  resolved "https://registry.yarnpkg.com/a/-/a-1.0.0.tgz#00"
  integrity sha512-aa
  dependencies:
    b "^1.0.0 || ^2.0.0"

b@^1.0.0, "b@^1.0.0 || ^2.0.0":
  version "1.1.0"
  resolved "https://registry.yarnpkg.com/b/-/b-1.1.0.tgz#00"

t@^2.0.0:
  version "2.0.0"
  resolved "https://registry.yarnpkg.com/t/-/t-2.0.0.tgz#00"
`;
  const berry = `
__metadata: {version: 8}
"a@npm:^1.0.0": {version: 1.0.0, resolution: "a@npm:1.0.0", dependencies: {b: "npm:^1.0.0"}, checksum: 10c0/aa}
"b@npm:^1.0.0, b@npm:*": {version: 1.1.0, resolution: "b@npm:1.1.0", checksum: 10c0/bb}
"t@npm:^2.0.0": {version: 2.0.0, resolution: "t@npm:2.0.0", checksum: 10c0/tt}
`;
  const bun = `{
  "lockfileVersion": 1,
  "workspaces": {"": {"name": "shop", "dependencies": {"a": "^1.0.0"}, "devDependencies": {"t": "^2.0.0"},},},
  "packages": {
    "a": ["a@1.0.0", "", {"dependencies": {"b": "*"}}, "sha512-aa"],
    "b": ["b@1.1.0", "", {}, "sha512-bb"],
    "t": ["t@2.0.0", "", {}, "sha512-tt"],
  }
}`;
  const expected = ['a@1.0.0 registry', 'b@1.1.0 registry', 't@2.0.0 registry dev'];
  assert.deepEqual(short(readNpmLock(npm).packages), expected);
  assert.deepEqual(readNpmLock(npm).devPaths, ['node_modules/t']);
  assert.deepEqual(short(readPnpmLock(pnpm9).packages), expected);
  assert.deepEqual(readPnpmLock(pnpm9).wants, { '': { a: '^1.0.0', t: '^2.0.0' } });
  assert.deepEqual(short(readPnpmLock(pnpm6).packages), expected);
  assert.equal(readPnpmLock(pnpm6).packages[2]?.hasInstallScript, true);
  assert.deepEqual(short(readYarnLock(yarn, [manifest]).packages), expected);
  assert.deepEqual(short(readBerryLock(berry, [manifest]).packages), expected);
  assert.deepEqual(short(readBunLock(bun).packages), expected);
});

test('what comes from a repository or an URL is told from what a registry has', () => {
  const npm = JSON.stringify({
    lockfileVersion: 3,
    packages: {
      '': { dependencies: { g: 'github:me/g', u: 'https://example.com/u.tgz', r: '^1.0.0' } },
      'node_modules/g': { version: '1.0.0', resolved: 'git+ssh://git@github.com/me/g.git#abc' },
      'node_modules/r': { version: '1.0.0', resolved: 'https://example.com/r.tgz' },
      'node_modules/u': { version: '1.0.0', resolved: 'https://example.com/u.tgz' },
    },
  });
  assert.deepEqual(short(readNpmLock(npm).packages), ['g@1.0.0 git', 'r@1.0.0 registry', 'u@1.0.0 url']);
});

test('the difference: new, gone, and what has gained an install script', () => {
  const one = (name: string, version: string, hasInstallScript: boolean | null): LockedPackage => {
    return {
      name,
      version,
      from: 'registry',
      resolved: null,
      integrity: version,
      dev: false,
      hasInstallScript,
    };
  };
  const before = [one('a', '1.0.0', false), one('b', '1.0.0', null), one('gone', '1.0.0', false)];
  const after = [one('a', '1.0.1', true), one('b', '1.0.1', true), one('new', '1.0.0', true)];
  const { added, removed, gainedScript } = diffLockfiles(before, after);
  assert.deepEqual(short(added), ['a@1.0.1 registry', 'b@1.0.1 registry', 'new@1.0.0 registry']);
  assert.deepEqual(short(removed), ['a@1.0.0 registry', 'b@1.0.0 registry', 'gone@1.0.0 registry']);
  assert.deepEqual(short(gainedScript), ['a@1.0.1 registry']);
});

function project(t: Test, files: Readonly<Record<string, unknown>>): string {
  const dir = tempDir(t);
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, name)), { recursive: true });
    writeFileSync(join(dir, name), typeof content === 'string' ? content : JSON.stringify(content, null, 1));
  }
  return dir;
}

function refusal(dir: string): string {
  try {
    checkLockfile(dir);
  } catch (error) {
    if (error instanceof HoldfastError) return `${error.message}. ${error.hint}`;
    throw error;
  }
  return '';
}

function npmLock(resolved: string, wants: Readonly<Record<string, string>> = { a: '^1.0.0' }) {
  const a = { version: '1.0.0', resolved, integrity: 'sha512-aa' };
  return { lockfileVersion: 3, packages: { '': { dependencies: wants }, 'node_modules/a': a } };
}

test('a lockfile that is missing, doubled, damaged or out of step is refused with what to run', (t) => {
  const wants = { dependencies: { a: '^1.0.0' } };
  assert.match(refusal(project(t, { 'package.json': wants })), /no lockfile.*npm install/);
  assert.equal(checkLockfile(project(t, { 'package.json': {} })), null);
  const two = { 'package.json': wants, 'yarn.lock': '', 'package-lock.json': '{}' };
  assert.match(refusal(project(t, two)), /several.*"package-lock.json", "yarn.lock"/);
  const conflict = { 'package.json': wants, 'package-lock.json': '{\n<<<<<<< HEAD\n' };
  assert.match(refusal(project(t, conflict)), /line 2 is a conflict/);
  const url = 'https://registry.npmjs.org/a/-/a-1.0.0.tgz';
  const stale = {
    'package.json': { dependencies: { a: '^2.0.0', b: '*' } },
    'package-lock.json': npmLock(url),
  };
  assert.match(
    refusal(project(t, stale)),
    /"a": "\^2.0.0" is "\^1.0.0" in it, "b": "\*" is not in it.*npm install/,
  );
});

test('a package that comes from where it does not belong is refused with its line', (t) => {
  const manifest = { dependencies: { a: '^1.0.0' } };
  const check = (resolved: string, npmrc = '') =>
    refusal(
      project(t, { 'package.json': manifest, 'package-lock.json': npmLock(resolved), '.npmrc': npmrc }),
    );
  assert.match(
    check('https://evil.example/a/-/a-1.0.0.tgz'),
    /package-lock.json:\d+: "a" comes from "https:\/\/evil.example.*, not from "https:\/\/registry.npmjs.org\//,
  );
  assert.match(check('https://evil.example/whatever.tgz'), /comes from/);
  assert.match(check('git+ssh://git@evil.example/a.git#abc'), /comes from/);
  assert.equal(check('https://npm.acme.dev/a/-/a-1.0.0.tgz', 'registry=https://npm.acme.dev/\n'), '');
  assert.equal(check('https://registry.npmjs.org/a/-/a-1.0.0.tgz', 'registry=https://npm.acme.dev/\n'), '');
});

test('a scope with a registry of its own does not come from the public one', (t) => {
  const lock = (host: string) => ({
    lockfileVersion: 3,
    packages: {
      '': { dependencies: { '@acme/ui': '1.0.0' } },
      'node_modules/@acme/ui': {
        version: '1.0.0',
        resolved: `https://${host}/@acme/ui/-/ui-1.0.0.tgz`,
        integrity: 'sha512-aa',
      },
    },
  });
  const check = (host: string) =>
    refusal(
      project(t, {
        'package.json': { dependencies: { '@acme/ui': '1.0.0' } },
        'package-lock.json': lock(host),
        '.npmrc': '@acme:registry=https://npm.acme.dev/\n',
      }),
    );
  assert.match(check('registry.npmjs.org'), /"@acme\/ui" comes from "https:\/\/registry.npmjs.org/);
  assert.equal(check('npm.acme.dev'), '');
});
