import type { Edge } from './edge.ts';
import type { Client } from './forwarded.ts';
import type { RequestWriter } from './headers.ts';
import type { Fields } from './http1/fields.ts';
import type { Refusal } from './http1/refusal.ts';
import type { RequestHead } from './http1/request-head.ts';
import type { ResponseHead } from './http1/response-head.ts';
import type { Target } from './target.ts';
import type { Secured } from './tls/secured.ts';
import type { SiteTraffic } from './traffic.ts';
import type { Upstream } from './upstream.ts';

/**
 * So much of what a client says while its request waits is read before the client is: it could not be seen to leave otherwise,
 * and would keep its place.
 */
export const READ_AHEAD_BYTES = 16 * 1024;

/** What answers one request, as its connection sees it. */
export interface Answering {
  /** Takes the request up, with the part of its body that came with the head. */
  begin(buffer: Buffer, from: number, to: number): void;
  /** Takes more of the request's body. */
  more(buffer: Buffer, from: number, to: number, done: boolean): void;
  /** The client sent something that cannot be part of its request, or too much, or nothing for too long. */
  refuse(refusal: Refusal): void;
  /** The client has left. */
  abandon(): void;
  /** The deadline that it had set has passed. */
  expire(): void;
  /** What was written has gone out to the client. */
  clientDrained(): void;
}

/** Where the bytes of an answer go: a connection, or one stream of it. */
export interface Channel {
  /** More waits to be written than is good: stop its source until `clientDrained`. */
  readonly congested: boolean;
  /** Bytes that nobody has taken yet. */
  readonly unwritten: number;
  /** What is known of the client since the handshake; undefined without TLS. */
  readonly secured: Secured | undefined;
  /** Lets the client wait with more of its request. */
  pause(): void;
  /** Has the kernel look now and then whether the client is still there: for answers that may be silent. */
  watch(): void;
  /** Runs what others than the client have called, such as a disk: a bug costs this channel and no more. */
  guard(action: () => void): void;
}

/** One answer on its way to the client, in the framing of the client's protocol. */
export interface Answer {
  readonly status: number;
  /** Of the body, as the client gets it. */
  readonly bytes: number;
  /** The end of the connection is the end of the body: if the body breaks off, only an RST can tell. */
  readonly endsByClose: boolean;
  /** The head goes out with the first call. `trailers`: with the last, where the protocol has them. */
  write(buffer: Buffer, from: number, to: number, done: boolean, trailers?: Fields): void;
}

/** What a request needs of the connection that it came on. */
export interface ClientSide {
  readonly channel: Channel;
  readonly edge: Edge;
  /** Of the peer. */
  readonly ip: string;
  /** When the head does not say it. */
  readonly protocol?: 'HTTP/2.0' | undefined;
  /** Of the exchange, in the sweeper's time; 0 = none. */
  deadline: number;
  client(head: RequestHead): Client;
  readonly requests: RequestWriter;
  /** Reads on, after the channel was paused. */
  resumeReading(): void;
  /** A 1xx answer other than 101; the answer proper is still to come. */
  interim(request: RequestHead, head: ResponseHead): void;
  /**
   * Begins the answer. `keep`: the client may use the connection again if the framing allows it. `extra`: more field lines,
   * each with its CRLF.
   */
  answer(request: RequestHead, head: ResponseHead, keep: boolean, extra: string): Answer;
  /** The answer is written. `keep`: the connection may carry another request. */
  finished(keep: boolean): void;
  /** Answers in the edge's own words and finishes. `html`: in place of the edge's own page, its bytes as latin1. */
  answerLocally(
    status: number,
    message: string,
    head: RequestHead,
    keep: boolean,
    extra: string,
    html?: string,
  ): void;
  /** The answer broke off: the client must see that. `reset`: only an RST can tell. */
  cutOff(reset: boolean): void;
  /** The connection is a WebSocket now, as this 101 says; there may be first bytes from the app. */
  switched(
    head: ResponseHead,
    upstream: Upstream,
    target: Target,
    traffic: SiteTraffic,
    buffer: Buffer,
    from: number,
    to: number,
  ): void;
}
