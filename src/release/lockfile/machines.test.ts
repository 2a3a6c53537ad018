import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { tempDir } from '../../../test/support/temp-dir.ts';
import { ofDirectory } from '../packages/survey.ts';
import { readBerryLock } from './berry.ts';
import { readBunLock } from './bun.ts';
import { fitsMachine, machinesOf } from './machines.ts';
import { readNpmLock } from './npm.ts';
import { readPnpmLock } from './pnpm.ts';

const all = [
  { platform: 'linux', arch: 'x64', musl: false },
  { platform: 'linux', arch: 'x64', musl: true },
  { platform: 'darwin', arch: 'arm64', musl: false },
];

test('where a package is installed, by the words of package.json', () => {
  const where = (entry: Record<string, unknown>) => all.map((one) => fitsMachine(machinesOf(entry), one));
  assert.deepEqual(where({}), [true, true, true]);
  assert.deepEqual(where({ os: ['any'], cpu: [] }), [true, true, true]);
  assert.deepEqual(where({ os: ['linux', 'win32'] }), [true, true, false]);
  assert.deepEqual(where({ os: '!linux' }), [false, false, true]);
  assert.deepEqual(where({ os: ['!win32', '!aix'], cpu: ['x64'] }), [true, true, false]);
  assert.deepEqual(where({ os: ['linux'], libc: ['musl'] }), [false, true, false]);
});

test('each format says for which machines a package is', () => {
  const npm = JSON.stringify({
    lockfileVersion: 3,
    packages: { 'node_modules/a': { version: '1.0.0', os: ['linux'], cpu: ['x64'], libc: ['glibc'] } },
  });
  const pnpm = `
lockfileVersion: '9.0'
packages:
  a@1.0.0: {resolution: {integrity: sha512-aa}, os: [linux], cpu: [x64], libc: [glibc]}
`;
  const berry = `
__metadata: {version: 8}
"a@npm:1.0.0": {version: 1.0.0, resolution: "a@npm:1.0.0", conditions: "os=linux & cpu=x64 & libc=glibc"}
`;
  const bun = `{"lockfileVersion": 1, "workspaces": {}, "packages": {
    "a": ["a@1.0.0", "", {"os": "linux", "cpu": "x64", "libc": ["glibc"]}, "sha512-aa"],
  }}`;
  const contents = [readNpmLock(npm), readPnpmLock(pnpm), readBerryLock(berry, []), readBunLock(bun)];
  const expected = { os: ['linux'], cpu: ['x64'], libc: ['glibc'] };
  assert.deepEqual(
    contents.map(({ packages }) => packages.map(({ machines }) => machines)),
    contents.map(() => [expected]),
  );
});

test('what runs in production has no packages of other machines', (t) => {
  const dir = tempDir(t);
  mkdirSync(join(dir, 'app'));
  const entry = (os: string) => ({ version: '1.0.0', optional: true, os: [os] });
  const packages = {
    'node_modules/here': entry(process.platform),
    'node_modules/elsewhere': entry('aix'),
  };
  writeFileSync(join(dir, 'package.json'), '{}');
  writeFileSync(join(dir, 'package-lock.json'), JSON.stringify({ lockfileVersion: 3, packages }));
  const names = ofDirectory(join(dir, 'app'), ['web'])?.packages.map(({ name }) => name);
  assert.deepEqual(names, ['here']);
});
