/**
 * The whole routing table of an edge, sent as one snapshot and swapped in one assignment.
 *
 * A target goes through `ready` -> `draining` (no new requests, except of sessions that live there) -> `closing` (no
 * new requests at all, WebSockets are closed with 1012, requests may finish) -> absent (what is left is cut). The edge says `retired` when nothing of it is left.
 */
import type { EdgeLimits, ListenPlan, Sticky } from '../config/plan.ts';
import type { FilesRoute, SiteContent } from './site-content.ts';
import type {
  AccessLogRules,
  CacheRules,
  CheckRules,
  Http2Rules,
  LoadRules,
  PauseRules,
  UpstreamRules,
} from './traffic-rules.ts';

export interface EdgeTable {
  readonly version: number;
  readonly sites: readonly EdgeSite[];
  readonly pools: Readonly<Record<string, EdgePool>>;
  readonly unknownHost: 404 | 421;
  readonly trust: readonly string[];
  readonly limits: EdgeLimits;
  /** null = none is written. */
  readonly accessLog: AccessLogRules | null;
  readonly http2: Http2Rules;
  /** Connections begin with a PROXY header, of a peer in `trust`. */
  readonly proxyProtocol: boolean;
}

export interface EdgeSite {
  /** `example.com`, `*.example.com` (one or more labels), or `*`. Lower case, no port. */
  readonly host: string;
  /** Matched by the longest prefix. */
  readonly routes: readonly EdgeRoute[];
  /** Left out: the site is served without TLS. */
  readonly tls?: EdgeSiteTls;
  /** Left out: requests are passed on to apps, and no more. A site with files, a cache, rates, copies or a pause has it. */
  readonly content?: SiteContent;
  /** Left out: no other than those of the edge. */
  readonly load?: LoadRules;
  readonly cache?: CacheRules;
  readonly paused?: PauseRules;
  /** Left out: its requests are written down like all others. */
  readonly unlogged?: true;
}

export type EdgeRoute = (
  | { readonly prefix: string; readonly pool: string }
  | { readonly prefix: string; readonly files: FilesRoute }
  | { readonly prefix: string; readonly split: EdgeSplit }
) & {
  readonly load?: LoadRules;
  /** Answers may come from what is kept; the place for it is the site's. Left out: as the site says. */
  readonly cache?: boolean;
  /** A copy of each request, or of this part (0 to 1), goes there too; its answers go nowhere. */
  readonly mirror?: { readonly pool: string; readonly share: number };
};

/** Requests are spread over several pools by weight. */
export interface EdgeSplit {
  readonly parts: readonly { readonly pool: string; readonly weight: number }[];
  /** A client that was at one of them comes back to it, by a cookie. */
  readonly sticky: boolean;
}

/** What requests of a site with TLS get and need. */
export interface EdgeSiteTls {
  /** Requests that came without TLS are sent to https. */
  readonly redirect: boolean;
  /** Of Strict-Transport-Security (RFC 6797); null = not sent. */
  readonly hstsSeconds: number | null;
  /** Clients show a certificate, or may; null = they are not asked. */
  readonly clients: 'required' | 'asked' | null;
}

/**
 * What handshakes are answered with. Not in the table because there are keys in it, and because it seldom changes: it is sent
 * before the first table, and before one that relies on what is new in it.
 */
export interface EdgeTls {
  /** The door that speaks TLS. */
  readonly listen: ListenPlan;
  readonly certificates: readonly EdgeCertificate[];
  /** By the host of a site: the certificates (PEM) that its clients' are signed by. */
  readonly clientAuthorities: Readonly<Record<string, string>>;
  /** 48 bytes, base64: sessions can be resumed at every edge that has the same. */
  readonly ticketKeys: string;
  readonly challenges: {
    /** ACME HTTP-01: token -> what is answered. */
    readonly http: Readonly<Record<string, string>>;
    /** ACME TLS-ALPN-01. */
    readonly alpn: readonly EdgeCertificate[];
  };
}

export interface EdgeCertificate {
  /** Hosts of sites, as in EdgeSite. */
  readonly names: readonly string[];
  readonly certPem: string;
  readonly keyPem: string;
  /** What its authority says of it (RFC 6960, DER in base64), and until when clients believe that (ms since the epoch). */
  readonly ocsp?: { readonly response: string; readonly until: number };
}

export interface EdgePool {
  readonly sticky: Sticky;
  readonly targets: readonly EdgeTarget[];
  /** While no target is ready, requests wait this long, and this many of them. */
  readonly hold: { readonly timeoutMs: number; readonly maxWaiting: number };
  readonly rules: UpstreamRules;
  /** Of a server that nobody supervises. */
  readonly check?: CheckRules;
}

export interface EdgeTarget {
  /** Unique over restarts, such as `web.0#3`; for external upstreams `host:port`. */
  readonly id: string;
  readonly address: { readonly path: string } | { readonly host: string; readonly port: number };
  /** The guest is inside: tell it who the client is (`CLIENT_FIELD`). */
  readonly guest: boolean;
  readonly state: 'ready' | 'draining' | 'closing';
  /** Connect with TLS, and verify who that is. `ca`: certificates (PEM) besides those that Node trusts. */
  readonly tls?: { readonly serverName: string; readonly ca?: string };
  /** Begin each connection with a PROXY header that names the client; it is not used for another one then. */
  readonly proxyProtocol?: 'v1' | 'v2';
}

/**
 * The field in which the edge tells the guest who the client of a request is; always the first field of the head, and
 * removed by the guest: `<ip> <port> <http|https>`. A field of this name from a client is dropped.
 */
export const CLIENT_FIELD = 'X-Holdfast-Client';
