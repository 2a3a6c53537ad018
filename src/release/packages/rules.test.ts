import assert from 'node:assert/strict';
import { test } from 'node:test';
import { diffLockfiles } from '../lockfile/diff.ts';
import type { LockContent } from '../lockfile/lockfile.ts';
import type { LockedPackage } from '../seams.ts';
import { readAudit } from './audit.ts';
import { credentials, installCommands, patience } from './commands.ts';
import { kindFor, type Manager, usualVersion, wishOf } from './manager.ts';
import { type PublishTimes, refuseYoung } from './policy.ts';
import { planScripts } from './scripts.ts';
import { readSignatures } from './signatures.ts';
import { npmrcOfYarn } from './where-npm-asks.ts';

const manager = (kind: Manager['kind'], version: string): Manager => {
  return { kind, name: kind === 'berry' ? 'yarn' : kind, version, hash: null };
};
const lines = (kind: Manager['kind'], version: string, production: boolean, offline = false) =>
  installCommands(manager(kind, version), { production, offline }).map(({ words }) => words.join(' '));

test('what is run to install, for each manager', () => {
  const npm = 'npm ci --ignore-scripts --omit=dev --no-audit --no-fund --prefer-offline';
  assert.deepEqual(lines('npm', '11.6.2', true), [npm]);
  assert.deepEqual(lines('npm', '12.2.0', true), [`${npm} --allow-git=all --allow-remote=all`]);
  assert.match(lines('npm', '11.6.2', false, true).join(), /--include=dev.*--offline$/);
  assert.deepEqual(lines('pnpm', '10.34.8', true), [
    'pnpm install --frozen-lockfile --ignore-scripts --prod --prefer-offline --package-import-method=clone-or-copy',
  ]);
  assert.match(
    lines('yarn', '1.22.22', true).join(),
    /^yarn install --frozen-lockfile --ignore-scripts.*--production=true/,
  );
  assert.deepEqual(lines('berry', '4.18.1', true), [
    'yarn install --immutable --mode=skip-build',
    'yarn workspaces focus --all --production',
  ]);
  assert.match(
    lines('bun', '1.4.5', true).join(),
    /^bun install --frozen-lockfile --ignore-scripts.*--production$/,
  );
});

test('a registry that is down is told soon, unless the project or the shell says otherwise', () => {
  const names = (kind: Manager['kind'], configured = '') =>
    Object.keys(patience(manager(kind, '1.0.0'), configured)).filter((name) => !name.startsWith('pnpm_'));
  const npm = ['retries', 'retry_mintimeout', 'retry_maxtimeout', 'timeout'].map(
    (name) => `npm_config_fetch_${name}`,
  );
  assert.deepEqual(names('npm'), npm);
  assert.deepEqual(names('pnpm'), npm);
  assert.deepEqual(names('npm', 'fetch-retries=5\n'), npm.slice(1));
  assert.deepEqual(names('berry', 'httpTimeout: 1000'), ['YARN_HTTP_RETRY']);
  assert.deepEqual(names('yarn'), ['YARN_NETWORK_TIMEOUT']);
  assert.equal(names('bun').length, 2);
  const own = patience(manager('npm', '11.0.0'), '', { npm_config_fetch_retries: '0' });
  assert.deepEqual([own.npm_config_fetch_retries, own.npm_config_fetch_timeout], ['0', '30000']);
  for (const kind of ['npm', 'pnpm', 'yarn', 'berry', 'bun'] as const)
    for (const value of Object.values(patience(manager(kind, '1.0.0'), ''))) assert.match(value, /^\d+$/);
});

test('npm asks the registries that yarn knows, with the same tokens', () => {
  const yarnrc = `
npmRegistryServer: https://npm.example.com/all
npmAuthToken: "\${NPM_TOKEN-}"
npmScopes:
  acme: {npmRegistryServer: "https://acme.example.com", npmAuthToken: "\${ACME}"}
npmRegistries:
  "//other.example.com/": {npmAuthToken: x}
`;
  assert.deepEqual(npmrcOfYarn(yarnrc).trim().split('\n'), [
    'registry=https://npm.example.com/all',
    `//npm.example.com/all/:_authToken=\${NPM_TOKEN}`,
    '//other.example.com/:_authToken=x',
    '@acme:registry=https://acme.example.com',
    `//acme.example.com/:_authToken=\${ACME}`,
  ]);
  for (const broken of ['', '- a', '{']) assert.equal(npmrcOfYarn(broken), '');
});

test('only pnpm has to be told that variables of the project are meant', () => {
  assert.deepEqual(credentials(manager('npm', '11.0.0'), '/r'), {});
  assert.equal(credentials(manager('pnpm', '10.34.8'), '/r').npm_config_userconfig, '/r/.npmrc');
});

test('package.json names the manager, else the lockfile does', () => {
  assert.deepEqual(wishOf({ packageManager: 'pnpm@10.34.8+sha512.ab' }), {
    name: 'pnpm',
    version: '10.34.8',
    hash: 'sha512.ab',
    from: 'packageManager',
  });
  assert.equal(wishOf({ devEngines: { packageManager: { name: 'npm', version: '^11' } } })?.version, '^11');
  assert.throws(
    () => wishOf({ packageManager: 'npm@10.0.0+/../../tmp/x' }),
    /must be like "npm@11.6.2": got "npm@10\.0\.0\+\//,
  );
  assert.throws(
    () => wishOf({ devEngines: { packageManager: { name: 'npm', version: '10.0.0+/../x' } } }),
    /must have a version like/,
  );
  assert.throws(
    () => wishOf({ packageManager: 'npm@latest' }),
    /must be like "npm@11.6.2": got "npm@latest"/,
  );
  const pnpm = wishOf({ packageManager: 'pnpm@10.34.8' });
  assert.throws(
    () => kindFor(pnpm, 'npm', 'package-lock.json'),
    /wants pnpm, but "package-lock.json" is of npm/,
  );
  const yarn = wishOf({ packageManager: 'yarn@4.18.1' });
  assert.throws(() => kindFor(yarn, 'yarn', 'yarn.lock'), /yarn 4.18.1 does not read this "yarn.lock"/);
  const npm12 = wishOf({ packageManager: 'npm@12.2.0' });
  assert.throws(() => kindFor(npm12, 'npm', 'npm-shrinkwrap.json'), /does not read "npm-shrinkwrap.json"/);
});

test('without a wish it is a version that reads the lockfile and runs on the Node', () => {
  const content = (version: string): LockContent => {
    return { version, packages: [], devPaths: null, wants: null, answers: null };
  };
  const ownNpm = { version: '11.19.1', engines: '^20.17.0 || >=22.9.0' };
  assert.equal(usualVersion('npm', content('3'), { node: '24.1.0', ownNpm }), '11.19.1');
  assert.equal(usualVersion('npm', content('3'), { node: '18.19.0', ownNpm }), '10.9.4');
  assert.equal(usualVersion('pnpm', content('6.0'), { node: '24.1.0', ownNpm }), '8.15.9');
  assert.equal(usualVersion('berry', content('6'), { node: '24.1.0', ownNpm }), '3.8.7');
});

test('scripts that are allowed are run, those that are not are told', () => {
  const one = (name: string, scripts: [string, string][]) => ({
    name,
    version: '1.0.0',
    dir: `/${name}`,
    scripts,
  });
  const packages = [one('a', [['install', 'x']]), one('b', [['install', 'x']]), one('c', [])];
  const { run, notes } = planScripts(packages, ['a@1.0.0', 'b@2.0.0', 'none']);
  assert.deepEqual(
    run.map(({ name }) => name),
    ['a'],
  );
  assert.match(notes[0] ?? '', /not run: b\. .*allowScripts: \['b'\]/);
  assert.match(notes[1] ?? '', /not installed: b@2.0.0, none/);
});

test('a registry without signatures is told, a wrong one is refused', () => {
  assert.match(readSignatures({ error: {} }).join(), /has no signatures/);
  assert.deepEqual(readSignatures({ invalid: [], missing: [] }), []);
  assert.throws(
    () => readSignatures({ invalid: [{ name: 'a', version: '1.0.0' }], missing: [] }),
    /wrong for a@1.0.0/,
  );
});

const locked = (name: string, version: string, more: Partial<LockedPackage> = {}): LockedPackage => {
  return {
    name,
    version,
    from: 'registry',
    resolved: null,
    integrity: null,
    dev: false,
    hasInstallScript: null,
    ...more,
  };
};

test('vulnerabilities, the worst first; an answer that is none is none', () => {
  const via = (name: string, severity: string) => [
    { name, severity, title: `bad ${name}`, url: 'https://x.example' },
    'p1',
  ];
  const report = {
    vulnerabilities: { p0: { via: via('a', 'low') }, p1: { via: via('b', 'critical') }, p2: { via: ['p0'] } },
  };
  const found = readAudit(report, [locked('a', '1.0.0'), locked('a', '2.0.0'), locked('b', '1.0.0')]);
  assert.deepEqual(
    found?.map(({ name, versions, severity }) => [name, versions.join(), severity]),
    [
      ['b', '1.0.0', 'critical'],
      ['a', '1.0.0,2.0.0', 'low'],
    ],
  );
  assert.equal(readAudit({ message: 'not implemented' }, []), undefined);
});

test('a registry that does not say how old anything is lets nothing through unseen', async () => {
  const diff = { ...diffLockfiles([], [locked('a', '1.0.0'), locked('b', '1.0.0')]) };
  const ask = (times: PublishTimes, allowNew: string[] = []) =>
    refuseYoung(diff, allowNew, { coolDownMs: 1000, now: Date.parse('2026-11-23'), times });
  await assert.rejects(
    ask(async () => undefined),
    /does not say how old a@1\.0\.0 is, and of 1 more/,
  );
  assert.deepEqual(await ask(async () => undefined, ['a', 'b']), []);
  const known = async (name: string) => (name === 'a' ? { '1.0.0': '2026-11-01' } : undefined);
  assert.match((await ask(known)).join(), /does not say when these were published: b@1\.0\.0/);
});
