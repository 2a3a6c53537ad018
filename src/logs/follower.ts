/**
 * Follows one app's log: gives out what is added, through rotation, truncation, deletion and creation of the file, each
 * line once.
 */
import { type FileHandle, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { isSystemError } from '../errors.ts';
import { chunksOf, LineSplitter } from './file-lines.ts';
import type { RotatedFile } from './log-files.ts';
import { type LogSnapshot, rotatedLines, takeSnapshot } from './log-snapshot.ts';

export class Follower {
  readonly app: string;
  readonly #path: string;
  #handle: FileHandle | undefined;
  #position: number;
  /** The newest rotated file that was there when the current one was opened. */
  #known: string;
  #splitter = new LineSplitter();

  /** Goes on where the snapshot ended, and takes over its file. */
  constructor(snapshot: LogSnapshot) {
    this.app = snapshot.app;
    this.#path = snapshot.path;
    this.#handle = snapshot.current;
    this.#position = snapshot.end;
    this.#known = snapshot.rotated.at(-1)?.until ?? '';
  }

  /** Lines as they come, without end; undefined says that there are no more for now. */
  async *batches(): AsyncGenerator<Buffer[] | undefined> {
    for (;;) {
      yield* this.#rest();
      if (!(await this.#hasMoved())) {
        yield undefined;
        continue;
      }
      const now = await takeSnapshot(dirname(this.#path), this.app);
      // Between the last read and the rotation, more may have been written.
      yield* this.#rest();
      for (const rotated of await this.#missed(now.rotated)) yield* rotatedLines(rotated);
      await this.close();
      this.#handle = now.current;
      this.#position = 0;
      this.#known = now.rotated.at(-1)?.until ?? this.#known;
      this.#splitter = new LineSplitter();
    }
  }

  async close(): Promise<void> {
    const handle = this.#handle;
    this.#handle = undefined;
    await handle?.close();
  }

  async *#rest(): AsyncGenerator<Buffer[]> {
    if (!this.#handle) return;
    const { size } = await this.#handle.stat();
    if (size < this.#position) {
      this.#position = 0;
      this.#splitter = new LineSplitter();
    }
    for await (const chunk of chunksOf(this.#handle, this.#position, size)) {
      this.#position += chunk.length;
      yield this.#splitter.push(chunk);
    }
  }

  /** The name means another file than the open one. While there is none of the name, nothing has moved yet. */
  async #hasMoved(): Promise<boolean> {
    const named = await statIfThere(this.#path);
    if (!named) return false;
    if (!this.#handle) return true;
    const mine = await this.#handle.stat();
    return named.ino !== mine.ino || named.dev !== mine.dev;
  }

  /** Files that were rotated since, without the one that was followed. */
  async #missed(rotated: readonly RotatedFile[]): Promise<readonly RotatedFile[]> {
    const files = rotated.filter(({ until }) => until > this.#known);
    const [first] = files;
    if (!first || !this.#handle) return files;
    const named = first.compressed ? undefined : await statIfThere(first.path);
    const mine = await this.#handle.stat();
    // Compressed already, it has another inode; the oldest new one is where the followed one went.
    const isMine = named ? named.ino === mine.ino && named.dev === mine.dev : true;
    return isMine ? files.slice(1) : files;
  }
}

async function statIfThere(path: string) {
  try {
    return await stat(path);
  } catch (error) {
    if (isSystemError(error) && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
