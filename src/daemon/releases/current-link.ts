/** The symbolic link `current`: replaced in one step, so that it is never missing, and a power cut brings back no release of before. */
import { readlinkSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { syncDirectory } from '../../kit/atomic-file.ts';
import type { Promotion } from './promotion.ts';

/** What it leads to, as it is written; null: there is none. */
export function readCurrent(root: string): string | null {
  try {
    return readlinkSync(join(root, 'current'));
  } catch {
    return null;
  }
}

/** @param target as in `readCurrent`; null removes it */
export function writeCurrent(root: string, target: string | null, sync = syncDirectory): void {
  if (readCurrent(root) === target) return;
  const link = join(root, 'current');
  if (target === null) {
    rmSync(link, { force: true });
  } else {
    const fresh = join(root, `.current-${process.pid}`);
    rmSync(fresh, { force: true });
    symlinkSync(target, fresh);
    renameSync(fresh, link);
  }
  sync(root);
}

/** To what it led to before, as far as that can be. */
export function pointBack({ root, from }: Promotion): void {
  try {
    writeCurrent(root, from.current);
  } catch {
    // Whoever looks at it finds a release that has not come to serve, and its record says so.
  }
}

export function targetOf(release: string): string {
  return `releases/${release}`;
}
