/** Whose the directories of an installed tree are, and what in it is not of the package manager. */
import { lchownSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { LockedPackage } from '../seams.ts';
import type { InstalledPackage } from './installed.ts';
import { moduleDirs } from './installed.ts';

/** The build user may put something beside what is installed; the files are the store's. The owner of `dir` is the build user. */
export function giveDirectories(dir: string): void {
  if (process.geteuid?.() !== 0) return;
  const { uid, gid } = statSync(dir);
  own(dir, uid, gid);
}

/** After the build: nobody but us changes them any more. */
export function takeDirectories(dir: string): void {
  if (process.geteuid?.() === 0) own(dir, 0, 0);
}

function own(dir: string, uid: number, gid: number): void {
  for (const modules of moduleDirs(dir)) {
    const top = join(dir, modules);
    lchownSync(top, uid, gid);
    for (const entry of readdirSync(top, { recursive: true, withFileTypes: true })) {
      if (entry.isDirectory()) lchownSync(join(entry.parentPath, entry.name), uid, gid);
    }
  }
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
