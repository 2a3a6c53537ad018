/** Sites and the edge in the Plan, complete: where requests come in, and where they go. See plan.ts. */

import type { FilesRoute, SiteContent } from '../protocol/site-content.ts';
import type {
  AccessLogRules,
  CacheRules,
  CheckRules,
  Http2Rules,
  LoadRules,
  UpstreamRules,
} from '../protocol/traffic-rules.ts';

export interface SitePlan {
  /** `example.com`, `*.example.com`, or `*` for every host that no other site names. */
  readonly host: string;
  readonly routes: readonly RoutePlan[];
  /** null = without TLS. */
  readonly tls: SiteTlsPlan | null;
  /** null = requests are passed on, and no more. */
  readonly content: SiteContent | null;
  readonly load: LoadRules | null;
  readonly cache: CacheRules | null;
  /** Write its requests down, if any are. */
  readonly accessLog: boolean;
}

export interface SiteTlsPlan {
  readonly certificate: CertificatePlan;
  /** Ask clients for a certificate that is signed by one of `ca` (absolute path); `require`: none, no answer. */
  readonly clients: { readonly ca: string; readonly require: boolean } | null;
  /** Send requests that come without TLS to https. */
  readonly redirect: boolean;
  /** Of Strict-Transport-Security; null = not sent. */
  readonly hstsSeconds: number | null;
}

export type CertificatePlan =
  /** Absolute paths of PEM files. `ca`: the certificates between this one and the root, when they are not in `cert`. */
  | { readonly from: 'files'; readonly cert: string; readonly key: string; readonly ca: string | null }
  /** It comes by itself, see `EdgePlan.acme`. */
  | { readonly from: 'acme' };

export interface RoutePlan {
  /** Canonical path prefix, starting with `/`. A prefix that ends in `/` also matches itself without the slash. */
  readonly prefix: string;
  readonly to:
    | Destination
    | { readonly kind: 'files'; readonly files: FilesRoute }
    | { readonly kind: 'split'; readonly parts: readonly SplitPart[]; readonly sticky: boolean };
  readonly load: LoadRules | null;
  /** null = as the site says. */
  readonly cache: boolean | null;
  /** Where a copy of each request, or of this part (0 to 1), goes. */
  readonly mirror: { readonly to: Destination; readonly share: number } | null;
}

export interface SplitPart {
  readonly to: Destination;
  readonly weight: number;
}

export type Destination = { readonly kind: 'app'; readonly app: string } | UpstreamPlan;

/** A server that Holdfast does not supervise. */
export interface UpstreamPlan {
  readonly kind: 'upstream';
  /** As written, in canonical form: `http://host:port`, `https://host:port`, `unix:/path`. */
  readonly url: string;
  readonly address: { readonly host: string; readonly port: number } | { readonly path: string };
  /** null = without TLS. `ca`: absolute path of certificates (PEM) besides those that Node trusts. */
  readonly tls: { readonly serverName: string; readonly ca: string | null } | null;
  readonly proxyProtocol: 'v1' | 'v2' | null;
  readonly rules: UpstreamRules;
  readonly check: CheckRules | null;
}

export interface EdgePlan {
  readonly processes: number;
  /** Where the edge listens for plain HTTP. */
  readonly http: ListenPlan;
  /** Where it listens for HTTPS, when there is a site with TLS. */
  readonly https: ListenPlan;
  readonly acme: AcmePlan;
  /** What a request for a host that no site names gets. */
  readonly unknownHost: 404 | 421;
  /** Peers (IP or CIDR) whose forwarded headers are believed. */
  readonly trust: readonly string[];
  readonly limits: EdgeLimits;
  /** How long the WebSockets and requests of an edge that is being replaced may go on. */
  readonly drainMs: number;
  /** null = none. */
  readonly accessLog: AccessLogRules | null;
  readonly http2: Http2Rules;
  /** Connections begin with a PROXY header (of HAProxy, AWS …) from a peer in `trust`; others are refused. */
  readonly proxyProtocol: boolean;
}

/** Of whom certificates are ordered, and how (RFC 8555). */
export interface AcmePlan {
  /** URL of the directory of the certificate authority. */
  readonly directory: string;
  /** Absolute path: certificates (PEM) that the authority's own https is signed by; null = those that Node trusts. */
  readonly directoryCa: string | null;
  readonly email: string | null;
  /** External account binding. `hmac`: base64url, or `file:` and an absolute path. */
  readonly eab: { readonly keyId: string; readonly hmac: string } | null;
  readonly challenge: 'http-01' | 'tls-alpn-01';
}

export interface ListenPlan {
  /** null = all addresses, IPv6 and IPv4. */
  readonly host: string | null;
  readonly port: number;
}

export interface EdgeLimits {
  /** From the first byte of a head, or from the accept, to its end. */
  readonly headTimeoutMs: number;
  /** The longest pause inside a request's body. */
  readonly bodyIdleMs: number;
  /** How long an idle keep-alive connection of a client stays open. */
  readonly keepAliveMs: number;
  /** How long the app may take to begin its answer, and to pause within it; WebSockets and SSE are not limited. */
  readonly upstreamTimeoutMs: number;
  readonly connectionsPerIp: number;
  /** Largest request body; 0 = no limit. */
  readonly bodyBytes: number;
  /** Memory of one edge process above which new requests are turned away; 0 = no limit. */
  readonly memoryBytes: number;
}
