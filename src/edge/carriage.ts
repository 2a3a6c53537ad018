/** One request on its way to an app and the answer on its way back, whatever protocol the app speaks. */
import type { Failure } from './failure.ts';
import type { Client } from './forwarded.ts';
import type { RequestWriter } from './headers.ts';
import type { Fields } from './http1/fields.ts';
import type { RequestHead } from './http1/request-head.ts';
import type { ResponseHead } from './http1/response-head.ts';
import type { Upstream } from './upstream.ts';

export interface Carriage {
  /** Its connection has carried a request before: its death may have been that of an idle connection. */
  readonly reused: boolean;
  /** More of the request waits to be sent than is good. */
  readonly congested: boolean;
  /**
   * Sends the head, and what there is of the body. `done`: that was all of it. `identity`: do not let the app compress the
   * answer.
   */
  open(
    requests: RequestWriter,
    head: RequestHead,
    client: Client,
    identity: boolean,
    body: Buffer,
    done: boolean,
  ): void;
  /** Sends more of the body. */
  send(buffer: Buffer, from: number, to: number, done: boolean): void;
  /** Lets the app wait with more of its answer. */
  pause(): void;
  resume(): void;
  /** The caller is done with it. `complete`: the whole request was sent and the whole answer read. */
  release(complete: boolean): void;
  /** Gives it up without another word to the caller. */
  abandon(): void;
}

/** Who has sent a request. */
export interface Caller {
  onConnected(): void;
  /** A 1xx answer other than 101; the answer proper is still to come. */
  onInterim(head: ResponseHead): void;
  /** The head and what there is of the body: `buffer[from, to)`, decoded. `done`: that was all. */
  onAnswer(head: ResponseHead, buffer: Buffer, from: number, to: number, done: boolean): void;
  /** `trailers`: with the last bytes, from apps whose trailers are passed on. */
  onAnswerBytes(buffer: Buffer, from: number, to: number, done: boolean, trailers?: Fields): void;
  /** 101 to a request that asked for it; the connection is the caller's now, with the bytes that came after the head. */
  onSwitch(head: ResponseHead, upstream: Upstream, buffer: Buffer, from: number, to: number): void;
  onUpstreamDrain(): void;
  /** The connection is gone or of no use any more. */
  onFailure(failure: Failure): void;
}
