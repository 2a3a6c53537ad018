/** Files and directories that all releases share: they lie beside the releases, which have links to them. */
import { chownSync, existsSync, lstatSync, mkdirSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

export interface SharedOptions {
  /** The release. */
  readonly dir: string;
  /** See ReleasePaths. */
  readonly shared: string;
  /** As in the configuration: `uploads/`, `.env`. */
  readonly paths: readonly string[];
  /** Who owns a directory that is made here; null = whoever deploys. */
  readonly owner: { readonly uid: number; readonly gid: number } | null;
}

/**
 * Puts the links into the release. What the first release has there becomes what is shared; what later ones have there is left out.
 *
 * @returns what a person should know, a line each
 */
export function linkShared({ dir, shared, paths, owner }: SharedOptions): string[] {
  return paths.flatMap((path) => {
    const isDirectory = path.endsWith('/');
    const name = path.replace(/\/$/, '');
    const there = join(shared, name);
    const here = join(dir, name);
    mkdirSync(dirname(there), { recursive: true, mode: 0o755 });
    mkdirSync(dirname(here), { recursive: true, mode: 0o755 });
    const notes = settle(here, there, name);
    if (isDirectory && !existsSync(there)) {
      mkdirSync(there, { recursive: true, mode: 0o755 });
      if (owner) chownSync(there, owner.uid, owner.gid);
    }
    // Relative, so that the whole project can be moved.
    symlinkSync(relative(dirname(here), there), here);
    if (!isDirectory && !existsSync(there)) notes.push(`shared: there is no ${there} yet: put it there`);
    return notes;
  });
}

/** What the release itself has at this place goes away, or becomes the shared one. */
function settle(here: string, there: string, name: string): string[] {
  if (!exists(here)) return [];
  if (!exists(there)) {
    renameSync(here, there);
    return [`shared: ${name} of this release is what is shared from now on`];
  }
  rmSync(here, { recursive: true, force: true });
  return [];
}

function exists(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}
