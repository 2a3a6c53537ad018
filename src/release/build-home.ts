/**
 * The home directory of installs and builds: one for each project and build user, because what a build leaves there, such as an .npmrc,
 * decides about the builds after it. So it is empty for each release, but for caches.
 */
import { chmodSync, lchownSync, lstatSync, mkdirSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Builder } from './builder.ts';
import { makeOurs } from './ours.ts';
import type { ReleasePaths } from './paths.ts';
import { removeTree } from './retention/remove.ts';

/** Of npm, pnpm, yarn and bun, and `.cache` (XDG) of all others. */
const CACHES = [
  '.cache',
  '.npm/_cacache',
  '.local/share/pnpm/store',
  '.yarn/berry/cache',
  '.bun/install/cache',
];

type Home = Pick<ReleasePaths, 'buildHome'>;

/** Made when it is not there. */
export function buildHomeOf({ buildHome }: Home, { identity, name }: Builder): string {
  const home = join(buildHome, name);
  // Each user must get to its own.
  for (const dir of [dirname(buildHome), buildHome]) {
    mkdirSync(dir, { recursive: true, mode: 0o755 });
    makeOurs(dir);
  }
  if (mkdirSync(home, { recursive: true, mode: 0o700 })) chmodSync(home, 0o700);
  const account = identity?.account;
  if (account) lchownSync(home, account.uid, account.gid ?? 0);
  return home;
}

/** To be called before a release is made, with the lock. */
export async function freshBuildHome(paths: Home, builder: Builder): Promise<void> {
  await keepOnly(buildHomeOf(paths, builder), CACHES);
  buildHomeOf(paths, builder);
}

async function keepOnly(dir: string, kept: readonly string[]): Promise<void> {
  const { uid, gid } = lstatSync(dir);
  makeOurs(dir, 0o700);
  for (const name of readdirSync(dir)) {
    const path = join(dir, name);
    const below = kept.flatMap((one) => (one.startsWith(`${name}/`) ? [one.slice(name.length + 1)] : []));
    const isDirectory = lstatSync(path).isDirectory();
    if (isDirectory && kept.includes(name)) continue;
    if (isDirectory && below.length > 0) await keepOnly(path, below);
    else await removeTree(path);
  }
  if (process.geteuid?.() === 0) lchownSync(dir, uid, gid);
}
