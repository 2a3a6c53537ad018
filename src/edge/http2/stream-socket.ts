/** A stream as the way of a WebSocket's bytes (RFC 8441 section 5). */
import type { ByteChannel, WireUser } from '../wire.ts';
import { Code } from './codes.ts';
import type { Sender } from './sender.ts';
import type { Stream } from './stream.ts';

const NOTHING = Buffer.alloc(0);

/** Until the tunnel is there. */
const nobody: WireUser = { onBytes() {}, onEnd() {}, onDrain() {}, onConnect() {}, onClose() {} };

export class StreamSocket implements ByteChannel {
  user: WireUser = nobody;
  readonly #stream: Stream;
  readonly #sender: Sender;
  #closed = false;

  constructor(stream: Stream, sender: Sender) {
    this.#stream = stream;
    this.#sender = sender;
  }

  get congested(): boolean {
    return this.#stream.congested;
  }

  send(before: string, buffer: Buffer, start: number, end: number, after: string): void {
    if (before !== '') this.#text(before);
    if (end > start) this.#sender.body(buffer, start, end, false);
    if (after !== '') this.#text(after);
  }

  #text(text: string): void {
    const bytes = Buffer.from(text, 'latin1');
    this.#sender.body(bytes, 0, bytes.length, false);
  }

  pause(): void {
    this.#stream.pause();
  }

  resume(): void {
    this.#stream.resumeReading();
  }

  watch(): void {
    this.#stream.watch();
  }

  end(): void {
    this.#sender.body(NOTHING, 0, 0, true);
  }

  destroy(): void {
    if (!this.#closed) this.#stream.reset(Code.cancel);
  }

  /** Nothing is left of the stream. */
  closed(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.user.onClose(undefined);
  }
}
