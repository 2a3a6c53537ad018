/** Header blocks, which may come in several frames (RFC 9113 section 4.3), put together, with a bound on what that may cost. */
import { FRAME_BYTES } from './codes.ts';

/** Of a block as it comes. One that is larger decodes to more than a head may have. */
const BLOCK_BYTES = 2 * FRAME_BYTES;
/** "CONTINUATION flood" (VU#421644): nobody needs more for a block of that size. */
const CONTINUATIONS_MAX = 16;

export class HeaderBlock {
  readonly stream: number;
  readonly endStream: boolean;
  /** It says that the stream depends on itself. */
  readonly dependsOnItself: boolean;
  bytes: Buffer;
  #count = 0;

  constructor(stream: number, endStream: boolean, dependsOnItself: boolean, bytes: Buffer) {
    this.stream = stream;
    this.endStream = endStream;
    this.dependsOnItself = dependsOnItself;
    this.bytes = bytes;
  }

  /** False when it is too much. */
  add(buffer: Buffer, from: number, to: number): boolean {
    if (++this.#count > CONTINUATIONS_MAX || this.bytes.length + to - from > BLOCK_BYTES) return false;
    this.bytes = Buffer.concat([this.bytes, buffer.subarray(from, to)]);
    return true;
  }
}
