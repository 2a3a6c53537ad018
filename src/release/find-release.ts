/** Releases as people name them, and which of them can serve again. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { didYouMean } from '../config/suggest.ts';
import { HoldfastError } from '../errors.ts';
import type { ReleaseRecord } from '../protocol/release.ts';
import { currentRelease } from './current.ts';
import { matchesRelease } from './id.ts';
import type { ReleasePaths } from './paths.ts';
import { RecordFiles } from './records.ts';

type Paths = Pick<ReleasePaths, 'records' | 'releases' | 'current'>;

/**
 * The release to go back to: that which was typed, or without one that which served before. Only what has served once is one, whatever
 * else is called so.
 *
 * @throws HoldfastError RELEASE_UNKNOWN
 */
export function findRelease(paths: Paths, typed: string | undefined): ReleaseRecord {
  if (typed === undefined) return releaseBefore(paths);
  const named = releasesNamed(paths, typed);
  const good = named.filter(({ id, servedFrom }) => servedFrom !== null && hasFiles(paths, id));
  const found = theOnly(paths, good.length > 0 ? good : named, typed);
  requireServed(paths, found);
  return found;
}

/** Whatever became of it; without a name the newest. @throws HoldfastError RELEASE_UNKNOWN */
export function anyRelease(paths: Paths, typed: string | undefined): ReleaseRecord {
  if (typed === undefined) {
    const [newest] = new RecordFiles(paths.records).list();
    if (newest) return newest;
    throw new HoldfastError('RELEASE_UNKNOWN', 'There is no release yet', {
      hint: '`hold deploy` makes the first',
    });
  }
  return theOnly(paths, releasesNamed(paths, typed), typed);
}

/** @throws HoldfastError RELEASE_UNKNOWN when it cannot serve again: it never has, or its files are gone */
export function requireServed(paths: Paths, { id, servedFrom, outcome, source }: ReleaseRecord): void {
  const why =
    servedFrom === null
      ? `Cannot go back to "${id}": ${outcome === 'rolledBack' ? 'it was taken back while it was watched' : 'it has never served'}`
      : hasFiles(paths, id)
        ? null
        : `Cannot go back to "${id}": its files are gone, since only the last releases are kept (release.keep)`;
  if (why === null) return;
  const { commit } = source;
  const hint =
    commit === null
      ? 'Deploy what it was made of: `hold deploy`'
      : `Make it anew: \`hold deploy --ref ${commit.slice(0, 12)}\``;
  throw new HoldfastError('RELEASE_UNKNOWN', why, { hint });
}

/** When it served last, ISO 8601; empty when it never did. When that ended may have been lost. */
export function lastServed({ servedFrom, servedUntil }: ReleaseRecord): string {
  return servedUntil ?? servedFrom ?? '';
}

function releaseBefore(paths: Paths): ReleaseRecord {
  const serving = currentRelease(paths);
  const [before] = new RecordFiles(paths.records)
    .list()
    .filter(({ id, servedFrom }) => id !== serving && servedFrom !== null)
    .sort((a, b) => lastServed(b).localeCompare(lastServed(a)));
  if (!before) {
    throw new HoldfastError(
      'RELEASE_UNKNOWN',
      'There is no release to go back to: none has served before this one',
    );
  }
  requireServed(paths, before);
  return before;
}

function releasesNamed(paths: Paths, typed: string): ReleaseRecord[] {
  const records = new RecordFiles(paths.records).list();
  return records.filter(({ id }) => matchesRelease(id, typed));
}

/** Of several of one commit the newest: it was tried again. */
function theOnly({ records }: Paths, found: readonly ReleaseRecord[], typed: string): ReleaseRecord {
  const [first, ...more] = found;
  if (first && more.every(({ id }) => contentOf(id) === contentOf(first.id))) return first;
  if (!first) {
    // As they are typed: an id, or the beginning of a commit, with which an id ends.
    const names = new RecordFiles(records).list().flatMap(({ id }) => [id, id.split('-').at(-1) ?? id]);
    throw new HoldfastError('RELEASE_UNKNOWN', `There is no release "${typed}"${didYouMean(typed, names)}`);
  }
  throw new HoldfastError('RELEASE_UNKNOWN', `Several releases are called "${typed}"`, {
    hint: 'Name one of them by its id',
    details: found.map(({ id }) => id),
  });
}

function contentOf(id: string): string | undefined {
  return id.split('-')[2];
}

function hasFiles({ releases }: Paths, id: string): boolean {
  return existsSync(join(releases, id));
}
