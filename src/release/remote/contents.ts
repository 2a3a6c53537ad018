/** Files of a tree as one compressed stream, and back: how long each of them is the tree says. */
import { pipeline, Readable } from 'node:stream';
import { createGunzip, createGzip } from 'node:zlib';
import { HoldfastError } from '../../errors.ts';
import type { FileStore, Source } from '../seams.ts';
import type { Tree, TreeFile } from '../tree.ts';

/** As the host named them: positions in the tree. @throws HoldfastError SOURCE_INVALID */
export function filesAt({ entries }: Tree, positions: readonly number[]): TreeFile[] {
  return positions.map((at) => {
    const entry = entries[at];
    if (entry?.kind === 'file') return entry;
    throw new HoldfastError(
      'SOURCE_INVALID',
      `The host asks for the entry ${at} of the source, which is no file`,
    );
  });
}

export function positionsOf({ entries }: Tree, files: readonly TreeFile[]): number[] {
  const wanted = new Set<unknown>(files);
  return entries.flatMap((entry, at) => (wanted.has(entry) ? [at] : []));
}

export function packed(source: Pick<Source, 'read'>, files: readonly TreeFile[]): AsyncIterable<Uint8Array> {
  // An error arrives at whoever reads.
  return pipeline(Readable.from(plain(source, files)), createGzip({ level: 6 }), () => {});
}

async function* plain(source: Pick<Source, 'read'>, files: readonly TreeFile[]): AsyncGenerator<Uint8Array> {
  for (const file of files) {
    let size = 0;
    for await (const chunk of source.read(file)) {
      size += chunk.length;
      yield chunk;
    }
    if (size !== file.size)
      throw new HoldfastError('SOURCE_INVALID', `"${file.path}" was changed while it was read`);
  }
}

/** @throws HoldfastError SOURCE_INVALID when a content is not what the tree says */
export async function takeContents(
  store: Pick<FileStore, 'add'>,
  files: readonly TreeFile[],
  stream: AsyncIterable<Uint8Array>,
): Promise<void> {
  const pieces = new Pieces(pipeline(Readable.from(stream), createGunzip(), () => {}));
  for (const file of files) await store.add(file, pieces.next(file.size));
  await pieces.drain();
}

/** One stream, cut where it is asked to. */
class Pieces {
  readonly #chunks: AsyncIterator<Uint8Array>;
  #rest: Uint8Array = new Uint8Array();

  constructor(stream: AsyncIterable<Uint8Array>) {
    this.#chunks = stream[Symbol.asyncIterator]();
  }

  async *next(size: number): AsyncGenerator<Uint8Array> {
    let left = size;
    while (left > 0) {
      if (this.#rest.length === 0) {
        const { value, done } = await this.#chunks.next();
        if (done) return;
        this.#rest = value;
      }
      const piece = this.#rest.subarray(0, left);
      this.#rest = this.#rest.subarray(piece.length);
      left -= piece.length;
      if (piece.length > 0) yield piece;
    }
  }

  /** To its end, which is in order only then. */
  async drain(): Promise<void> {
    while (!(await this.#chunks.next()).done);
  }
}
