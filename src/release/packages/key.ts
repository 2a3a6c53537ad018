/** What an installed tree depends on, as one hash: the same key, the same tree. */
import { createHash } from 'node:crypto';
import { existsSync, lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { readManifest, workspaceDirs } from '../lockfile/find.ts';
import type { Lockfile, Manifest } from '../lockfile/lockfile.ts';
import type { NodeRuntime } from '../seams.ts';
import type { InstallCommand } from './commands.ts';
import type { Manager } from './manager.ts';

/** Raised when trees are made otherwise than before. */
const FORMAT = 1;

export interface KeyParts {
  readonly dir: string;
  readonly lockfile: Lockfile;
  readonly manager: Manager;
  readonly node: NodeRuntime;
  readonly commands: readonly InstallCommand[];
  readonly allowScripts: readonly string[];
  /** `linux-x64-glibc` */
  readonly platform: string;
}

/** They say how it is installed, and whence. */
const CONFIGURATION = [
  '.npmrc',
  '.yarnrc',
  '.yarnrc.yml',
  '.pnpmfile.cjs',
  'bunfig.toml',
  'pnpm-workspace.yaml',
  'patches',
  '.yarn/patches',
];

/** Scripts of the project that package managers run after an install. */
const OWN_SCRIPTS = ['preinstall', 'install', 'postinstall', 'prepare'];

export function treeKey({
  dir,
  lockfile,
  manager,
  node,
  commands,
  allowScripts,
  platform,
}: KeyParts): string {
  const dirs = lockfile.content.wants ? Object.keys(lockfile.content.wants) : workspaceDirs(dir);
  const manifests = dirs.map((one) => [one, readManifest(join(dir, one))] as const);
  // What these scripts make may depend on anything.
  const depends = manifests.some(([, one]) => one && hasOwnScripts(one));
  const parts = [
    FORMAT,
    lockfile.file,
    lockfile.hash,
    manager.kind,
    manager.version,
    commands.map(({ words, env }) => [words, env]),
    [...allowScripts].sort(),
    // The version, too: scripts that were run may have asked for it.
    allowScripts.length > 0 || depends ? node.version : null,
    node.abi,
    platform,
    manifests.map(([one, manifest]) => [one, manifest && essence(manifest)]),
    CONFIGURATION.map((name) => hashOf(join(dir, name))),
    depends ? hashOf(dir) : null,
  ];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}

export function hasOwnScripts({ scripts }: Manifest): boolean {
  return OWN_SCRIPTS.some((event) => scripts?.[event] !== undefined);
}

/** A new version or description of the project is no new tree. */
function essence(manifest: Manifest): unknown[] {
  const { name, dependencies, devDependencies, optionalDependencies, peerDependencies, resolutions } =
    manifest;
  const { overrides, pnpm, dependenciesMeta, bin } = manifest as Record<string, unknown>;
  const rest = [overrides, pnpm, dependenciesMeta, bin].map((one) => one ?? null);
  return [name, dependencies, devDependencies, optionalDependencies, peerDependencies, resolutions, ...rest];
}

/** Of a file or of all below a directory, but for node_modules; null = it is not there. */
function hashOf(path: string): string | null {
  if (!existsSync(path)) return null;
  const stat = lstatSync(path);
  if (stat.isSymbolicLink()) return `link ${readlinkSync(path)}`;
  if (stat.isFile()) return createHash('sha256').update(readFileSync(path)).digest('hex');
  if (!stat.isDirectory()) return null;
  const inside = readdirSync(path)
    .filter((name) => name !== 'node_modules' && name !== '.git')
    .sort()
    .map((name) => [name, hashOf(join(path, name))]);
  return createHash('sha256').update(JSON.stringify(inside)).digest('hex');
}
