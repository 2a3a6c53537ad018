/** JSON values, one a line: encoding, and decoding from chunks as they come from a socket or a file. */

/** A value that was read, or why a line is not one. */
export type Decoded = { readonly value: unknown } | { readonly problem: string; readonly line: string };

/** One line, with its newline. `undefined` cannot be said in JSON and becomes `null`. */
export function encodeNdjson(value: unknown): string {
  return `${JSON.stringify(value) ?? 'null'}\n`;
}

/**
 * Puts lines together from chunks and parses them. Empty lines are skipped. A line longer than `maxLineBytes` is
 * reported once and skipped up to its end, so that a peer cannot make memory grow.
 */
export class NdjsonDecoder {
  readonly #maxLineBytes: number;
  #parts: Buffer[] = [];
  #length = 0;
  #skipping = false;

  constructor(options: { maxLineBytes?: number } = {}) {
    this.#maxLineBytes = options.maxLineBytes ?? 16 * 1024 * 1024;
  }

  /** What became complete with this chunk, in order. */
  push(chunk: Buffer): Decoded[] {
    const found: Decoded[] = [];
    let start = 0;
    for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, start)) {
      this.#append(chunk.subarray(start, end), found);
      this.#finish(found);
      start = end + 1;
    }
    if (start < chunk.length) this.#append(chunk.subarray(start), found);
    return found;
  }

  /** What is left when the source has ended without a newline. */
  end(): Decoded[] {
    const found: Decoded[] = [];
    this.#finish(found);
    return found;
  }

  #append(part: Buffer, found: Decoded[]): void {
    if (this.#skipping) return;
    if (this.#length + part.length > this.#maxLineBytes) {
      const begin = Buffer.concat([...this.#parts, part]).toString('utf8', 0, 200);
      found.push({ problem: `A line is longer than ${this.#maxLineBytes} bytes`, line: begin });
      this.#reset();
      this.#skipping = true;
      return;
    }
    // A copy: the caller may use its buffer again for the next read.
    if (part.length > 0) this.#parts.push(Buffer.from(part));
    this.#length += part.length;
  }

  #finish(found: Decoded[]): void {
    const [first] = this.#parts;
    const bytes = this.#parts.length === 1 && first ? first : Buffer.concat(this.#parts);
    this.#reset();
    const line = bytes.toString('utf8');
    if (line.trim() === '') return;
    try {
      found.push({ value: JSON.parse(line) });
    } catch (error) {
      found.push({ problem: error instanceof Error ? error.message : String(error), line });
    }
  }

  #reset(): void {
    this.#parts = [];
    this.#length = 0;
    this.#skipping = false;
  }
}
