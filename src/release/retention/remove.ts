/**
 * Removes releases. A release is gone at once, under another name, and its files after that: who is killed in between leaves nothing
 * that could be taken for a release, and the next one finishes. Contents are the store's to remove, see FileStore.collect.
 */
import { lstatSync, readdirSync, renameSync, rmdirSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as pause } from 'node:timers/promises';
import { isSystemError } from '../../errors.ts';
import type { ReleaseRecord } from '../../protocol/release.ts';
import { makeOurs } from '../ours.ts';
import type { ReleasePaths } from '../paths.ts';
import { expired, expiredRecords } from './expired.ts';

const GOING = '.going-';
/** Where a release's packages put what its build has generated, for a moment; of one that was killed then. */
export const GENERATED = '.generated-';

export interface Retention {
  readonly paths: Pick<ReleasePaths, 'releases' | 'records'>;
  readonly records: readonly ReleaseRecord[];
  /** See ReleaseRules. */
  readonly keep: number;
  readonly current: string | null;
}

export interface Removed {
  /** Ids of the releases that are gone. */
  readonly releases: readonly string[];
  /** What could not be removed, and is tried again next time; a line each. */
  readonly notes: readonly string[];
}

/** To be called with the lock, and before the store is collected. */
export async function removeExpired({ paths, records, keep, current }: Retention): Promise<Removed> {
  const there = new Set(namesIn(paths.releases));
  const releases = expired(records, keep, current).filter((id) => there.has(id));
  const generated = [...there].filter((name) => !name.startsWith('.') && name.includes(GENERATED));
  for (const name of [...releases, ...generated]) setAside(paths.releases, name);
  const notes = await removeGoing(paths.releases);
  const left = new Set([...namesIn(paths.releases), current ?? '']);
  const ids = namesIn(paths.records).filter((name) => !name.startsWith('.'));
  for (const id of expiredRecords(ids, keep, left)) setAside(paths.records, id);
  return { releases, notes: [...notes, ...(await removeGoing(paths.records))] };
}

/** Without following links, and also what is read-only. Does nothing when there is nothing. */
export async function removeTree(dir: string): Promise<void> {
  const found = lstatSync(dir, { throwIfNoEntry: false });
  if (found?.isDirectory()) await removeDirectory(Buffer.from(dir));
  else if (found) unlinkSync(dir);
}

/** Names are bytes: what a failed build has left must go, whatever it is called. */
async function removeDirectory(dir: Buffer): Promise<void> {
  // Only root can take something out of a directory that is read-only, and nobody else shall put anything in any more.
  makeOurs(dir, 0o700);
  for (const entry of readdirSync(dir, { withFileTypes: true, encoding: 'buffer' })) {
    const path = Buffer.concat([dir, Buffer.from('/'), entry.name]);
    if (entry.isDirectory()) await removeDirectory(path);
    else unlinkSync(path);
  }
  rmdirSync(dir);
  await pause();
}

/** A name with a time before it: what was removed under this name before may still be there. */
function setAside(dir: string, id: string): void {
  renameSync(join(dir, id), join(dir, `${GOING}${process.pid}-${process.hrtime.bigint()}-${id}`));
}

async function removeGoing(dir: string): Promise<string[]> {
  const notes: string[] = [];
  for (const name of namesIn(dir).filter((one) => one.startsWith(GOING))) {
    try {
      await removeTree(join(dir, name));
    } catch (error) {
      notes.push(`Cannot remove all of "${join(dir, name)}" yet: ${String(error)}`);
    }
  }
  return notes;
}

function namesIn(dir: string): string[] {
  try {
    return readdirSync(dir);
  } catch (error) {
    if (isSystemError(error) && error.code === 'ENOENT') return [];
    throw error;
  }
}
