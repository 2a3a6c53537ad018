/** One deploy of a project at a time on a machine. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { HoldfastError } from '../errors.ts';
import { writeAtomicSync } from '../kit/atomic-file.ts';
import { type Lock, takeLock } from '../kit/lock.ts';
import type { ReleaseRecord } from '../protocol/release.ts';
import { makeReleaseDirs, type ReleasePaths } from './paths.ts';
import { sweepScratch } from './scratch.ts';

interface Holder {
  readonly by: ReleaseRecord['by'];
  readonly since: string;
}

/** @throws HoldfastError DEPLOY_LOCKED, which says by whom and since when */
export function lockDeploy(paths: ReleasePaths, by: ReleaseRecord['by'], now: number): Lock {
  const { root, lock: dir } = paths;
  makeReleaseDirs(paths);
  const file = join(dir, 'holder.json');
  const lock = takeLock(dir, 'deploy');
  if ('owner' in lock) {
    const holder = readHolder(file);
    const who = holder
      ? `${holder.by.user}@${holder.by.host}, since ${holder.since}`
      : `process ${lock.owner.pid}`;
    throw new HoldfastError('DEPLOY_LOCKED', `Another deploy is under way in ${root}: ${who}`);
  }
  sweepScratch(paths);
  writeAtomicSync(file, JSON.stringify({ by, since: new Date(now).toISOString() } satisfies Holder), {
    sync: false,
  });
  return lock;
}

function readHolder(file: string): Holder | null {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Holder;
  } catch {
    return null;
  }
}
