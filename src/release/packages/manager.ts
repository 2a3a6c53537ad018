/** Which package manager installs, and which version of it. Pure. */
import semver from 'semver';
import { HoldfastError } from '../../errors.ts';
import type { Engine, LockContent, LockfileKind, Manifest } from '../lockfile/lockfile.ts';

export type ManagerName = 'npm' | 'pnpm' | 'yarn' | 'bun';

export interface Manager {
  readonly kind: LockfileKind;
  readonly name: ManagerName;
  /** Exact. */
  readonly version: string;
  /** `sha512.<hex>` of its package, when package.json says it. */
  readonly hash: string | null;
}

export interface Wish {
  readonly name: ManagerName;
  /** A version or a range; null = any. */
  readonly version: string | null;
  readonly hash: string | null;
  /** Where it is said. */
  readonly from: 'packageManager' | 'devEngines.packageManager';
}

const NAMES: readonly string[] = ['npm', 'pnpm', 'yarn', 'bun'] satisfies ManagerName[];

/**
 * What package.json says of it; null = nothing.
 * @throws HoldfastError PACKAGES_REFUSED
 */
export function wishOf({ packageManager, devEngines }: Manifest): Wish | null {
  if (packageManager !== undefined) {
    const [, name = '', version = '', hash = null] = /^(\w+)@([^+]+)(?:\+(.+))?$/.exec(packageManager) ?? [];
    if (!isName(name) || semver.valid(version) === null || !isHash(hash)) {
      throw new HoldfastError(
        'PACKAGES_REFUSED',
        `packageManager of package.json must be like "npm@11.6.2": got "${packageManager}"`,
      );
    }
    return { name, version, hash, from: 'packageManager' };
  }
  const engine = [devEngines?.packageManager ?? []].flat().find(({ name }: Engine) => isName(name));
  if (!engine || !isName(engine.name)) return null;
  const [version = '', hash = null] = engine.version?.split('+') ?? [];
  if (!isHash(hash)) {
    throw new HoldfastError(
      'PACKAGES_REFUSED',
      `devEngines.packageManager of package.json must have a version like "11.6.2": got "${engine.version}"`,
    );
  }
  return { name: engine.name, version: version || null, hash, from: 'devEngines.packageManager' };
}

/** It becomes part of the name of a directory. */
function isHash(hash: string | null): boolean {
  return hash === null || /^sha\d+\.[0-9a-f]+$/i.test(hash);
}

function isName(name: string): name is ManagerName {
  return NAMES.includes(name);
}

export interface Known {
  /** The Node that installs. */
  readonly node: string;
  /** The npm beside our own Node. */
  readonly ownNpm: { readonly version: string; readonly engines: string } | null;
}

/** What installs when package.json names no version: one that reads this lockfile and runs on this Node. It only changes with Holdfast. */
export function usualVersion(kind: LockfileKind, { version }: LockContent, { node, ownNpm }: Known): string {
  const format = Number.parseInt(version ?? '', 10);
  switch (kind) {
    case 'npm':
      if (ownNpm && semver.satisfies(node, ownNpm.engines)) return ownNpm.version;
      if (semver.satisfies(node, '^20.17.0 || >=22.9.0')) return '11.21.2';
      return semver.satisfies(node, '^18.17.0 || >=20.5.0') ? '10.9.4' : '9.9.4';
    case 'pnpm':
      if (format < 9) return '8.15.9';
      return semver.satisfies(node, '>=18.12') ? '10.34.8' : '8.15.9';
    case 'yarn':
      return '1.22.22';
    case 'berry':
      if (format >= 8) return '4.18.1';
      return format >= 5 ? '3.8.7' : '2.4.3';
    case 'bun':
      return '1.4.5';
  }
}

/**
 * What the wish and the lockfile agree on.
 *
 * @throws HoldfastError PACKAGES_REFUSED when they are of different managers
 */
export function kindFor(wish: Wish | null, kind: LockfileKind, file: string): LockfileKind {
  const name = nameOf(kind);
  if (wish && wish.name !== name) {
    throw new HoldfastError(
      'PACKAGES_REFUSED',
      `${wish.from} of package.json wants ${wish.name}, but "${file}" is of ${name}`,
      { hint: `Run \`${wish.name} install\` and delete "${file}", or change package.json` },
    );
  }
  if (
    kind === 'npm' &&
    file === 'npm-shrinkwrap.json' &&
    wish?.version &&
    semver.satisfies(wish.version, '>=12')
  ) {
    throw new HoldfastError('PACKAGES_REFUSED', `npm ${wish.version} does not read "${file}"`, {
      hint: 'Rename it to "package-lock.json"',
    });
  }
  const version = wish?.version ?? null;
  if (name !== 'yarn' || version === null || semver.valid(version) === null) return kind;
  const yarn = semver.major(version) === 1 ? 'yarn' : 'berry';
  if (yarn === kind) return kind;
  throw new HoldfastError(
    'PACKAGES_REFUSED',
    `yarn ${version} does not read this "${file}", which is of ${kind === 'yarn' ? 'yarn 1' : 'yarn 2 or newer'}`,
    {
      hint: 'Run `yarn install` with that version, and commit what it writes',
    },
  );
}

export function nameOf(kind: LockfileKind): ManagerName {
  return kind === 'berry' ? 'yarn' : kind;
}
