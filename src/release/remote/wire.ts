/**
 * Messages and contents on one connection: JSON, one value a line; and where contents follow, `{"bytes": n}` and then n bytes, until there
 * are none: `{"bytes": 0}`.
 */
import type { Readable, Writable } from 'node:stream';
import { drained } from '../ssh/drained.ts';

/** Trees of large repositories are long; what is longer than this is no message. */
const LONGEST_LINE = 512 * 1024 * 1024;

export class Incoming {
  readonly #chunks: AsyncIterator<Buffer>;
  #rest: Buffer = Buffer.alloc(0);

  constructor(input: Readable) {
    this.#chunks = input[Symbol.asyncIterator]();
  }

  /** Null at the end. @throws Error for what is no message */
  async message(): Promise<unknown> {
    const parts: Buffer[] = [];
    let length = 0;
    for (;;) {
      const end = this.#rest.indexOf(10);
      if (end !== -1) {
        parts.push(this.#rest.subarray(0, end));
        this.#rest = this.#rest.subarray(end + 1);
        return JSON.parse(Buffer.concat(parts).toString('utf8'));
      }
      parts.push(this.#rest);
      length += this.#rest.length;
      if (length > LONGEST_LINE) throw new Error('A message has no end');
      // What breaks off in the middle is as good as not said.
      if (!(await this.#more())) return null;
    }
  }

  /** Contents as they come. @throws Error when the connection ends in the middle of them */
  async *contents(): AsyncGenerator<Buffer> {
    for (;;) {
      let left = bytesIn(await this.message());
      if (left === 0) return;
      while (left > 0) {
        if (this.#rest.length === 0 && !(await this.#more())) throw cutOff();
        const piece = this.#rest.subarray(0, left);
        this.#rest = this.#rest.subarray(piece.length);
        left -= piece.length;
        yield piece;
      }
    }
  }

  async #more(): Promise<boolean> {
    const { value, done } = await this.#chunks.next();
    this.#rest = done ? Buffer.alloc(0) : value;
    return !done;
  }
}

function bytesIn(message: unknown): number {
  const { bytes } = (message ?? {}) as { bytes?: unknown };
  if (typeof bytes === 'number' && bytes >= 0) return bytes;
  throw cutOff();
}

function cutOff(): Error {
  return new Error('The connection ended before all was sent');
}

export function send(output: Writable, message: object): void {
  if (output.writable) output.write(`${JSON.stringify(message)}\n`);
}

/** @returns how many bytes were sent */
export async function sendContents(output: Writable, chunks: AsyncIterable<Uint8Array>): Promise<number> {
  let sent = 0;
  for await (const chunk of chunks) {
    if (!output.writable) throw cutOff();
    if (chunk.length === 0) continue;
    send(output, { bytes: chunk.length });
    sent += chunk.length;
    if (!output.write(chunk)) await drained(output);
  }
  send(output, { bytes: 0 });
  return sent;
}
