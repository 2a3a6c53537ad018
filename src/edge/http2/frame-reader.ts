/** Cuts the bytes of a connection into frames. The payload of DATA is passed on as it comes; other frames are small, and come whole. */
import { Flag, FRAME_BYTES, FrameType } from './codes.ts';

export interface FrameUser {
  /** A whole frame; its payload is `buffer[from, to)`. Returns false when nothing more is to be read. */
  onFrame(type: number, flags: number, stream: number, buffer: Buffer, from: number, to: number): boolean;
  /**
   * A piece of the payload of DATA, possibly empty. `begins`: with this one a frame begins, of `size` bytes as flow control counts
   * them. `ends`: it is the frame's last.
   */
  onData(
    stream: number,
    size: number,
    begins: boolean,
    ends: boolean,
    endStream: boolean,
    buffer: Buffer,
    from: number,
    to: number,
  ): boolean;
  /** The frame is larger than was agreed on. */
  onTooLarge(type: number, stream: number): void;
}

const HEAD_BYTES = 9;

export class FrameReader {
  readonly #user: FrameUser;
  /** The head of a frame, or all of it, while it is not complete. */
  #kept: Buffer = Buffer.alloc(0);
  #have = 0;
  #need = HEAD_BYTES;
  /** Of DATA whose payload is passed on: still to come. */
  #left = 0;
  #size = 0;
  #stream = 0;
  #endStream = false;

  constructor(user: FrameUser) {
    this.#user = user;
  }

  /** A frame other than DATA has begun. */
  get partial(): boolean {
    return this.#have > 0;
  }

  feed(buffer: Buffer, start: number, end: number): void {
    let at = start;
    while (at < end) {
      if (this.#left > 0) at = this.#passOn(buffer, at, end);
      else if (this.#have > 0) at = this.#complete(buffer, at, end);
      else at = this.#whole(buffer, at, end);
      if (at < 0) return;
    }
  }

  /** Takes frames from the buffer itself, as long as they are complete; -1 = nothing more is to be read. */
  #whole(buffer: Buffer, at: number, end: number): number {
    if (end - at < HEAD_BYTES) return this.#keep(buffer, at, end, HEAD_BYTES);
    const length = lengthAt(buffer, at);
    if (!this.#isAgreed(buffer, at, length)) return -1;
    if (isPlainData(buffer, at)) return this.#beginData(buffer, at, length) ? at + HEAD_BYTES : -1;
    const next = at + HEAD_BYTES + length;
    if (next > end) return this.#keep(buffer, at, end, HEAD_BYTES + length);
    return this.#deliver(buffer, at, length) ? next : -1;
  }

  #keep(buffer: Buffer, at: number, end: number, need: number): number {
    if (this.#kept.length < need) this.#kept = Buffer.allocUnsafeSlow(need);
    this.#have = buffer.copy(this.#kept, 0, at, end);
    this.#need = need;
    return end;
  }

  /** Adds to a frame that has begun. */
  #complete(buffer: Buffer, at: number, end: number): number {
    const next = Math.min(end, at + this.#need - this.#have);
    buffer.copy(this.#kept, this.#have, at, next);
    this.#have += next - at;
    if (this.#have < this.#need) return next;
    const kept = this.#kept;
    const length = lengthAt(kept, 0);
    if (this.#need === HEAD_BYTES) {
      if (!this.#isAgreed(kept, 0, length)) return -1;
      if (isPlainData(kept, 0)) {
        this.#have = 0;
        return this.#beginData(kept, 0, length) ? next : -1;
      }
      if (length > 0) {
        this.#need = HEAD_BYTES + length;
        if (kept.length < this.#need) {
          this.#kept = Buffer.allocUnsafeSlow(this.#need);
          kept.copy(this.#kept, 0, 0, HEAD_BYTES);
        }
        return next;
      }
    }
    this.#have = 0;
    this.#kept = Buffer.alloc(0);
    return this.#deliver(kept, 0, length) ? next : -1;
  }

  #isAgreed(buffer: Buffer, at: number, length: number): boolean {
    if (length <= FRAME_BYTES) return true;
    this.#user.onTooLarge(buffer[at + 3] as number, streamAt(buffer, at));
    return false;
  }

  #beginData(buffer: Buffer, at: number, length: number): boolean {
    this.#stream = streamAt(buffer, at);
    this.#endStream = ((buffer[at + 4] as number) & Flag.endStream) !== 0;
    this.#size = length;
    this.#left = length;
    if (length > 0) return true;
    return this.#user.onData(this.#stream, 0, true, true, this.#endStream, buffer, at, at);
  }

  #passOn(buffer: Buffer, at: number, end: number): number {
    const next = Math.min(end, at + this.#left);
    const begins = this.#left === this.#size;
    this.#left -= next - at;
    const ends = this.#left === 0;
    const goesOn = this.#user.onData(
      this.#stream,
      this.#size,
      begins,
      ends,
      ends && this.#endStream,
      buffer,
      at,
      next,
    );
    return goesOn ? next : -1;
  }

  #deliver(buffer: Buffer, at: number, length: number): boolean {
    const [type, flags] = [buffer[at + 3] as number, buffer[at + 4] as number];
    const from = at + HEAD_BYTES;
    return this.#user.onFrame(type, flags, streamAt(buffer, at), buffer, from, from + length);
  }
}

/** Of the padding somebody has to be told before the payload is passed on: such frames are taken whole. */
function isPlainData(buffer: Buffer, at: number): boolean {
  return buffer[at + 3] === FrameType.data && ((buffer[at + 4] as number) & Flag.padded) === 0;
}

function lengthAt(buffer: Buffer, at: number): number {
  return ((buffer[at] as number) << 16) | ((buffer[at + 1] as number) << 8) | (buffer[at + 2] as number);
}

function streamAt(buffer: Buffer, at: number): number {
  return buffer.readUInt32BE(at + 5) & 0x7fff_ffff;
}
