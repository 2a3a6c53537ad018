/**
 * What the edge does for a site besides passing requests on to apps. Part of the Plan (complete, no optionals) and of the
 * edge's table, as it is. Paths of files are absolute.
 */
export interface SiteContent {
  /** Compress answers that are text. */
  readonly compress: boolean;
  readonly headers: AnswerHeaders;
  /** The most particular first. */
  readonly redirects: readonly RedirectRule[];
  readonly rewrites: readonly PathRule[];
  /** Name and password, as a browser asks for them (RFC 7617); null = nobody is asked. */
  readonly auth: SiteAuth | null;
  /** IPs and networks (CIDR) of clients; empty = all. */
  readonly allow: readonly string[];
  /** Goes before `allow`. */
  readonly deny: readonly string[];
  /** null = the site is open. */
  readonly maintenance: SiteMaintenance | null;
  /** By status: the HTML file for answers of the edge itself. */
  readonly errorPages: Readonly<Record<string, string>>;
  /** Give each request a number in X-Request-Id. */
  readonly requestId: boolean;
}

/** Names as they are to be written. */
export interface AnswerHeaders {
  /** Replaces what the app says. */
  readonly set: Readonly<Record<string, string>>;
  /** Only where the app says nothing of that name. */
  readonly fallback: Readonly<Record<string, string>>;
  readonly remove: readonly string[];
}

export interface PathRule {
  /** Canonical. With `below` it ends in `/`, and is for all paths below it, and for itself without the slash. */
  readonly from: string;
  readonly below: boolean;
  /** Where to; what came below `from` is added to it when the rule is `below`, and so is this. */
  readonly to: string;
  readonly toBelow: boolean;
}

export interface RedirectRule extends PathRule {
  readonly status: 301 | 302 | 303 | 307 | 308;
}

export interface SiteAuth {
  readonly realm: string;
  /** Name -> what `hold hash-password` prints. */
  readonly users: Readonly<Record<string, string>>;
}

export interface SiteMaintenance {
  /** An HTML file; null = a page of our own. */
  readonly page: string | null;
  /** IPs and networks (CIDR) of those for whom the site stays open. */
  readonly allow: readonly string[];
}

/** Files of a directory, under a route. */
export interface FilesRoute {
  readonly root: string;
  /** The file that stands for its directory; null = none does. */
  readonly index: string | null;
  /** Pages that are not there are answered with the index of the root. */
  readonly spa: boolean;
  /** Of Cache-Control. */
  readonly cacheControl: string;
}
