/**
 * Memory for large writes, used again and again: a new piece for every write would be garbage outside of the heap,
 * which V8 is slow to notice.
 */
const PIECE_BYTES = 66 * 1024;
/** Pieces that are kept for later. */
const KEPT_MAX = 64;

export class WriteBuffer {
  readonly bytes: Buffer;
  /** To be called when the write is done, and its memory free. */
  readonly release: () => void;

  constructor(size: number) {
    this.bytes = Buffer.allocUnsafeSlow(size);
    this.release = () => {
      if (size === PIECE_BYTES && free.length < KEPT_MAX) free.push(this);
    };
  }
}

const free: WriteBuffer[] = [];

/** A piece of memory of at least `size` bytes. */
export function writeBuffer(size: number): WriteBuffer {
  if (size > PIECE_BYTES) return new WriteBuffer(size);
  return free.pop() ?? new WriteBuffer(PIECE_BYTES);
}
