/**
 * What is done to the files of a log besides appending: setting the full one aside, keeping their number and size
 * within the plan, compressing, and putting in order what a crash left. Renames are the only steps that others can
 * see, so a crash at any point leaves every line in exactly one readable file.
 */
import { createReadStream, createWriteStream, renameSync, rmSync, statSync } from 'node:fs';
import { open, rename, rm, stat, utimes } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import type { LogPlan } from '../config/plan.ts';
import { leftovers, type RotatedFile, rotatedFiles, rotatedName, TEMPORARY } from './log-files.ts';

/** Compressing is one background task for the whole process: it must not take all cores from the apps. */
let compressing: Promise<void> = Promise.resolve();

/** Renames the file aside. The new name is later than all others even when the clock went back. */
export function setAside(file: string, now: number): void {
  const newest = rotatedFiles(file).at(-1);
  const after = newest ? Date.parse(newest.until) + 1 : 0;
  renameSync(file, rotatedName(file, new Date(Math.max(now, after)).toISOString()));
}

/**
 * Removes the oldest rotated files until they, and a current file of full size, are within the plan. Never throws: what
 * cannot be removed now is tried at the next rotation.
 */
export function prune(file: string, plan: LogPlan): void {
  const sized = rotatedFiles(file).map((rotated) => ({ ...rotated, bytes: sizeOf(rotated.path) }));
  let total = sized.reduce((sum, { bytes }) => sum + bytes, rotateSize(plan));
  let count = sized.length;
  for (const rotated of sized) {
    if (count <= plan.keep && total <= plan.totalBytes) break;
    remove(rotated.path);
    count -= 1;
    total -= rotated.bytes;
  }
}

/** The size at which to rotate: a current file alone must not break the cap. */
export function rotateSize(plan: LogPlan): number {
  return Math.min(plan.rotateBytes, plan.totalBytes);
}

/** Removes half-made compressed files, and plain ones that are there compressed too. For the start of a writer. */
export function tidy(file: string): void {
  const { temporary, doubled } = leftovers(file);
  for (const path of [...temporary, ...doubled]) remove(path);
}

/**
 * Compresses the rotated files that are not yet, oldest first, in the background. A failure (disk full) leaves the plain
 * file, to be tried again after the next rotation. Resolves when done; never rejects.
 */
export function compressRotated(file: string, signal: AbortSignal): Promise<void> {
  compressing = compressing.then(async () => {
    for (const rotated of rotatedFiles(file)) {
      if (signal.aborted) return;
      if (!rotated.compressed) await compress(rotated, signal).catch(() => undefined);
    }
  });
  return compressing;
}

async function compress({ path }: RotatedFile, signal: AbortSignal): Promise<void> {
  const temporary = `${path}${TEMPORARY}`;
  try {
    const before = await stat(path);
    // Level 4: log text gets about as small as with 6, in half of the time.
    const gzip = createGzip({ level: 4, chunkSize: 64 * 1024 });
    await pipeline(createReadStream(path), gzip, createWriteStream(temporary, { mode: 0o600 }), { signal });
    const handle = await open(temporary, 'r+');
    await handle.sync();
    await handle.close();
    await utimes(temporary, before.atime, before.mtime);
    // The user, or the cap, may have removed it meanwhile.
    await stat(path);
    await rename(temporary, `${path}.gz`);
    await rm(path, { force: true });
  } finally {
    await rm(temporary, { force: true });
  }
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

function remove(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // Not ours to remove, or a read-only file system: the lines are still there, which is the better half.
  }
}
