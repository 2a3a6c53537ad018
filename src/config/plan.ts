/**
 * The Plan: a configuration after loading. Complete (no optionals), units resolved (ms, bytes), paths absolute,
 * plain JSON. It is what the CLI sends to the daemon, what the daemon keeps on disk as desired state, and what
 * the exporters read.
 */

export interface Plan {
  /** Absolute path of the file that it came from. */
  readonly source: string | null;
  readonly apps: Readonly<Record<string, AppPlan>>;
  /** By host name; the empty record means that no edge is wanted. */
  readonly sites: Readonly<Record<string, SitePlan>>;
  readonly edge: EdgePlan;
}

export interface AppPlan {
  readonly name: string;
  readonly command: Command;
  /** Absolute. */
  readonly cwd: string;
  readonly instances: number;
  /** What the config, its env file or `-e` set. Part of the comparison that `up` makes. */
  readonly env: Readonly<Record<string, string>>;
  /**
   * The environment underneath `env`, taken from the shell that ran the command (`start`: all of it, `up`: PATH,
   * HOME, locale and what `passEnv` names). Not compared by `up`, so that another shell is not a change.
   */
  readonly baseEnv: Readonly<Record<string, string>>;
  /** The port that the app is known by; null = whatever it listens on. */
  readonly port: number | null;
  /** Preload the guest into a Node program. */
  readonly guest: boolean;
  /** `listen`: ready when it listens. `started`: ready when the process runs. `auto`: `listen` when it has a port or a route, else `started`. */
  readonly ready: 'auto' | 'listen' | 'started';
  readonly readyTimeoutMs: number;
  readonly stop: { readonly signal: NodeJS.Signals; readonly timeoutMs: number };
  /** How long requests and WebSockets of an instance that is being replaced may go on. */
  readonly drainMs: number;
  readonly restart: RestartPlan;
  readonly sticky: Sticky;
  /** How long a request may wait while no instance is ready, and how many may. */
  readonly hold: { readonly timeoutMs: number; readonly maxWaiting: number };
  readonly log: LogPlan;
}

/** A program and its arguments, never a shell line. */
export interface Command {
  /** Absolute path, or a name to be looked up in PATH. For `node: true` it is the script. */
  readonly file: string;
  /** May hold `$PORT`, which is replaced when the instance starts. */
  readonly args: readonly string[];
  /** Run `file` with this machine's Node, with the guest if the plan says so. */
  readonly node: boolean;
  /** Options for node itself, before the script. */
  readonly nodeArgs: readonly string[];
}

export interface RestartPlan {
  readonly backoffMinMs: number;
  readonly backoffMaxMs: number;
  /** Flap detection by rate: this many crashes within this time end in `failed`. */
  readonly giveUp: { readonly crashes: number; readonly withinMs: number };
}

export type Sticky = 'none' | 'auto' | 'cookie' | 'ip';

export interface LogPlan {
  /** Rotate when the file reaches this size. */
  readonly rotateBytes: number;
  /** Rotated files to keep. */
  readonly keep: number;
  /** Cap over the current and all rotated files. */
  readonly totalBytes: number;
  readonly compress: boolean;
}

export interface SitePlan {
  /** `example.com`, `*.example.com`, or `*` for every host that no other site names. */
  readonly host: string;
  readonly routes: readonly RoutePlan[];
}

export interface RoutePlan {
  /** Canonical path prefix, starting with `/`. A prefix that ends in `/` also matches itself without the slash. */
  readonly prefix: string;
  readonly to:
    | { readonly kind: 'app'; readonly app: string }
    | { readonly kind: 'upstream'; readonly host: string; readonly port: number };
}

export interface EdgePlan {
  readonly processes: number;
  /** Where the edge listens for plain HTTP. */
  readonly http: ListenPlan;
  /** What a request for a host that no site names gets. */
  readonly unknownHost: 404 | 421;
  /** Peers (IP or CIDR) whose forwarded headers are believed. */
  readonly trust: readonly string[];
  readonly limits: EdgeLimits;
  /** Write one line per request to the edge's log. */
  readonly accessLog: boolean;
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
}
