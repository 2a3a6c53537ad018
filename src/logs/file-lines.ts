/** Lines of a file as bytes, forwards and backwards, in batches and without reading more than is asked for. */
import type { FileHandle } from 'node:fs/promises';
import { TIME_LENGTH } from './record.ts';

const NEWLINE = 10;
const FORWARD_BYTES = 256 * 1024;
const BACKWARD_FIRST = 32 * 1024;
const BACKWARD_MOST = 1024 * 1024;
/** Nearer than this, searching costs more than reading. */
const SEARCH_GRAIN = 256 * 1024;
/** Two records of full length. */
const PROBE_BYTES = 160 * 1024;

/** The bytes of `[from, to)`, or up to the end of the file, in chunks that are not used again. */
export async function* chunksOf(
  handle: FileHandle,
  from: number,
  to = Number.POSITIVE_INFINITY,
): AsyncGenerator<Buffer> {
  for (let position = from; position < to; ) {
    const wanted = Math.min(FORWARD_BYTES, to - position);
    const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(wanted), 0, wanted, position);
    if (bytesRead === 0) return;
    position += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}

/** Whole lines, oldest first; what follows the last newline is left out. With a needle, most lines without it are left out, too. */
export async function* linesOf(chunks: AsyncIterable<Buffer>, needle?: Buffer): AsyncGenerator<Buffer[]> {
  const splitter = new LineSplitter(needle);
  for await (const chunk of chunks) yield splitter.push(chunk);
}

/** Puts lines together from chunks. */
export class LineSplitter {
  readonly #needle: Buffer | undefined;
  #begun: Buffer[] = [];

  /** @param needle only lines that hold these bytes are wanted; others may come as well */
  constructor(needle?: Buffer) {
    this.#needle = needle;
  }

  /** Bytes after the last newline. */
  get pending(): number {
    return this.#begun.reduce((sum, part) => sum + part.length, 0);
  }

  /** The lines that end in this chunk, without their newlines. */
  push(chunk: Buffer): Buffer[] {
    if (this.#needle && !chunk.includes(this.#needle)) return this.#pass(chunk);
    const lines: Buffer[] = [];
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      const part = chunk.subarray(start, end);
      lines.push(this.#begun.length === 0 ? part : Buffer.concat([...this.#begun, part]));
      this.#begun = [];
      start = end + 1;
    }
    if (start < chunk.length) this.#begun.push(chunk.subarray(start));
    return lines;
  }

  /** Nothing in it is wanted, but lines that go over its edges may be. */
  #pass(chunk: Buffer): Buffer[] {
    const first = chunk.indexOf(NEWLINE);
    if (first === -1) {
      this.#begun.push(chunk);
      return [];
    }
    const lines = this.#begun.length === 0 ? [] : [Buffer.concat([...this.#begun, chunk.subarray(0, first)])];
    this.#begun = [chunk.subarray(chunk.lastIndexOf(NEWLINE) + 1)];
    return lines;
  }
}

/**
 * Lines of `[0, end)`, newest first; `end` is where a line ends. With a needle, of blocks without it only the oldest line is given
 * out, which tells how far it is.
 */
export async function* linesBackwards(
  handle: FileHandle,
  end: number,
  needle?: Buffer,
): AsyncGenerator<Buffer[]> {
  let size = BACKWARD_FIRST;
  let begun = Buffer.alloc(0);
  for (let position = end; position > 0; size = Math.min(size * 2, BACKWARD_MOST)) {
    const from = Math.max(0, position - size);
    const block = await readFully(handle, from, position - from);
    if (block.length < position - from) return;
    const data: Buffer = begun.length === 0 ? block : Buffer.concat([block, begun]);
    const lines: Buffer[] = [];
    let lineEnd = data.length;
    if (needle && !data.includes(needle)) lineEnd = secondLine(data);
    for (let at = lastNewline(data, lineEnd); at !== -1; at = lastNewline(data, lineEnd)) {
      lines.push(data.subarray(at + 1, lineEnd));
      lineEnd = at;
    }
    position = from;
    if (position === 0) lines.push(data.subarray(0, lineEnd));
    else begun = Buffer.from(data.subarray(0, lineEnd));
    yield lines;
  }
}

/** Where the last whole line before `end` ends. */
export async function lastLineEnd(handle: FileHandle, end: number): Promise<number> {
  for (let to = end; to > 0; ) {
    const from = Math.max(0, to - BACKWARD_FIRST);
    const block = await readFully(handle, from, to - from);
    const at = block.lastIndexOf(NEWLINE);
    if (at !== -1) return from + at + 1;
    to = from;
  }
  return 0;
}

/** A place at or shortly before the first record of `[0, end)` that is not older than `time`: the start of a line. */
export async function findTime(handle: FileHandle, end: number, time: string): Promise<number> {
  let start = 0;
  let low = 0;
  let high = end;
  while (high - low > SEARCH_GRAIN) {
    const middle = Math.floor((low + high) / 2);
    const block = await readFully(handle, middle, Math.min(PROBE_BYTES, end - middle));
    const line = block.indexOf(NEWLINE) + 1;
    const found = block.toString('latin1', line, line + TIME_LENGTH);
    if (line > 0 && found.length === TIME_LENGTH && found < time) {
      low = middle;
      start = middle + line;
    } else {
      high = middle;
    }
  }
  return start;
}

/** A place at or shortly after the last record of `[0, end)` that is not newer than `time`: the end of a line. */
export async function endOfTime(handle: FileHandle, end: number, time: string): Promise<number> {
  const near = await findTime(handle, end, `${time}~`);
  return lastLineEnd(handle, Math.min(end, near + 2 * SEARCH_GRAIN + PROBE_BYTES));
}

/** Where the first whole line ends that begins in here; the end of all when there is none. */
function secondLine(data: Buffer): number {
  const first = data.indexOf(NEWLINE);
  const second = first === -1 ? -1 : data.indexOf(NEWLINE, first + 1);
  return second === -1 ? data.length : second;
}

/** A plain loop: for the short way to the previous line it is faster than crossing into `lastIndexOf`. */
function lastNewline(data: Buffer, before: number): number {
  let at = before - 1;
  while (at >= 0 && data[at] !== NEWLINE) at -= 1;
  return at;
}

async function readFully(handle: FileHandle, from: number, length: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(length);
  let done = 0;
  while (done < length) {
    const { bytesRead } = await handle.read(buffer, done, length - done, from + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return buffer.subarray(0, done);
}
