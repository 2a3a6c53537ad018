/** Whose the directories of an installed tree are, and what in it is not of the package manager. */
import { lchownSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { LockedPackage } from '../seams.ts';
import { parentsOf } from '../store/tree-rules.ts';
import type { InstalledPackage } from './installed.ts';
import { moduleDirs } from './installed.ts';

/**
 * The build user may put something beside what is installed, and around it; the files are the store's.
 *
 * @param owner of `dir`, before anything of it was absorbed
 */
export function giveDirectories(dir: string, { uid, gid }: { uid: number; gid: number }): void {
  if (process.geteuid?.() !== 0) return;
  const all = moduleDirs(dir);
  for (const modules of all) giveDirectory(join(dir, modules), uid, gid);
  const around = new Set(all.flatMap(parentsOf));
  for (const path of [...around, '']) lchownSync(join(dir, path), uid, gid);
}

/** What is below comes first: it is found by way of a directory that is still ours. */
function giveDirectory(dir: string, uid: number, gid: number): void {
  for (const entry of readdirSync(dir, { withFileTypes: true })) {
    if (entry.isDirectory()) giveDirectory(join(dir, entry.name), uid, gid);
  }
  lchownSync(dir, uid, gid);
}

/** All that is not one of `kept` nor on the way to it; as short a list as there is. */
export function besides(dir: string, kept: readonly string[]): string[] {
  const found: string[] = [];
  const look = (below: string) => {
    for (const name of readdirSync(join(dir, below))) {
      const path = below === '' ? name : `${below}/${name}`;
      if (kept.includes(path)) continue;
      if (kept.some((one) => one.startsWith(`${path}/`))) look(path);
      else found.push(path);
    }
  };
  look('');
  return found;
}

const MANAGERS_OWN = ['.bin', '.pnpm', '.cache', '.vite', '.vite-temp', '.store'];

/** Directories that a build has made in node_modules, such as `.prisma`. */
export function generatedIn(dir: string, all: readonly string[]): string[] {
  return all.flatMap((modules) =>
    readdirSync(join(dir, modules), { withFileTypes: true })
      .filter((one) => one.isDirectory() && one.name.startsWith('.') && !MANAGERS_OWN.includes(one.name))
      .map(({ name }) => `${modules}/${name}`),
  );
}

/** What the lockfile does not say: who has install scripts. */
export function withScripts(
  packages: readonly LockedPackage[],
  installed: readonly InstalledPackage[],
): LockedPackage[] {
  const known = new Map(installed.map((one) => [`${one.name}@${one.version}`, one.scripts.length > 0]));
  return packages.map((one) => {
    if (one.hasInstallScript !== null) return one;
    return { ...one, hasInstallScript: known.get(`${one.name}@${one.version}`) ?? null };
  });
}
