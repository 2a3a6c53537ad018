/** What is known of a file, and its content if it is small. */
import { read } from 'node:fs';
import { promisify } from 'node:util';
import type { Coding } from '../encode/accept-encoding.ts';
import type { Version } from './conditions.ts';
import type { OpenFile } from './open.ts';

const readFd = promisify(read);

/** Larger files are read anew for each answer. */
export const KEPT_FILE_MAX = 128 * 1024;
/** Reproducible builds date all files alike, long ago: what the file system noted itself is of more use then. */
const FIRST_BELIEVED_MS = Date.UTC(2000, 0, 1);
/** A file that has just been written may be written again without another time. */
const SETTLED_MS = 1_000;

export interface StoredFile extends Version {
  readonly size: number;
  /** As HTTP has it. */
  readonly lastModified: string;
  /** Tells whether the file is still the same. */
  readonly identity: string;
  /** Undefined: too large to be kept. */
  readonly body: Buffer | undefined;
}

/** @param coding that the file's content is in */
export async function storedFile(
  { fd, stats }: OpenFile,
  coding: Coding | undefined,
  now: number,
  before: StoredFile | undefined,
): Promise<StoredFile> {
  const identity = `${stats.dev}.${stats.ino}.${stats.size}.${stats.mtimeMs}.${stats.ctimeMs}`;
  const settled = now - stats.ctimeMs > SETTLED_MS;
  if (before?.identity === identity && before.etag.startsWith('"') === settled) return before;
  const { size } = stats;
  const body = size <= KEPT_FILE_MAX ? await readWhole(fd, size) : undefined;
  return { ...versionOf({ fd, stats }, coding, now), size: body?.length ?? size, identity, body };
}

/** What an answer says of the version of a file. */
export function versionOf(
  { stats }: OpenFile,
  coding: Coding | undefined,
  now: number,
): Version & { lastModified: string } {
  const ms = stats.mtimeMs < FIRST_BELIEVED_MS ? stats.ctimeMs : stats.mtimeMs;
  const tag = `"${stats.size.toString(36)}-${Math.round(ms * 1000).toString(36)}${coding ? `-${coding}` : ''}"`;
  return {
    etag: now - stats.ctimeMs > SETTLED_MS ? tag : `W/${tag}`,
    modified: Math.floor(ms / 1000),
    lastModified: new Date(ms).toUTCString(),
  };
}

/** A file that shrinks meanwhile is as long as it is. */
async function readWhole(fd: number, size: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(size);
  let at = 0;
  while (at < size) {
    const { bytesRead } = await readFd(fd, bytes, at, size - at, at);
    if (bytesRead === 0) break;
    at += bytesRead;
  }
  return bytes.subarray(0, at);
}
