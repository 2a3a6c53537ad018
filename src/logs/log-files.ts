/**
 * Names in the log directory. `web.log` is being written; `web.log.2026-11-23T12-34-08.123Z` was rotated at that time,
 * so that names sort by age and tell what is too old to be opened; `….gz` is the same, compressed.
 */
import { readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { isSystemError } from '../errors.ts';

export interface RotatedFile {
  readonly path: string;
  /** When it was rotated: ISO 8601, later than every record in it. */
  readonly until: string;
  readonly compressed: boolean;
}

const stampPattern = /^(\d{4}-\d{2}-\d{2}T\d{2})-(\d{2})-(\d{2}\.\d{3}Z)(\.gz)?$/;

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
  const prefix = `${basename(file)}.`;
  const found = new Map<string, RotatedFile>();
  for (const entry of list(dirname(file)).sort()) {
    const match = entry.startsWith(prefix) ? stampPattern.exec(entry.slice(prefix.length)) : null;
    if (!match) continue;
    const until = `${match[1]}:${match[2]}:${match[3]}`;
    const compressed = match[4] !== undefined;
    // Sorted, so the plain one came first.
    if (!found.has(until)) found.set(until, { path: join(dirname(file), entry), until, compressed });
  }
  return [...found.values()];
}

function list(dir: string): string[] {
  try {
    return readdirSync(dir);
  } catch (error) {
    if (isSystemError(error) && error.code === 'ENOENT') return [];
    throw error;
  }
}
