/** Takes away what only the build needed, without a package manager: package-lock.json says where it lies. */
import { existsSync, lstatSync, readdirSync, readlinkSync, rmdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isDirectoryIn, placeIn } from '../inside.ts';

/**
 * What the build has made a link is not followed.
 *
 * @param modules the directories `node_modules` that were installed, relative
 * @param devPaths see LockContent
 */
export function pruneDevelopment(dir: string, modules: readonly string[], devPaths: readonly string[]): void {
  for (const path of devPaths) {
    if (isDirectoryIn(dir, dirname(path))) rmSync(placeIn(dir, path), { recursive: true, force: true });
  }
  for (const one of modules) {
    if (!isDirectoryIn(dir, one)) continue;
    const at = join(dir, one);
    if (isDirectoryIn(dir, `${one}/.bin`)) removeDeadLinks(join(at, '.bin'));
    for (const entry of readdirSync(at, { withFileTypes: true })) {
      if (entry.isDirectory() && entry.name.startsWith('@')) removeIfEmpty(join(at, entry.name));
    }
    // It lists what is gone now; caches of build tools are large, and nobody needs them any more.
    for (const name of ['.package-lock.json', '.cache', '.vite', '.vite-temp']) {
      rmSync(join(at, name), { recursive: true, force: true });
    }
    removeIfEmpty(at);
  }
}

function removeDeadLinks(bin: string): void {
  for (const name of readdirSync(bin)) {
    const path = join(bin, name);
    if (lstatSync(path).isSymbolicLink() && !existsSync(join(dirname(path), readlinkSync(path))))
      rmSync(path);
  }
  removeIfEmpty(bin);
}

function removeIfEmpty(dir: string): void {
  if (readdirSync(dir).length === 0) rmdirSync(dir);
}
