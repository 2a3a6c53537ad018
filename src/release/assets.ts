/**
 * Hashed files of earlier releases, such as `app.3f2a91c.js`: pages that were loaded before a deploy still ask for them. So each release
 * also has those of the releases before it that are still kept, as far as it has no file of the same name.
 */
import { linkSync, lstatSync, mkdirSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isDirectoryIn, placeIn } from './inside.ts';

/**
 * @param dir the release
 * @param before directories of earlier releases, the newest first
 * @param paths directories in a release
 * @returns how many files were carried over
 * @throws HoldfastError SOURCE_INVALID when a link is on the way to one of them
 */
export function carryAssets(dir: string, before: readonly string[], paths: readonly string[]): number {
  let count = 0;
  for (const path of paths.map((one) => one.replace(/\/$/, ''))) {
    for (const release of before) {
      if (!isDirectoryIn(release, path)) continue;
      for (const file of filesBelow(join(release, path))) {
        const here = placeIn(dir, `${path}/${file}`);
        if (lstatSync(here, { throwIfNoEntry: false })) continue;
        mkdirSync(dirname(here), { recursive: true, mode: 0o755 });
        linkSync(join(release, path, file), here);
        count += 1;
      }
    }
  }
  return count;
}

/** Relative; links are no files. */
function filesBelow(dir: string, below = ''): string[] {
  let entries: import('node:fs').Dirent[];
  try {
    entries = readdirSync(join(dir, below), { withFileTypes: true });
  } catch {
    return [];
  }
  return entries.flatMap((entry) => {
    const path = join(below, entry.name);
    if (entry.isDirectory()) return filesBelow(dir, path);
    return entry.isFile() ? [path] : [];
  });
}
