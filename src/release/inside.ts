/**
 * A path in a release, as we may write to it: what a build has made may be a link to anywhere, and whoever follows it writes there, as
 * root.
 */
import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import { HoldfastError } from '../errors.ts';
import { checkPath, parentsOf, quote } from './store/tree-rules.ts';

/**
 * The absolute path; what is not there yet may be made.
 *
 * @throws HoldfastError SOURCE_INVALID when the path leaves `dir`, or something on the way to its last part is a link or no directory
 */
export function placeIn(dir: string, path: string): string {
  checkPath(path);
  for (const parent of parentsOf(path)) {
    const found = lstatSync(join(dir, parent), { throwIfNoEntry: false });
    if (!found) break;
    if (!found.isDirectory()) {
      const what = found.isSymbolicLink() ? 'is a link' : 'is no directory';
      throw new HoldfastError('SOURCE_INVALID', `Cannot use ${quote(path)}: ${quote(parent)} ${what}`, {
        hint: 'It must be a real directory, not something that leads elsewhere',
      });
    }
  }
  return join(dir, path);
}

/** There, and a directory itself, and nothing on the way to it is a link. */
export function isDirectoryIn(dir: string, path: string): boolean {
  try {
    return lstatSync(placeIn(dir, path), { throwIfNoEntry: false })?.isDirectory() ?? false;
  } catch {
    return false;
  }
}
