/**
 * Names in the log directory. `web.log` is being written; `web.log.2026-11-23T12-34-08.123Z` was rotated at that time,
 * so that names sort by age and tell what is too old to be opened; `….gz` is the same, compressed.
 */
import { readdirSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { HoldfastError, isSystemError } from '../errors.ts';

export interface RotatedFile {
  readonly path: string;
  /** When it was rotated: ISO 8601, later than every record in it. */
  readonly until: string;
  readonly compressed: boolean;
}

/** What a compressed file is called until it is complete: `….gz.tmp`. */
export const TEMPORARY = '.gz.tmp';

const stampPattern = /^(\d{4}-\d{2}-\d{2}T\d{2})-(\d{2})-(\d{2}\.\d{3}Z)(\.gz(?:\.tmp)?)?$/;

export function logFile(dir: string, app: string): string {
  return join(dir, `${app}.log`);
}

export function rotatedName(file: string, until: string): string {
  return `${file}.${until.replaceAll(':', '-')}`;
}

/** Names of the apps that have a log, or had one. */
export function loggedApps(dir: string): string[] {
  const names = new Set<string>();
  for (const entry of list(dir)) {
    const match = /^(.+?)\.log(?:\.(.+))?$/.exec(entry);
    if (match?.[1] && (match[2] === undefined || stampPattern.test(match[2]))) names.add(match[1]);
  }
  return [...names].sort();
}

/** Rotated files, oldest first. A file that is there both plain and compressed is named once, plain. */
export function rotatedFiles(file: string): RotatedFile[] {
  const found = new Map<string, RotatedFile>();
  for (const { path, until, suffix } of stamped(file)) {
    // Sorted, so the plain one came first.
    if (suffix !== TEMPORARY && !found.has(until))
      found.set(until, { path, until, compressed: suffix !== '' });
  }
  return [...found.values()];
}

/** What a compression that did not come to its end may leave: half-made files, and plain ones that are compressed already. */
export function leftovers(file: string): { temporary: string[]; doubled: string[] } {
  const all = stamped(file);
  const compressed = new Set(all.filter(({ suffix }) => suffix === '.gz').map(({ until }) => until));
  return {
    temporary: all.filter(({ suffix }) => suffix === TEMPORARY).map(({ path }) => path),
    doubled: all
      .filter(({ suffix, until }) => suffix === '' && compressed.has(until))
      .map(({ path }) => path),
  };
}

/** Everything that counts as log in a directory; `until` is null for files that are being written. */
export function sizedLogFiles(dir: string): { path: string; until: string | null; bytes: number }[] {
  return list(dir).flatMap((entry) => {
    const [, suffix] = /^.+?\.log(?:\.(.+))?$/.exec(entry) ?? [null, null];
    if (suffix === null) return [];
    const stamp = suffix === undefined ? undefined : stampPattern.exec(suffix);
    if (stamp === null) return [];
    const path = join(dir, entry);
    const bytes = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
    return [{ path, until: stamp ? `${stamp[1]}:${stamp[2]}:${stamp[3]}` : null, bytes }];
  });
}

function stamped(file: string): { path: string; until: string; suffix: string }[] {
  const prefix = `${basename(file)}.`;
  return list(dirname(file)).flatMap((entry) => {
    const match = entry.startsWith(prefix) ? stampPattern.exec(entry.slice(prefix.length)) : null;
    if (!match) return [];
    const [, hour, minute, second, suffix = ''] = match;
    return { path: join(dirname(file), entry), until: `${hour}:${minute}:${second}`, suffix };
  });
}

function list(dir: string): string[] {
  try {
    return readdirSync(dir).sort();
  } catch (error) {
    if (isSystemError(error) && error.code === 'ENOENT') return [];
    const why = error instanceof Error ? error.message : String(error);
    throw new HoldfastError('HOME_UNUSABLE', `Cannot read the log directory "${dir}": ${why}`, {
      cause: error,
    });
  }
}
