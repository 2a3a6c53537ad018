/** The symbolic link `current`: replaced in one step, so that it is never missing. */
import { readlinkSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';

/** What it leads to, as it is written; null: there is none. */
export function readCurrent(root: string): string | null {
  try {
    return readlinkSync(join(root, 'current'));
  } catch {
    return null;
  }
}

/** @param target as in `readCurrent`; null removes it */
export function writeCurrent(root: string, target: string | null): void {
  const link = join(root, 'current');
  if (target === null) {
    rmSync(link, { force: true });
    return;
  }
  if (readCurrent(root) === target) return;
  const fresh = join(root, `.current-${process.pid}`);
  rmSync(fresh, { force: true });
  symlinkSync(target, fresh);
  renameSync(fresh, link);
}

export function targetOf(release: string): string {
  return `releases/${release}`;
}
