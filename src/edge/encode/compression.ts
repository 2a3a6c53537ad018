/** The answer of an app on its way through an encoder to its client. */
import type { Answer, Channel } from '../client-side.ts';
import { Kind } from '../http1/fields.ts';
import type { RequestHead } from '../http1/request-head.ts';
import type { ResponseHead } from '../http1/response-head.ts';
import { type Coding, chooseCoding } from './accept-encoding.ts';
import { isEligible } from './eligible.ts';
import { codings, Encoder } from './encoder.ts';

export interface CompressionUser {
  /** There is room again, after `congested` was true. */
  room(): void;
  /** Something went out. */
  moved(): void;
  /** The whole answer is written. */
  ended(): void;
  failed(): void;
}

const NOTHING = Buffer.alloc(0);

/** How an answer is to be sent. `size`: of its body, if it is known already. */
export function encodingFor(
  request: RequestHead,
  head: ResponseHead,
  size: number | undefined,
): { readonly varies: boolean; readonly coding: Coding | undefined } {
  if (!isEligible(request, head, size)) return { varies: false, coding: undefined };
  const wanted = request.fields.first(Kind.acceptEncoding) ?? '';
  return { varies: true, coding: chooseCoding(wanted, codings) };
}

export class Compression {
  readonly #encoder: Encoder;
  readonly #channel: Channel;

  constructor(coding: Coding, answer: Answer, channel: Channel, user: CompressionUser) {
    let headOut = false;
    const write = (bytes: Buffer, done: boolean) => {
      headOut = true;
      answer.write(bytes, 0, bytes.length, done);
    };
    this.#channel = channel;
    this.#encoder = new Encoder(coding, {
      onEncoded: (bytes, done) =>
        channel.guard(() => {
          if (bytes.length > 0 || done) write(bytes, done);
          if (done) user.ended();
          else {
            if (channel.congested) this.#encoder.pause();
            user.moved();
          }
        }),
      // An app that sends its head early wants it to be seen.
      onPause: () => channel.guard(() => headOut || write(NOTHING, false)),
      onRoom: () => channel.guard(() => !channel.congested && user.room()),
      onFailed: () => channel.guard(() => user.failed()),
    });
  }

  get congested(): boolean {
    return this.#encoder.congested;
  }

  write(buffer: Buffer, from: number, to: number, done: boolean): void {
    this.#encoder.write(buffer, from, to, done);
  }

  /** The client has read what was written. */
  resume(): void {
    if (!this.#channel.congested) this.#encoder.resume();
  }

  destroy(): void {
    this.#encoder.destroy();
  }
}
