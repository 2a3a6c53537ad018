/** The answer of an app on its way to the client: as its site wants it, and through a compressor if need be. */
import type { Answer, ClientSide } from '../client-side.ts';
import { Compression, encodingFor } from '../encode/compression.ts';
import type { Visited } from '../gate/visit.ts';
import { type Fields, Kind } from '../http1/fields.ts';
import type { RequestHead } from '../http1/request-head.ts';
import type { ResponseHead } from '../http1/response-head.ts';

const PLAIN = { varies: false, coding: undefined };

/** What a compressor says, later than it was written to. */
export interface ReplyUser {
  /** There is room for more of the answer. */
  onRoom(): void;
  /** Some of it has gone out. */
  onMoved(): void;
  /** All of it has gone out. */
  onEnded(): void;
  onBroken(cause: string): void;
}

export class Reply {
  readonly answer: Answer;
  /** The client may use its connection again. */
  readonly keepClient: boolean;
  /** It may pause for as long as it likes. */
  readonly endless: boolean;
  /** A call of gRPC: the client may pause as well, with more of its request to come. */
  readonly isCall: boolean;
  readonly #side: ClientSide;
  readonly #compression: Compression | undefined;

  /**
   * @param visit undefined: the site has no wishes
   * @param lines field lines of the edge, each with its CRLF
   * @param size of the body, if all of it is here
   */
  constructor(
    side: ClientSide,
    request: RequestHead,
    visit: Visited | undefined,
    head: ResponseHead,
    keep: boolean,
    lines: string,
    size: number | undefined,
    user: ReplyUser,
  ) {
    this.#side = side;
    if (visit) {
      const { fields, content } = visit.gate;
      const isHead = request.method === 'HEAD';
      const encoding = content.compress ? encodingFor(request, head, isHead ? undefined : size) : PLAIN;
      this.answer = side.answer(request, fields.dress(head, encoding), keep, lines + visit.idLine);
      if (encoding.coding !== undefined && !isHead) {
        this.#compression = new Compression(encoding.coding, this.answer, side.channel, {
          room: () => user.onRoom(),
          moved: () => user.onMoved(),
          ended: () => user.onEnded(),
          failed: () => user.onBroken('it could not be compressed'),
        });
      }
    } else this.answer = side.answer(request, head, keep, lines);
    this.keepClient = keep && !this.answer.endsByClose;
    const type = head.fields.first(Kind.contentType) ?? '';
    this.isCall = type.startsWith('application/grpc');
    this.endless = this.isCall || type.startsWith('text/event-stream');
    if (this.endless) side.channel.watch();
  }

  /** What is written last has not gone out at once: `onEnded` says when. */
  get endsLater(): boolean {
    return this.#compression !== undefined;
  }

  /** `trailers`: only of an answer that is not compressed. */
  write(buffer: Buffer, from: number, to: number, done: boolean, trailers?: Fields): void {
    if (this.#compression) this.#compression.write(buffer, from, to, done);
    else this.answer.write(buffer, from, to, done, trailers);
  }

  /** Its source has to wait. */
  get congested(): boolean {
    return this.#compression?.congested === true || this.#side.channel.congested;
  }

  /** The client has taken what was written. Returns whether there is room for more. */
  drained(): boolean {
    this.#compression?.resume();
    return !this.#compression?.congested;
  }

  destroy(): void {
    this.#compression?.destroy();
  }
}
