import type { Edge } from './edge.ts';
import type { Client } from './forwarded.ts';
import type { RequestWriter } from './headers.ts';
import type { RequestHead } from './http1/request-head.ts';
import type { Target } from './target.ts';
import type { SiteTraffic } from './traffic.ts';
import type { Upstream } from './upstream.ts';
import type { Wire } from './wire.ts';

/** What a request needs of the connection that it came on. */
export interface ClientSide {
  readonly wire: Wire;
  readonly edge: Edge;
  /** Of the exchange, in the sweeper's time; 0 = none. */
  deadline: number;
  client(head: RequestHead): Client;
  readonly requests: RequestWriter;
  /** Reads on, after the exchange had paused the wire. */
  resumeReading(): void;
  /** The answer is written. `keep`: the connection may carry another request. */
  finished(keep: boolean): void;
  /** Answers in the edge's own words and finishes. */
  answerLocally(status: number, message: string, head: RequestHead, keep: boolean, extra: string): void;
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
