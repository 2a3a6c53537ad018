/** The files of one app's log at one moment, whatever is rotated or compressed meanwhile. */
import { createReadStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { createGunzip } from 'node:zlib';
import { HoldfastError, isSystemError } from '../errors.ts';
import { chunksOf, endOfTime, findTime, lastLineEnd, linesBackwards, linesOf } from './file-lines.ts';
import { logFile, type RotatedFile, rotatedFiles } from './log-files.ts';
import type { LineParser, LogLine } from './log-line.ts';
import { ownRecord, parseRecord } from './record.ts';

export interface LogSnapshot {
  readonly app: string;
  readonly path: string;
  /** Oldest first. */
  readonly rotated: readonly RotatedFile[];
  /** The file that was being written; undefined when there was none. To be closed by who took the snapshot. */
  readonly current: FileHandle | undefined;
  /** Where its last whole line ended. */
  readonly end: number;
}

export async function takeSnapshot(dir: string, app: string): Promise<LogSnapshot> {
  const path = logFile(dir, app);
  for (;;) {
    const rotated = rotatedFiles(path);
    const current = await openIfThere(path);
    // Rotated between the two: what was opened is not what comes after the last one listed.
    if (rotatedFiles(path).at(-1)?.until === rotated.at(-1)?.until) {
      const end = current ? await lastLineEnd(current, (await current.stat()).size) : 0;
      return { app, path, rotated, current, end };
    }
    await current?.close();
  }
}

/**
 * The snapshot without what is newer than `until` for sure (a time as in records). Its current file is still that of the
 * whole one, which is to be closed, or undefined.
 */
export async function boundedSnapshot(snapshot: LogSnapshot, until: string): Promise<LogSnapshot> {
  const { rotated, current, end } = snapshot;
  // A file begins where the one before it ended.
  const starts = rotated.map((_, index) => rotated[index - 1]?.until ?? '');
  const older = rotated.filter((_, index) => (starts[index] ?? '') <= until);
  if ((rotated.at(-1)?.until ?? '') > until)
    return { ...snapshot, rotated: older, current: undefined, end: 0 };
  if (!current) return snapshot;
  return { ...snapshot, rotated: older, end: await endOfTime(current, end, until) };
}

/** The newest `count` lines that are wanted, oldest first. Reads from the end, no more files than it needs. */
export async function lastLinesOf(
  snapshot: LogSnapshot,
  count: number,
  since: string,
  parse: LineParser,
  needle?: Buffer,
): Promise<LogLine[]> {
  const newest: LogLine[] = [];
  const take = async (batches: AsyncIterable<Buffer[]>): Promise<boolean> => {
    for await (const batch of batches) {
      for (const bytes of batch) {
        const line = parse(snapshot.app, bytes);
        if (line) newest.push(line);
        if (newest.length >= count) return false;
      }
      const oldest = batch.at(-1);
      if (since !== '' && oldest && isBefore(oldest, since)) return false;
    }
    return true;
  };
  if (count <= 0) return [];
  let more = snapshot.current ? await take(linesBackwards(snapshot.current, snapshot.end, needle)) : true;
  for (const rotated of snapshot.rotated.toReversed()) {
    if (!more || rotated.until < since) break;
    const plain = rotated.compressed ? undefined : await openIfThere(rotated.path);
    try {
      more = await take(
        plain
          ? linesBackwards(plain, await lastLineEnd(plain, (await plain.stat()).size), needle)
          : lastOfCompressed(rotated, count - newest.length, snapshot.app, parse, needle),
      );
    } finally {
      await plain?.close();
    }
  }
  return newest.reverse();
}

/** All lines from `since` on, oldest first; with a needle, all that hold it, and some others. */
export async function* linesSince(
  snapshot: LogSnapshot,
  since: string,
  needle?: Buffer,
): AsyncGenerator<Buffer[]> {
  const wanted = snapshot.rotated.filter(({ until }) => until >= since);
  for (const rotated of wanted) yield* rotatedLines(rotated, since, needle);
  if (!snapshot.current) return;
  const from = since === '' ? 0 : await findTime(snapshot.current, snapshot.end, since);
  yield* linesOf(chunksOf(snapshot.current, from, snapshot.end), needle);
}

/**
 * The lines of a rotated file, oldest first. It may be compressed, or removed by the cap, just now: in the latter case it has
 * no lines. When a compressed one is damaged, a record in its place says so.
 */
export async function* rotatedLines(
  rotated: RotatedFile,
  since = '',
  needle?: Buffer,
): AsyncGenerator<Buffer[]> {
  if (!rotated.compressed) {
    const plain = await openIfThere(rotated.path);
    if (plain) {
      try {
        const from = since === '' ? 0 : await findTime(plain, (await plain.stat()).size, since);
        yield* linesOf(chunksOf(plain, from), needle);
        return;
      } finally {
        await plain.close();
      }
    }
  }
  const path = rotated.compressed ? rotated.path : `${rotated.path}.gz`;
  const file = createReadStream(path);
  try {
    const gunzip = createGunzip();
    file.on('error', (error) => gunzip.destroy(error));
    yield* linesOf(file.pipe(gunzip), needle);
  } catch (error) {
    if (isSystemError(error) && error.code === 'ENOENT') return;
    const why = error instanceof Error ? error.message : String(error);
    yield [
      ownRecord(Date.parse(rotated.until), `the rest of "${path}" cannot be read: ${why}`).subarray(0, -1),
    ];
  } finally {
    // A consumer that stops early would leave it open.
    file.destroy();
  }
}

/** Newest first, as if read backwards: a compressed file can only be read from its beginning. */
async function* lastOfCompressed(
  rotated: RotatedFile,
  count: number,
  app: string,
  parse: LineParser,
  needle: Buffer | undefined,
): AsyncGenerator<Buffer[]> {
  let kept: Buffer[] = [];
  for await (const batch of rotatedLines(rotated, '', needle)) {
    // Copied, because a line would keep the whole chunk that it is part of.
    for (const bytes of batch) if (parse(app, bytes)) kept.push(Buffer.from(bytes));
    if (kept.length > count * 2) kept = kept.slice(-count);
  }
  yield kept.slice(-count).reverse();
}

export async function openIfThere(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, 'r');
  } catch (error) {
    if (isSystemError(error) && error.code === 'ENOENT') return undefined;
    const why = error instanceof Error ? error.message : String(error);
    throw new HoldfastError('HOME_UNUSABLE', `Cannot read the log "${path}": ${why}`, { cause: error });
  }
}

function isBefore(bytes: Buffer, since: string): boolean {
  const record = parseRecord(bytes);
  return record !== undefined && record.time < since;
}
