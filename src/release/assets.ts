/**
 * Hashed files of earlier releases, such as `app.3f2a91c.js`: pages that were loaded before a deploy still ask for them. So each release
 * also has those of the releases before it that are still kept, as far as it has no file of the same name.
 */
import { linkSync, lstatSync, mkdirSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * @param dir the release
 * @param before directories of earlier releases, the newest first
 * @param paths directories in a release
 * @returns how many files were carried over
 */
export function carryAssets(dir: string, before: readonly string[], paths: readonly string[]): number {
  let count = 0;
  for (const path of paths) {
    for (const release of before) {
      for (const file of filesBelow(join(release, path))) {
        const here = join(dir, path, file);
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
