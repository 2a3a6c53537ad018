/**
 * How requests are limited, spread, tried again, kept and written down. Parts of the Plan (complete, no optionals) and of the
 * edge's table, as they are. Times in ms, sizes in bytes.
 */

/** At most `requests` in `perMs`, and `burst` at once, of each client that `by` tells apart. */
export interface RateRule {
  readonly requests: number;
  readonly perMs: number;
  readonly burst: number;
  /** `ip`: of the client, after trust (IPv6: its /64). A request without that header or cookie counts by its IP. `all`: together. */
  readonly by:
    | { readonly kind: 'ip' | 'all' }
    | { readonly kind: 'header' | 'cookie'; readonly name: string };
}

/** What may come to one site, or to one of its routes. */
export interface LoadRules {
  /** Largest request body; null = as the edge says, 0 = no limit. */
  readonly bodyBytes: number | null;
  readonly rates: readonly RateRule[];
}

/** How requests go to the instances of one app, or to another server. */
export interface UpstreamRules {
  /** What it speaks: h2c is HTTP/2 without TLS, by prior knowledge, as gRPC servers do. */
  readonly protocol: 'http/1.1' | 'h2c';
  /**
   * Requests that it may have at a time over all instances and per edge process; more wait, and then get 503. null = any number.
   * A WebSocket leaves its place as soon as it is open; a stream of events keeps its own to the end.
   */
  readonly inFlight: { readonly max: number; readonly maxWaiting: number; readonly timeoutMs: number } | null;
  /** Leave out instances that fail again and again, for a while. null = never. */
  readonly outliers: OutlierRules | null;
  /** For so long a new instance gets less than its share, rising to it. 0 = all at once. */
  readonly slowStartMs: number;
  readonly retries: RetryRules;
}

/** A circuit for each instance. */
export interface OutlierRules {
  /** Failures in a row (no connection, a broken answer, none in time, 502, 503, 504) that open it. */
  readonly failures: number;
  /** The first time it stays out for so long, each time twice as long, up to `maxEjectMs`; then one request tries it. */
  readonly ejectMs: number;
  readonly maxEjectMs: number;
  /** No more than this part of the instances (0 to 1) is out at a time, and never the last. */
  readonly maxShare: number;
}

/**
 * Requests are sent again at most so often: the budget fills with `share` of each request, and `perSecond` on its own. An attempt that
 * reached no app costs nothing, nor does asking around where a session of Engine.IO lives.
 */
export interface RetryRules {
  readonly share: number;
  readonly perSecond: number;
}

/** How the edge itself finds out whether a server that it does not supervise is well. */
export interface CheckRules {
  readonly path: string;
  readonly everyMs: number;
  readonly timeoutMs: number;
  /** In a row, to take it out, and back in. */
  readonly failures: number;
  readonly successes: number;
}

/** Keep answers that may be kept (RFC 9111), in memory. */
export interface CacheRules {
  readonly totalBytes: number;
  readonly entryBytes: number;
}

export interface Http2Rules {
  /** Offer it to clients with TLS. */
  readonly tls: boolean;
  /** Understand it without TLS, from clients that begin with it (RFC 9113 section 3.3). */
  readonly cleartext: boolean;
  /** WebSockets over it (RFC 8441). */
  readonly webSockets: boolean;
  /** Of one connection at a time. */
  readonly maxStreams: number;
}

/** A line for each request in the edge's log. */
export interface AccessLogRules {
  /** `short`: ours; `combined`: as Apache and nginx; `json`: an object. */
  readonly format: 'short' | 'combined' | 'json';
  /** Of `json`, in this order; empty = all that there are by default. */
  readonly fields: readonly string[];
  /** 0 to 1: that part of the requests; those that end with 5xx are always written. */
  readonly sample: number;
}

/** Requests of a paused site wait, this long and this many; then they get 503. */
export interface PauseRules {
  readonly timeoutMs: number;
  readonly maxWaiting: number;
}
