/** Bytes that came in pieces, as one; however small the pieces were, at a cost that grows with the bytes alone. */
const NOTHING = Buffer.alloc(0);
const LEAST_BYTES = 1024;

export class Gathered {
  length = 0;
  #bytes: Buffer = NOTHING;

  add(buffer: Buffer, from: number, to: number): void {
    const length = this.length + to - from;
    if (length > this.#bytes.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(LEAST_BYTES, length * 2));
      this.#bytes.copy(larger, 0, 0, this.length);
      this.#bytes = larger;
    }
    buffer.copy(this.#bytes, this.length, from, to);
    this.length = length;
  }

  take(): Buffer {
    const bytes = this.#bytes.subarray(0, this.length);
    this.#bytes = NOTHING;
    this.length = 0;
    return bytes;
  }
}
