/** What is removed around a deploy: releases that need not stay, and what nobody has any more then. To be called with the lock. */
import { readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { AppPlan } from '../config/plan.ts';
import type { Clock } from '../kit/clock.ts';
import type { ReleaseRecord } from '../protocol/release.ts';
import { currentRelease } from './current.ts';
import { nodesInUse } from './node/in-use.ts';
import type { ReleasePaths } from './paths.ts';
import { RecordFiles } from './records.ts';
import { removeExpired } from './retention/remove.ts';
import type { FileStore } from './seams.ts';
import { pruneNodes } from './tools.ts';

export interface TidyOptions {
  readonly paths: ReleasePaths;
  readonly store: Pick<FileStore, 'collect'>;
  readonly clock: Clock;
  /** What could not be removed. */
  readonly onNote: (note: string) => void;
}

/** A Node may have been fetched for what is just being made. */
const HOUR_MS = 3_600_000;

/** Before a deploy: what failed ones have left must not fill the disk, so it goes, whether or not this one succeeds. */
export async function tidyBefore(options: Omit<TidyOptions, 'clock'>): Promise<void> {
  const { paths, store } = options;
  if (await removeOld(options, keepOf(paths))) await store.collect();
}

/** As the release that serves wants it; all that have served, where that is not known. */
function keepOf(paths: ReleasePaths): number {
  const serving = currentRelease(paths);
  try {
    const plan = serving === null ? null : new RecordFiles(paths.records).readPlan(serving);
    return plan?.release.keep ?? Number.POSITIVE_INFINITY;
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}

/** After one. @param apps all that the daemon has */
export async function tidyAfter(
  options: TidyOptions,
  keep: number,
  apps: () => Promise<readonly Pick<AppPlan, 'node'>[]>,
): Promise<void> {
  const { paths, store, clock } = options;
  if (!(await removeOld(options, keep))) return;
  await store.collect();
  pruneNodes(paths.tools, nodesInUse(await allRecords(paths), await apps()), clock.now() - HOUR_MS);
}

/** @returns whether there was something to remove */
async function removeOld({ paths, onNote }: Omit<TidyOptions, 'clock'>, keep: number): Promise<boolean> {
  const records = new RecordFiles(paths.records).list();
  const { releases, notes } = await removeExpired({ paths, records, keep, current: currentRelease(paths) });
  for (const note of notes) onNote(note);
  return releases.length > 0;
}

/** Of all projects: they share the Nodes. */
async function allRecords({ root }: ReleasePaths): Promise<ReleaseRecord[]> {
  const projects = await readdir(dirname(root));
  return projects.flatMap((project) => new RecordFiles(join(dirname(root), project, 'records')).list());
}
