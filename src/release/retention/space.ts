/** Whether there is room for a release, asked before anything is begun. */
import { existsSync, lstatSync, readdirSync, statfsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setImmediate as pause } from 'node:timers/promises';
import { HoldfastError } from '../../errors.ts';
import { formatBytes } from '../../kit/units.ts';

/** What builds need besides, and what others write meanwhile. */
const MARGIN = 1.2;

export interface Space {
  /** For anybody, not only for root. */
  readonly bytes: number;
  /** How many more files there can be; null = as many as there is room for. */
  readonly files: number | null;
}

/** @param dir need not be there yet */
export function freeSpace(dir: string): Space {
  let there = dir;
  while (!existsSync(there) && dirname(there) !== there) there = dirname(there);
  const { bavail, bsize, files, ffree } = statfsSync(there);
  return { bytes: bavail * bsize, files: files === 0 ? null : ffree };
}

/** Bytes that a release needs at most: its source, and packages and build as large as those of the last one. */
export function estimate(sourceBytes: number, lastReleaseBytes: number): number {
  return Math.ceil((sourceBytes + lastReleaseBytes) * MARGIN);
}

/**
 * @param files how many are going to be made
 * @throws HoldfastError DISK_FULL saying how much is there and is needed
 */
export function requireSpace(dir: string, bytes: number, files = 0): void {
  const free = freeSpace(dir);
  if (free.bytes < bytes) {
    throw new HoldfastError(
      'DISK_FULL',
      `Cannot make a release in "${dir}": it needs up to ${formatBytes(bytes)}, and ${formatBytes(free.bytes)} are free`,
      { hint: 'Free some space, or keep fewer releases (release.keep); nothing was changed' },
    );
  }
  if (free.files !== null && free.files < files) {
    throw new HoldfastError(
      'DISK_FULL',
      `Cannot make a release in "${dir}": it needs up to ${files} files, and the file system can hold ${free.files} more`,
      { hint: '`df -i` shows it: remove what has many small files; nothing was changed' },
    );
  }
}

/** What a directory holds, as if it shared nothing with others. Links are not followed; nothing is there = nothing. */
export async function sizeOf(dir: string): Promise<{ bytes: number; files: number }> {
  const sum = { bytes: 0, files: 0 };
  const ahead = existsSync(dir) ? [dir] : [];
  for (let at = ahead.pop(); at !== undefined; at = ahead.pop()) {
    for (const entry of readdirSync(at, { withFileTypes: true })) {
      const path = join(at, entry.name);
      sum.files++;
      if (entry.isDirectory()) ahead.push(path);
      else sum.bytes += lstatSync(path, { throwIfNoEntry: false })?.size ?? 0;
    }
    await pause();
  }
  return sum;
}
