/** One deploy of a project at a time on a machine. */
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { HoldfastError } from '../errors.ts';
import { writeAtomicSync } from '../kit/atomic-file.ts';
import { type Lock, takeLock } from '../kit/lock.ts';
import { formatDuration } from '../kit/units.ts';
import type { ReleaseRecord } from '../protocol/release.ts';
import { isUnfinished } from './abandoned.ts';
import { makeReleaseDirs, type ReleasePaths } from './paths.ts';
import { RecordFiles } from './records.ts';
import { sweepScratch } from './scratch.ts';

interface Holder {
  readonly by: ReleaseRecord['by'];
  readonly since: string;
}

/** @throws HoldfastError DEPLOY_LOCKED, which says by whom and for how long */
export function lockDeploy(paths: ReleasePaths, by: ReleaseRecord['by'], now: number): Lock {
  const { root, lock: dir } = paths;
  makeReleaseDirs(paths);
  const file = join(dir, 'holder.json');
  const lock = takeLock(dir, 'deploy');
  if ('owner' in lock) {
    const holder = readHolder(file);
    const who = holder
      ? ` by ${holder.by.user}@${holder.by.host} for ${formatDuration(Math.max(0, now - Date.parse(holder.since)))}`
      : '';
    const made = new RecordFiles(paths.records).list().find(isUnfinished);
    const what = [`pid ${lock.owner.pid}`, ...(made ? [`release ${made.id}`] : [])].join(', ');
    throw new HoldfastError('DEPLOY_LOCKED', `"${basename(root)}" is being deployed${who} (${what})`, {
      hint: 'Wait until it is done: `hold releases` shows how far it is. `hold deploy --abort` gives it up',
    });
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
