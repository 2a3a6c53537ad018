/**
 * Where a body ends, told from its bytes as they come. A reader looks at one read at a time, in the read's own
 * buffer, and never keeps any of it.
 */
export interface BodyReader {
  /** After `feed`: the payload lies in the buffer from `from` to `to`. */
  readonly from: number;
  readonly to: number;
  /** After `feed`: how far the bytes belong to this body. */
  readonly next: number;
  /** The body is complete. */
  readonly done: boolean;
  /**
   * Takes the bytes from `start` to `end`. May move payload towards `start` to make it one piece; never touches what is
   * behind `next`. Returns false when the bytes cannot be a body, and then for ever.
   */
  feed(buffer: Buffer, start: number, end: number): boolean;
}

/** A body of a known length. */
export class LengthReader implements BodyReader {
  from = 0;
  to = 0;
  next = 0;
  done: boolean;
  #left: number;

  constructor(length: number) {
    this.#left = length;
    this.done = length === 0;
  }

  feed(_buffer: Buffer, start: number, end: number): boolean {
    const size = Math.min(this.#left, end - start);
    this.#left -= size;
    this.from = start;
    this.to = this.next = start + size;
    this.done = this.#left === 0;
    return true;
  }
}

/** A body that ends with its connection; only answers have those. */
export class UntilCloseReader implements BodyReader {
  from = 0;
  to = 0;
  next = 0;
  readonly done = false;

  feed(_buffer: Buffer, start: number, end: number): boolean {
    this.from = start;
    this.to = this.next = end;
    return true;
  }
}
