/** Follows the frames of a WebSocket (RFC 6455 section 5.2) in one direction, without keeping or changing any of it. */
export const CLOSE_OPCODE = 8;

export class FrameTracker {
  /** Bytes of the frame's head that are still to come; while `#fresh`, the first two. */
  #headLeft = 2;
  #lengthLeft = 0;
  #payloadLeft = 0;
  #opcode = 0;
  #boundary = true;
  /** A Close frame has passed: nothing may follow it. */
  closed = false;

  /** Between two frames: here a control frame of our own may go in. */
  get atBoundary(): boolean {
    return this.#boundary;
  }

  /**
   * Takes the bytes from `start` to `end` and returns how far it went: to `end`, or with `stop` only to the end of the
   * frame that has begun.
   */
  feed(buffer: Buffer, start: number, end: number, stop = false): number {
    let i = start;
    while (i < end) {
      if (stop && this.#boundary) return i;
      if (this.#headLeft > 0) this.#head(buffer[i++] as number);
      else {
        const size = Math.min(this.#payloadLeft, end - i);
        this.#payloadLeft -= size;
        i += size;
      }
      if (this.#headLeft === 0 && this.#payloadLeft === 0) this.#finish();
    }
    return i;
  }

  #head(byte: number): void {
    if (this.#boundary) {
      this.#boundary = false;
      this.#opcode = byte & 15;
      this.#headLeft = 1;
      this.#lengthLeft = -1;
      return;
    }
    if (this.#lengthLeft < 0) {
      const short = byte & 127;
      this.#lengthLeft = short === 126 ? 2 : short === 127 ? 8 : 0;
      this.#payloadLeft = this.#lengthLeft > 0 ? 0 : short;
      this.#headLeft = this.#lengthLeft + (byte & 128 ? 4 : 0);
      return;
    }
    this.#headLeft--;
    if (this.#lengthLeft === 0) return;
    this.#lengthLeft--;
    this.#payloadLeft = this.#payloadLeft * 256 + byte;
  }

  #finish(): void {
    if (this.#opcode === CLOSE_OPCODE) this.closed = true;
    this.#boundary = true;
    this.#headLeft = 2;
  }
}

/** A Close frame with a status code, masked as a client has to (with a key of zeros, which changes nothing) or not. */
export function closeFrame(code: number, masked: boolean): string {
  const payload = String.fromCharCode(code >> 8, code & 255);
  return masked ? `\x88\x82\0\0\0\0${payload}` : `\x88\x02${payload}`;
}
