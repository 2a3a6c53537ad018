/**
 * What goes over the edges, as numbers. Counts only grow, as those of Prometheus do; what is open is as it is now. Names come from
 * the table and nowhere else, so that no client can make there be more of them.
 */

/** Upper ends, in ms, of the classes that durations are counted in; one more class is for all that took longer. */
export const DURATION_CLASSES_MS: readonly number[] = [
  0.5, 1, 2, 3, 5, 7.5, 10, 15, 20, 30, 50, 75, 100, 150, 200, 300, 500, 750, 1_000, 1_250, 1_500, 2_000,
  2_500, 3_000, 4_000, 5_000, 6_000, 7_500, 10_000, 12_500, 15_000, 20_000, 30_000, 60_000,
];

export interface Counts {
  readonly requests: number;
  /** Of those, by the class of their answer: 1xx (WebSockets), 2xx, 3xx, 4xx (499: the client left), 5xx. */
  readonly status: readonly number[];
  /** By DURATION_CLASSES_MS, and in ms together, each class by itself. Of a WebSocket: until it was open. */
  readonly durations: readonly number[];
  readonly durationsMs: readonly number[];
}

/** From the first byte of a request to the last of its answer. */
export interface RouteCounts extends Counts {
  /** Of bodies. */
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** Times that an app began to answer, and how long that took from when it had the request. */
  readonly upstreamAnswers: number;
  readonly upstreamMs: number;
  /** Times that a request was sent again, to this or another instance. */
  readonly retries: number;
  /** Requests that came by HTTP/2. */
  readonly http2: number;
  /** Answered from what was kept, and asked for because it was not. */
  readonly cacheHits: number;
  readonly cacheMisses: number;
}

/** From when an instance had a request until it began to answer. */
export interface InstanceCounts extends Counts {
  /** Requests that it got and did not answer: it could not be reached, broke off, or was too slow. */
  readonly failures: number;
  /** Times that it was left out for failing. */
  readonly ejections: number;
}

export interface RouteTraffic {
  /** As in the table. */
  readonly site: string;
  /** Its prefix; empty: there was none for the request, or it did not come so far. */
  readonly route: string;
  /** The app, or the server as `host:port`; empty: files, or an answer of the edge's own. */
  readonly app: string;
  readonly counts: RouteCounts;
}

export interface InstanceTraffic {
  readonly app: string;
  /** Such as `web.0`; what replaces it goes on with its counts. */
  readonly instance: string;
  readonly counts: InstanceCounts;
  readonly openRequests: number;
  readonly openWebSockets: number;
  /** It is left out now. */
  readonly ejected: boolean;
}

export interface SiteTraffic {
  /** Begun, whatever has become of them. */
  readonly requests: number;
  readonly errors5xx: number;
  readonly openRequests: number;
  readonly openWebSockets: number;
}

/** Of one edge process, or of all. */
export interface EdgeCounts {
  /** That became one of HTTP, and those of them that spoke HTTP/2. */
  readonly connections: number;
  readonly http2Connections: number;
  /** Done, and come to nothing. */
  readonly tlsHandshakes: number;
  readonly tlsRefusals: number;
  /** What was no request, and connections that were turned away. */
  readonly refused: number;
}

/** What has changed, each since the edge started. */
export interface TrafficReport {
  /** By host, as in the table. */
  readonly sites: Readonly<Record<string, SiteTraffic>>;
  readonly routes: readonly RouteTraffic[];
  readonly instances: readonly InstanceTraffic[];
  readonly edge: EdgeCounts;
  readonly openConnections: number;
  /** All of it, because whoever listens may be new: it is not what happened just now. */
  readonly again: boolean;
}
