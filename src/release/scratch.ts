/** Where the contents of a source wait while a release is made of them: beside the releases, where there is room, and not in memory. */
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { isSystemError } from '../errors.ts';
import { makeReleaseDirs, type ReleasePaths } from './paths.ts';

/** Of this process; whoever sweeps leaves it alone as long as that runs. */
export function makeScratch(paths: ReleasePaths): string {
  makeReleaseDirs(paths);
  const dir = join(scratchOf(paths), String(process.pid));
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  return dir;
}

/** Removes what processes have left that were killed. */
export function sweepScratch(paths: Pick<ReleasePaths, 'root'>): void {
  const all = scratchOf(paths);
  for (const name of namesIn(all)) {
    if (/^[1-9]\d*$/.test(name) && isRunning(Number(name))) continue;
    rmSync(join(all, name), { recursive: true, force: true });
  }
}

function scratchOf({ root }: Pick<ReleasePaths, 'root'>): string {
  return join(root, 'scratch');
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return isSystemError(error) && error.code === 'EPERM';
  }
}

function namesIn(dir: string): string[] {
  try {
    return readdirSync(dir);
  } catch {
    return [];
  }
}
