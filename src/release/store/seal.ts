/**
 * Tells a content of the store that was changed, without reading all of them for each release.
 *
 * Releases have hard links to the store: who edits a file of a release in its place edits all of them, and the next release would get
 * it, too. So a content that is complete gets a time of change whose fraction of a second is made of its hash. Whatever is written to
 * it later sets another time, and then it is read and compared with its hash. A disk that changes bytes by itself is not found by this.
 */
import { createHash } from 'node:crypto';
import { closeSync, openSync, readSync, type Stats, utimesSync } from 'node:fs';
import type { TreeFile } from '../tree.ts';

/** A number of seconds since 1970 with a fraction is only exact to about 0.5 µs. */
const STEP_MS = 0.01;
const STEPS = 1000 / STEP_MS;
/** Bytes that are read at a time. */
const PIECE = 1024 * 1024;

type Content = Pick<TreeFile, 'hash' | 'executable'>;

/** Permissions of a content: for all who get to it, and changed by nobody. */
export function modeOf({ executable }: Pick<Content, 'executable'>): number {
  return executable ? 0o555 : 0o444;
}

/** @param times milliseconds since 1970; of `modifiedMs` the second stays */
export function seal(
  content: Content,
  path: string,
  { accessMs, modifiedMs }: { readonly accessMs: number; readonly modifiedMs: number },
): void {
  // In the middle of the step, so that rounding makes no other one of it.
  const fraction = (stepOf(content) + 0.5) * STEP_MS;
  utimesSync(path, accessMs / 1000, Math.floor(modifiedMs / 1000) + fraction / 1000);
}

/** False also where the file system keeps no fractions of a second: then contents are read each time. */
export function isSealed(content: Content, { mtimeMs }: Pick<Stats, 'mtimeMs'>): boolean {
  const fraction = mtimeMs - Math.floor(mtimeMs / 1000) * 1000;
  return Math.floor(fraction / STEP_MS) === stepOf(content);
}

/** Reads it. */
export function stillIs({ hash }: Content, path: string): boolean {
  const sum = createHash('sha256');
  const buffer = Buffer.allocUnsafe(PIECE);
  const fd = openSync(path, 'r');
  try {
    for (let got = readSync(fd, buffer); got > 0; got = readSync(fd, buffer))
      sum.update(buffer.subarray(0, got));
  } finally {
    closeSync(fd);
  }
  return sum.digest('hex') === hash;
}

function stepOf({ hash }: Content): number {
  return Number.parseInt(hash.slice(0, 8), 16) % STEPS;
}
