/** Writes one answer to the stream of its request. */
import type { Answer } from '../client-side.ts';
import type { Fields } from '../http1/fields.ts';
import type { ResponseHead } from '../http1/response-head.ts';
import { responseBlock } from './response.ts';
import type { Sender } from './sender.ts';

export class StreamAnswer implements Answer {
  readonly status: number;
  bytes = 0;
  /** A stream has an end of its own. */
  readonly endsByClose = false;
  readonly #sender: Sender;
  /** The head, until it goes out together with the first bytes. */
  #block: string;

  constructor(sender: Sender, head: ResponseHead, extra: string) {
    this.status = head.status;
    this.#sender = sender;
    this.#block = responseBlock(head, extra);
  }

  write(buffer: Buffer, from: number, to: number, done: boolean, trailers?: Fields): void {
    const block = this.#block;
    const isAll = done && from === to && !trailers;
    this.bytes += to - from;
    if (block !== '') {
      this.#block = '';
      this.#sender.head(block, isAll);
      if (isAll) return;
    }
    this.#sender.body(buffer, from, to, done, trailers);
  }
}
