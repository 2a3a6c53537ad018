/**
 * Files and directories that all releases share: they lie beside the releases, which have links to them. The directories of the release
 * must be ours by then, see ours.ts.
 */
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { dirname, relative } from 'node:path';
import { placeIn } from './inside.ts';
import { giveAll } from './ours.ts';

export interface SharedOptions {
  /** The release. */
  readonly dir: string;
  /** See ReleasePaths. */
  readonly shared: string;
  /** As in the configuration: `uploads/`, `.env`. */
  readonly paths: readonly string[];
  /** Who owns what becomes shared here; null = whoever deploys. */
  readonly owner: { readonly uid: number; readonly gid: number } | null;
}

/**
 * Puts the links into the release. What the first release has there becomes what is shared; what later ones have there is left out.
 *
 * @returns what a person should know, a line each
 * @throws HoldfastError SOURCE_INVALID when a link is on the way to one of them
 */
export function linkShared({ dir, shared, paths, owner }: SharedOptions): string[] {
  return paths.flatMap((path) => {
    const isDirectory = path.endsWith('/');
    const name = path.replace(/\/$/, '');
    mkdirSync(shared, { recursive: true, mode: 0o755 });
    const there = placeIn(shared, name);
    const here = placeIn(dir, name);
    mkdirSync(dirname(there), { recursive: true, mode: 0o755 });
    mkdirSync(dirname(here), { recursive: true, mode: 0o755 });
    const notes = settle(here, there, name, owner);
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

/** What the release itself has at this place goes away, or becomes the shared one. A link leads to nothing that could be shared. */
function settle(here: string, there: string, name: string, owner: SharedOptions['owner']): string[] {
  const found = lstatSync(here, { throwIfNoEntry: false });
  if (!found) return [];
  if (found.isSymbolicLink() || lstatSync(there, { throwIfNoEntry: false })) {
    rmSync(here, { recursive: true, force: true });
    return [];
  }
  // Such a file is mostly one with secrets.
  if (found.isFile()) chmodSync(here, 0o600);
  // Where only we can change anything, and not where apps might.
  if (owner) giveAll(here, owner.uid, owner.gid);
  renameSync(here, there);
  return [`shared: ${name} of this release is what is shared from now on`];
}
