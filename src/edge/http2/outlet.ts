/**
 * The way out of a connection: frames are put together and go out as one write a turn; bodies as the windows allow (RFC 9113
 * section 5.2), in turns, so that no stream waits for the end of another.
 */
import type { Wire } from '../wire.ts';
import { Flag, FRAME_BYTES, FrameType, WINDOW_BYTES, WINDOW_MAX } from './codes.ts';
import { frameHead, headersFrames } from './frame-writer.ts';
import { NO_TABLE } from './hpack/encoder.ts';
import type { Sender } from './sender.ts';

/** So much text is written at once; and a body up to this size becomes text. */
const TEXT_MAX = 8 * 1024;
/** As large as the pieces of memory that writes are made of. */
const scratch = Buffer.allocUnsafeSlow(66 * 1024);

export class Outlet {
  /** Bytes that all streams together may still send. */
  window = WINDOW_BYTES;
  readonly #wire: Wire;
  readonly #sentData: () => void;
  #text = '';
  #scheduled = false;
  /** The client need not remember anything for us. */
  #firstOfBlocks = NO_TABLE;
  #closed = false;
  /** Those that could send more, if the connection let them: each in its turn. */
  readonly #waiting = new Set<Sender>();

  /** @param sentData called for each frame of a body */
  constructor(wire: Wire, sentData: () => void) {
    this.#wire = wire;
    this.#sentData = sentData;
  }

  get congested(): boolean {
    return this.#wire.congested;
  }

  /** Writes frames that no window counts. */
  say(frames: string): void {
    if (this.#closed) return;
    this.#text += frames;
    if (this.#text.length > TEXT_MAX) this.flush();
    else if (!this.#scheduled) {
      this.#scheduled = true;
      // Behind what all the sockets that can be read now have to say.
      setImmediate(() => {
        this.#scheduled = false;
        this.#wire.guard(() => this.flush());
      });
    }
  }

  /** Writes a header block. */
  headers(stream: number, block: string, endStream: boolean): void {
    const first = this.#firstOfBlocks;
    this.#firstOfBlocks = '';
    this.say(headersFrames(stream, first + block, endStream));
  }

  /** Writes what has been said. */
  flush(): void {
    const text = this.#text;
    if (text === '') return;
    this.#text = '';
    this.#wire.text(text);
  }

  /** Nothing is said any more. */
  close(): void {
    this.flush();
    this.#closed = true;
    this.#waiting.clear();
  }

  /** How much of a body the connection takes now. */
  get room(): number {
    return this.#closed || this.congested ? 0 : this.window;
  }

  /** Writes a piece of a body for which there is room. */
  body(stream: number, buffer: Buffer, from: number, to: number, endStream: boolean): void {
    this.window -= to - from;
    if (to - from <= TEXT_MAX) {
      this.#sentData();
      const head = frameHead(to - from, FrameType.data, endStream ? Flag.endStream : 0, stream);
      this.say(to > from ? head + buffer.toString('latin1', from, to) : head);
      return;
    }
    let at = scratch.write(this.#text, 0, 'latin1');
    this.#text = '';
    for (let start = from; start < to; start += FRAME_BYTES) {
      const end = Math.min(to, start + FRAME_BYTES);
      if (at + 9 + end - start > scratch.length) {
        this.#wire.send('', scratch, 0, at, '');
        at = 0;
      }
      this.#sentData();
      const flags = endStream && end === to ? Flag.endStream : 0;
      at += scratch.write(frameHead(end - start, FrameType.data, flags, stream), at, 'latin1');
      at += buffer.copy(scratch, at, start, end);
    }
    this.#wire.send('', scratch, 0, at, '');
  }

  /** It has more to send than it could. */
  wait(sender: Sender): void {
    if (!this.#closed) this.#waiting.add(sender);
  }

  forget(sender: Sender): void {
    this.#waiting.delete(sender);
  }

  /** The window of the connection opens further; false when that is more than a window can be. */
  widen(bytes: number): boolean {
    this.window += bytes;
    if (this.window > WINDOW_MAX) return false;
    this.pump();
    return true;
  }

  /** Lets those that wait send, a frame each, as long as there is room. */
  pump(): void {
    for (const sender of this.#waiting) {
      if (this.room <= 0) return;
      // Behind the others, if there is more: a Set goes on with what is added while it is looked through.
      this.#waiting.delete(sender);
      sender.sendNext();
    }
  }
}
