/** What one stream sends: its body waits here as long as the windows are shut. */
import type { Fields } from '../http1/fields.ts';
import { FRAME_BYTES, WINDOW_MAX } from './codes.ts';
import type { Outlet } from './outlet.ts';
import { trailersBlock } from './response.ts';

export interface SenderUser {
  /** Everything that had to wait has been sent. */
  onSent(): void;
  /** The last frame of the stream has been sent. */
  onEnded(): void;
}

const NOTHING = Buffer.alloc(0);

export class Sender {
  /** END_STREAM has been sent. */
  ended = false;
  readonly #stream: number;
  readonly #outlet: Outlet;
  readonly #user: SenderUser;
  /** Bytes that this stream may still send; below 0 after the client has made its windows smaller. */
  #window: number;
  #queue: Buffer[] = [];
  /** Place in the first of the queue. */
  #at = 0;
  #queued = 0;
  /** Behind the queue the stream ends. */
  #done = false;
  #trailers: Fields | undefined;

  constructor(stream: number, outlet: Outlet, window: number, user: SenderUser) {
    this.#stream = stream;
    this.#outlet = outlet;
    this.#window = window;
    this.#user = user;
  }

  get queued(): number {
    return this.#queued;
  }

  head(block: string, endStream: boolean): void {
    if (this.ended) return;
    this.#outlet.headers(this.#stream, block, endStream);
    if (endStream) this.#end();
  }

  /** Sends what it may of `buffer[from, to)`, and keeps the rest. */
  body(buffer: Buffer, from: number, to: number, done: boolean, trailers?: Fields): void {
    if (this.ended || this.#done) return;
    this.#done = done;
    this.#trailers = trailers;
    let at = from;
    if (this.#queued === 0) {
      at += Math.max(0, Math.min(to - from, this.#window, this.#outlet.room));
      const isLast = done && at === to;
      if (at > from || (isLast && !trailers)) this.#send(buffer, from, at, isLast);
      if (isLast) {
        this.#end();
        return;
      }
    }
    if (at === to) return;
    this.#queue.push(Buffer.from(buffer.subarray(at, to)));
    this.#queued += to - at;
    if (this.#window > 0) this.#outlet.wait(this);
  }

  /** A frame of what waits: it is this stream's turn. */
  sendNext(): void {
    const first = this.#queue[0] ?? NOTHING;
    const size = Math.min(first.length - this.#at, this.#window, this.#outlet.room, FRAME_BYTES);
    if (size <= 0) return;
    const from = this.#at;
    this.#at += size;
    this.#queued -= size;
    if (this.#at === first.length) {
      this.#queue.shift();
      this.#at = 0;
    }
    const isLast = this.#done && this.#queued === 0;
    this.#send(first, from, from + size, isLast);
    if (isLast) this.#end();
    else if (this.#queued === 0) this.#user.onSent();
    else if (this.#window > 0) this.#outlet.wait(this);
  }

  #send(buffer: Buffer, from: number, to: number, isLast: boolean): void {
    this.#window -= to - from;
    this.#outlet.body(this.#stream, buffer, from, to, isLast && !this.#trailers);
  }

  #end(): void {
    if (this.#trailers) this.#outlet.headers(this.#stream, trailersBlock(this.#trailers), true);
    this.ended = true;
    this.#user.onEnded();
  }

  /** Its window opens further, or with a negative number shuts; false when that is more than a window can be. */
  widen(bytes: number): boolean {
    this.#window += bytes;
    if (this.#window > WINDOW_MAX) return false;
    if (this.#window > 0 && this.#queued > 0) {
      this.#outlet.wait(this);
      this.#outlet.pump();
    }
    return true;
  }

  /** Sends nothing more. */
  close(): void {
    this.ended = true;
    this.#queue = [];
    this.#queued = 0;
    this.#outlet.forget(this);
  }
}
