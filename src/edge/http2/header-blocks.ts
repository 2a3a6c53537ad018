/** Header blocks, which may come in several frames (RFC 9113 section 4.3), put together, with a bound on what that may cost. */
import { Flag, FRAME_BYTES } from './codes.ts';

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

/** The part of a header block in the payload of HEADERS, behind padding and priority (section 6.2); or what is wrong with it. */
export function fragmentOf(flags: number, stream: number, buffer: Buffer, start: number, end: number) {
  let from = start;
  let to = end;
  if ((flags & Flag.padded) !== 0) {
    if (from === to) return 'HEADERS are too short';
    to -= buffer[from++] as number;
  }
  let dependsOnItself = false;
  if ((flags & Flag.priority) !== 0) {
    if (to - from < 5) return 'HEADERS are too short';
    dependsOnItself = (buffer.readUInt32BE(from) & 0x7fff_ffff) === stream;
    from += 5;
  }
  return to < from ? 'more padding than HEADERS' : { from, to, dependsOnItself };
}
