/** What a project's own files say of its packages: which lockfile there is, and what package.json says. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import semver from 'semver';
import type { ProjectFacts } from '../../exporters/exported.ts';
import { wantedNode } from '../../release/node/wanted.ts';
import { readVersion } from '../version.ts';

/** The first that is there counts, as a person would read it. */
const LOCKFILES: readonly (readonly [file: string, manager: ProjectFacts['manager']])[] = [
  ['pnpm-lock.yaml', 'pnpm'],
  ['bun.lock', 'bun'],
  ['bun.lockb', 'bun'],
  ['yarn.lock', 'yarn'],
  ['npm-shrinkwrap.json', 'npm'],
  ['package-lock.json', 'npm'],
];

interface Manifest {
  readonly packageManager?: unknown;
  readonly scripts?: { readonly build?: unknown };
  readonly dependencies?: Readonly<Record<string, unknown>>;
  readonly devDependencies?: Readonly<Record<string, unknown>>;
}

/** Without a lockfile it is one of npm that still has to be made: `npm ci` says so. */
export function readProjectFacts(dir: string): ProjectFacts {
  const isThere = (file: string) => existsSync(join(dir, file));
  const [lockfile, manager] = LOCKFILES.find(([file]) => isThere(file)) ?? ['package-lock.json', 'npm'];
  const manifest = readManifest(join(dir, 'package.json'));
  const [, name, version] =
    /^([a-z]+)@(\d+\.\d+\.\d+[0-9A-Za-z.-]*)/.exec(String(manifest.packageManager ?? '')) ?? [];
  return {
    manager,
    managerVersion: name === manager && version !== undefined ? version : impliedVersion(dir, lockfile),
    files: ['package.json', lockfile, ...['pnpm-workspace.yaml', '.yarnrc.yml'].filter(isThere)],
    node: imageVersion(wantedNode(dir)?.range ?? null),
    hasBuild: typeof manifest.scripts?.build === 'string',
    holdfast: hasHoldfast(manifest) ? null : readVersion(),
  };
}

/** A range that the Node of this machine is in means that one, since the apps are known to run with it; images need a name such as `24`. */
export function imageVersion(range: string | null, running = process.versions.node): string {
  if (range !== null && /^\d+(?:\.\d+){0,2}$/.test(range)) return range;
  const own = String(semver.major(running));
  if (range === null || semver.satisfies(running, range)) return own;
  return /\d+/.exec(range)?.[0] ?? own;
}

function hasHoldfast({ dependencies, devDependencies }: Manifest): boolean {
  return Object.hasOwn({ ...dependencies, ...devDependencies }, 'holdfast');
}

/** Lockfiles of yarn from version 2 on are YAML, and begin with what they are. */
function impliedVersion(dir: string, lockfile: string): string | null {
  const path = join(dir, lockfile);
  const isBerry =
    lockfile === 'yarn.lock' && existsSync(path) && /^__metadata:/m.test(readFileSync(path, 'utf8'));
  return isBerry ? '4' : null;
}

function readManifest(path: string): Manifest {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Manifest;
  } catch {
    // None, or none that npm would take: the build says so.
    return {};
  }
}
