import type { Edge } from './edge.ts';
import type { Client } from './forwarded.ts';
import type { RequestWriter } from './headers.ts';
import type { Refusal } from './http1/refusal.ts';
import type { RequestHead } from './http1/request-head.ts';
import type { Target } from './target.ts';
import type { SiteTraffic } from './traffic.ts';
import type { Upstream } from './upstream.ts';
import type { Wire } from './wire.ts';

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

/** What a request needs of the connection that it came on. */
export interface ClientSide {
  readonly wire: Wire;
  readonly edge: Edge;
  /** Of the peer. */
  readonly ip: string;
  /** Of the exchange, in the sweeper's time; 0 = none. */
  deadline: number;
  client(head: RequestHead): Client;
  readonly requests: RequestWriter;
  /** Reads on, after the exchange had paused the wire. */
  resumeReading(): void;
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
  /** The connection is a WebSocket now; there may be first bytes from the app. */
  switched(
    upstream: Upstream,
    target: Target,
    traffic: SiteTraffic,
    buffer: Buffer,
    from: number,
    to: number,
  ): void;
}
