/** The programs of package managers: fetched, verified, and with small scripts that start them with the Node of the release. */
import { chmodSync, cpSync, existsSync, lstatSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import semver from 'semver';
import { HoldfastError } from '../../errors.ts';
import type { LockContent, LockfileKind, Manifest } from '../lockfile/lockfile.ts';
import { type Fetcher, matchesHash, type OwnNpm, toolDir, unpackTool, versionsThere } from '../tools.ts';
import { kindFor, type Manager, nameOf, usualVersion, wishOf } from './manager.ts';

export interface ManagerOptions {
  readonly tools: string;
  readonly fetcher: Fetcher;
  readonly ownNpm: OwnNpm | undefined;
  readonly offline: boolean;
  readonly platform: { readonly platform: NodeJS.Platform; readonly arch: string; readonly musl: boolean };
  readonly say: (line: string) => void;
}

export interface ManagerTool extends Manager {
  /** For PATH: it has `npm`, `npx`, `pnpm` … in it. */
  readonly bin: string;
  /** Of the package. */
  readonly dir: string;
}

/** The version that is meant: exact in package.json, or the usual one if it is in the range, else the newest that is. */
export async function chooseManager(
  manifest: Manifest,
  lockfile: { readonly kind: LockfileKind; readonly file: string; readonly content: LockContent },
  node: string,
  { tools, fetcher, ownNpm, offline }: Pick<ManagerOptions, 'tools' | 'fetcher' | 'ownNpm' | 'offline'>,
): Promise<Manager> {
  const wish = wishOf(manifest);
  const kind = kindFor(wish, lockfile.kind, lockfile.file);
  const name = nameOf(kind);
  const usual = usualVersion(kind, lockfile.content, { node, ownNpm: ownNpm ?? null });
  const range = wish?.version ?? null;
  const of = (version: string): Manager => ({ kind, name, version, hash: wish?.hash ?? null });
  if (range === null || semver.satisfies(usual, range)) return of(semver.valid(range ?? '') ?? usual);
  const exact = semver.valid(range);
  if (exact !== null) return of(exact);
  const all = offline ? versionsThere(tools, name) : await fetcher.versions(packageOf(kind));
  const newest = semver.maxSatisfying(all, range);
  if (newest !== null) return of(newest);
  throw new HoldfastError(
    'PACKAGES_REFUSED',
    `There is no ${name} "${range}", as ${wish?.from} of package.json wants`,
  );
}

/** @throws HoldfastError when it cannot be had, or is not what its hash says */
export async function ensureManager(manager: Manager, options: ManagerOptions): Promise<ManagerTool> {
  const { tools, offline } = options;
  const { kind, name, version, hash } = manager;
  const own = options.ownNpm;
  // What was taken from this machine and what was verified are not the same.
  const named = `${name}@${version}${hash === null ? '' : `+${hash.slice(0, 24)}`}`;
  const dir = await toolDir(tools, named, async (made) => {
    const inside = join(made, 'package');
    mkdirSync(inside);
    if (kind === 'npm' && hash === null && own?.version === version && isWhole(own)) {
      cpSync(own.dir, inside, { recursive: true, dereference: true });
    } else {
      if (offline) {
        throw new HoldfastError(
          'PACKAGES_REFUSED',
          `${name} ${version} is not here, and nothing is fetched with \`--offline\``,
        );
      }
      options.say(`fetching ${name} ${version}`);
      await fetchManager(manager, inside, options);
    }
    writeStarters(made, kind, programOf(manager));
  });
  return { ...manager, dir: join(dir, 'package'), bin: join(dir, 'bin') };
}

/** Debian's npm has its dependencies elsewhere. */
function isWhole({ dir }: OwnNpm): boolean {
  const modules = join(dir, 'node_modules');
  const probe = join(modules, '@npmcli', 'arborist', 'package.json');
  return existsSync(probe) && !lstatSync(modules).isSymbolicLink();
}

async function fetchManager(manager: Manager, inside: string, options: ManagerOptions): Promise<void> {
  const { kind, name, version, hash } = manager;
  const refuse = () =>
    new HoldfastError(
      'PACKAGES_REFUSED',
      `${name} ${version} is not what packageManager of package.json says: its hash differs`,
      {
        hint: 'If you changed the version by hand, take what is behind the "+" away',
      },
    );
  const native = nativePackage(kind, version, options.platform);
  const check = (tarball: string) => {
    // That of yarn 2 and newer is of the program, that of all others of the package.
    if (hash !== null && kind !== 'berry' && !matchesHash(tarball, hash)) throw refuse();
  };
  if (native === null) {
    await unpackTool(options.fetcher, `${packageOf(kind)}@${version}`, inside, { check });
  } else {
    const wrapper = join(inside, 'wrapper');
    mkdirSync(wrapper);
    if (hash !== null) await unpackTool(options.fetcher, `${packageOf(kind)}@${version}`, wrapper, { check });
    await unpackTool(options.fetcher, `${native}@${version}`, inside);
  }
  if (hash !== null && kind === 'berry' && !matchesHash(join(inside, 'bin', 'yarn.js'), hash)) throw refuse();
}

function packageOf(kind: LockfileKind): string {
  return kind === 'berry' ? '@yarnpkg/cli-dist' : kind;
}

/** Managers that are no JavaScript have a package for each platform. */
function nativePackage(
  kind: LockfileKind,
  version: string,
  { platform, arch, musl }: ManagerOptions['platform'],
): string | null {
  const suffix = musl ? '-musl' : '';
  if (kind === 'bun') return `@oven/bun-${platform}-${arch === 'arm64' ? 'aarch64' : arch}${suffix}`;
  if (kind === 'pnpm' && semver.major(version) >= 12) return `@pnpm/exe.${platform}-${arch}${suffix}`;
  return null;
}

interface Program {
  /** In the package. */
  readonly file: string;
  readonly native: boolean;
}

function programOf({ kind, version }: Manager): Readonly<Record<string, Program>> {
  const script = (file: string) => ({ file, native: false });
  switch (kind) {
    case 'npm':
      return { npm: script('bin/npm-cli.js'), npx: script('bin/npx-cli.js') };
    case 'pnpm':
      if (semver.major(version) >= 12) return { pnpm: { file: 'pnpm', native: true } };
      return semver.major(version) >= 11
        ? { pnpm: script('bin/pnpm.mjs'), pnpx: script('bin/pnpx.mjs') }
        : { pnpm: script('bin/pnpm.cjs'), pnpx: script('bin/pnpx.cjs') };
    case 'yarn':
    case 'berry':
      return { yarn: script('bin/yarn.js') };
    case 'bun':
      return { bun: { file: 'bin/bun', native: true } };
  }
}

/** `node` is that of PATH, which is the release's. */
function writeStarters(made: string, kind: LockfileKind, programs: Readonly<Record<string, Program>>): void {
  const bin = join(made, 'bin');
  mkdirSync(bin);
  for (const [name, { file, native }] of Object.entries(programs)) {
    const program = join(made, 'package', file);
    if (!existsSync(program)) {
      throw new HoldfastError('STEP_FAILED', `Cannot use ${kind}: its package has no "${file}"`);
    }
    if (native) chmodSync(program, 0o755);
    // It is renamed as a whole, so paths begin where the script is.
    const path = `"$(dirname "$0")/../package/${file}"`;
    writeFileSync(join(bin, name), `#!/bin/sh\nexec ${native ? '' : 'node '}${path} "$@"\n`, { mode: 0o755 });
  }
}

/** Where npm has node-gyp, for packages that are compiled. */
export function nodeGyp(npm: { readonly dir: string }): { readonly bin: string; readonly script: string } {
  return {
    bin: join(npm.dir, 'node_modules', '@npmcli', 'run-script', 'lib', 'node-gyp-bin'),
    script: join(npm.dir, 'node_modules', 'node-gyp', 'bin', 'node-gyp.js'),
  };
}
