/** Reads the log of an app from a position on, through rotation and compression, and says which position comes after each batch. */
import { createReadStream } from 'node:fs';
import { type FileHandle, stat } from 'node:fs/promises';
import { createGunzip } from 'node:zlib';
import { isSystemError } from '../../errors.ts';
import { LineSplitter } from '../file-lines.ts';
import { logFile, type RotatedFile, rotatedFiles } from '../log-files.ts';
import { openIfThere } from '../log-snapshot.ts';
import { TIME_LENGTH } from '../record.ts';
import type { Position } from './position.ts';

export interface Batch {
  /** Without newlines. */
  readonly lines: readonly Buffer[];
  /** After these lines. */
  readonly end: Position;
}

const NEWLINE = 10;
/** Some milliseconds of work; a record of full length must fit in. */
const BATCH_BYTES = 128 * 1024;

export class LogCursor {
  readonly #path: string;
  #position: Position;
  #source: Source | undefined;

  constructor(dir: string, app: string, position: Position) {
    this.#path = logFile(dir, app);
    this.#position = position;
  }

  /** The next lines; undefined when there are none for now. */
  async next(): Promise<Batch | undefined> {
    for (;;) {
      this.#source ??= await this.#open();
      if (!this.#source) return undefined;
      const lines = await this.#source.read();
      if (lines) {
        const { offset } = this.#source;
        const begins = this.#position.begins || (lines[0]?.toString('latin1', 0, TIME_LENGTH) ?? '');
        this.#position = { ...this.#position, offset, begins };
        return { lines, end: this.#position };
      }
      if (!(await this.#isOver(this.#source))) return undefined;
    }
  }

  /** Goes back, or on. */
  async seek(position: Position): Promise<void> {
    await this.close();
    this.#position = position;
  }

  async close(): Promise<void> {
    const source = this.#source;
    this.#source = undefined;
    await source?.close();
  }

  /** The rotated files of which nothing has been read. */
  async untouched(): Promise<RotatedFile[]> {
    const files = rotatedFiles(this.#path).filter(({ until }) => until > this.#position.after);
    const source = this.#source;
    if (!source) return this.#position.offset > 0 ? files.slice(1) : files;
    // It learns its name, should it be rotated by now.
    if (source.until === null && files[0]) await source.change(this.#path, files[0]);
    return files.filter(({ until }) => until !== source.until);
  }

  /** At the end of a source: true when there is another file, or more of it, to be looked at. */
  async #isOver(source: Source): Promise<boolean> {
    if (source.until !== null) {
      this.#position = { after: source.until, offset: 0, begins: '' };
      await this.close();
      return true;
    }
    const [rotated] = rotatedFiles(this.#path).filter(({ until }) => until > this.#position.after);
    const change = await source.change(this.#path, rotated);
    if (change === 'none') return false;
    if (change !== 'rotated') {
      this.#position = { ...this.#position, offset: 0, begins: '' };
      await this.close();
    }
    return true;
  }

  async #open(): Promise<Source | undefined> {
    const [rotated] = rotatedFiles(this.#path).filter(({ until }) => until > this.#position.after);
    const source = rotated ? await openRotated(rotated) : await openCurrent(this.#path);
    if (!source) return undefined;
    const { offset, begins } = this.#position;
    if (offset === 0) return source;
    if (await source.skip(offset, begins)) return source;
    // It is another file than the one that was read: from its beginning, then.
    await source.close();
    this.#position = { ...this.#position, offset: 0, begins: '' };
    return rotated ? openRotated(rotated) : openCurrent(this.#path);
  }
}

/** One file of the sequence. */
interface Source {
  /** null: it is the current file, as far as is known. */
  readonly until: string | null;
  /** Bytes that were read, all of whole lines. */
  readonly offset: number;
  /** Whole lines, at least one; undefined at the end. */
  read(): Promise<readonly Buffer[] | undefined>;
  /** Goes to an offset; false when the file is too short, or does not begin with that. */
  skip(offset: number, begins: string): Promise<boolean>;
  /** What has become of the current file. `rotated`: it is this one now. */
  change(path: string, rotated: RotatedFile | undefined): Promise<'none' | 'rotated' | 'cut' | 'replaced'>;
  close(): Promise<void>;
}

async function openCurrent(path: string): Promise<Source | undefined> {
  const handle = await openIfThere(path);
  return handle && new PlainSource(handle, null);
}

/** It may be compressed just now, or removed: then there is nothing to be had of it. */
async function openRotated({ path, until, compressed }: RotatedFile): Promise<Source> {
  const handle = compressed ? undefined : await openIfThere(path);
  if (handle) return new PlainSource(handle, until);
  return new CompressedSource(compressed ? path : `${path}.gz`, until);
}

class PlainSource implements Source {
  until: string | null;
  offset = 0;
  readonly #handle: FileHandle;

  constructor(handle: FileHandle, until: string | null) {
    this.#handle = handle;
    this.until = until;
  }

  async read(): Promise<readonly Buffer[] | undefined> {
    for (;;) {
      const buffer = Buffer.allocUnsafe(BATCH_BYTES);
      const { bytesRead } = await this.#handle.read(buffer, 0, BATCH_BYTES, this.offset);
      const end = bytesRead === 0 ? 0 : buffer.lastIndexOf(NEWLINE, bytesRead - 1) + 1;
      // No record is as long: somebody else has written this.
      if (end === 0 && bytesRead === BATCH_BYTES) this.offset += bytesRead;
      else if (end === 0) return undefined;
      else {
        this.offset += end;
        return new LineSplitter().push(buffer.subarray(0, end));
      }
    }
  }

  async skip(offset: number, begins: string): Promise<boolean> {
    const head = Buffer.alloc(TIME_LENGTH);
    await this.#handle.read(head, 0, TIME_LENGTH, 0);
    if (begins !== '' && head.toString('latin1') !== begins) return false;
    if ((await this.#handle.stat()).size < offset) return false;
    this.offset = offset;
    return true;
  }

  async change(
    path: string,
    rotated: RotatedFile | undefined,
  ): Promise<'none' | 'rotated' | 'cut' | 'replaced'> {
    const mine = await this.#handle.stat();
    if (rotated) {
      const named = rotated.compressed ? undefined : await statIfThere(rotated.path);
      // Compressed already, it has another inode.
      if (named && named.ino !== mine.ino) return 'replaced';
      this.until = rotated.until;
      return 'rotated';
    }
    if (mine.size < this.offset) return 'cut';
    const named = await statIfThere(path);
    return !named || named.ino === mine.ino ? 'none' : 'replaced';
  }

  close(): Promise<void> {
    return this.#handle.close();
  }
}

class CompressedSource implements Source {
  readonly until: string;
  offset = 0;
  readonly #file: ReturnType<typeof createReadStream>;
  readonly #chunks: AsyncIterator<Buffer>;
  readonly #splitter = new LineSplitter();
  #skipped: Buffer[] = [];

  constructor(path: string, until: string) {
    this.until = until;
    this.#file = createReadStream(path);
    const gunzip = createGunzip({ chunkSize: 64 * 1024 });
    this.#file.on('error', (error) => gunzip.destroy(error));
    this.#chunks = this.#file.pipe(gunzip)[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  }

  async read(): Promise<readonly Buffer[] | undefined> {
    let lines = this.#skipped;
    this.#skipped = [];
    while (lines.length === 0) {
      const chunk = await this.#nextChunk();
      if (!chunk) return undefined;
      lines = this.#splitter.push(chunk);
    }
    this.offset += bytesOf(lines);
    return lines;
  }

  async skip(offset: number, begins: string): Promise<boolean> {
    let done = 0;
    for (let first = true; done < offset; first = false) {
      const lines = await this.read();
      if (!lines) return false;
      if (first && begins !== '' && !lines[0]?.toString('latin1').startsWith(begins)) return false;
      const rest = lines.findIndex((line) => {
        if (done >= offset) return true;
        done += line.length + 1;
        return false;
      });
      if (rest !== -1) this.#skipped = lines.slice(rest);
    }
    this.offset = done;
    return true;
  }

  async change(): Promise<'none'> {
    return 'none';
  }

  async close(): Promise<void> {
    this.#file.destroy();
    await this.#chunks.return?.();
  }

  /** What cannot be read of a damaged or removed file is its end. */
  async #nextChunk(): Promise<Buffer | undefined> {
    try {
      const next = await this.#chunks.next();
      return next.done ? undefined : next.value;
    } catch {
      return undefined;
    }
  }
}

function bytesOf(lines: readonly Buffer[]): number {
  return lines.reduce((sum, line) => sum + line.length + 1, 0);
}

async function statIfThere(path: string) {
  try {
    return await stat(path);
  } catch (error) {
    if (isSystemError(error) && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
