/**
 * The Plan: a configuration after loading. Complete (no optionals), units resolved (ms, bytes), paths absolute,
 * plain JSON. It is what the CLI sends to the daemon, what the daemon keeps on disk as desired state, and what
 * the exporters read.
 */

import type { NotifyRules } from '../protocol/notify-rules.ts';
import type { DeployTarget, ReleaseRules } from '../protocol/release-rules.ts';
import type { FilesRoute, SiteContent } from '../protocol/site-content.ts';
import type {
  AccessLogRules,
  CacheRules,
  CheckRules,
  Http2Rules,
  LoadRules,
  UpstreamRules,
} from '../protocol/traffic-rules.ts';

export interface Plan {
  /** Absolute path of the file that it came from. */
  readonly source: string | null;
  readonly apps: Readonly<Record<string, AppPlan>>;
  /** By host name; the empty record means that no edge is wanted. */
  readonly sites: Readonly<Record<string, SitePlan>>;
  readonly edge: EdgePlan;
  /** Cap over all logs of the home; null = as it is. */
  readonly logsTotalBytes: number | null;
  /** Where the apps of this file may connect to; null = anywhere, by themselves. */
  readonly egress: EgressPlan | null;
  /** Under this name its releases and variables are kept. */
  readonly project: string;
  readonly release: ReleaseRules;
  /** By the name that `hold deploy` takes. */
  readonly deploy: Readonly<Record<string, DeployTarget>>;
  /** The server that stands in the place of the edge; null = the edge. */
  readonly front: FrontPlan | null;
  /** Who is told of what happens. */
  readonly notify: readonly NotifyRules[];
}

export type FrontServer = 'nginx' | 'apache' | 'haproxy' | 'caddy';

export interface FrontPlan {
  readonly server: FrontServer;
  /** Of a server that Holdfast does not run: the one file that it reads of us. Null = Holdfast runs one of its own. */
  readonly file: string | null;
  /** Argument lists for the server of `file`; null = the usual ones. */
  readonly check: readonly string[] | null;
  readonly reload: readonly string[] | null;
}

export interface EgressPlan {
  /** Allow everything, and count it. */
  readonly observe: boolean;
  /** What all apps may reach, and by name what one of them may besides. */
  readonly allow: readonly EgressRule[];
  readonly apps: Readonly<Record<string, readonly EgressRule[]>>;
  /** Of the proxy, on this machine only; null = any that is free. State of older versions has none. */
  readonly port?: number | null;
  /** A unix socket at which it is, too: its absolute path; true = in the home. State of older versions has none. */
  readonly socket?: string | true | null;
}

/** `port: null` = every port. A host is `example.com`, `*.example.com` (what is below it) or `*`; names in lower case. */
export type EgressRule =
  | { readonly kind: 'host'; readonly host: string; readonly port: number | null }
  | {
      readonly kind: 'network';
      readonly address: string;
      readonly bits: number;
      readonly port: number | null;
    };

export interface AppPlan {
  readonly name: string;
  /** What its variables are kept under; null = it came from no file. Makes no difference to what runs. */
  readonly project: string | null;
  /** The id of the release that it belongs to; null = it runs from where its file is. */
  readonly release: string | null;
  /** It listens on a socket of its own, where only Holdfast reaches it: the trial of a release. */
  readonly apart: boolean;
  /** The Node that runs it, and where that is; null = Holdfast's own. */
  readonly node: NodePlan | null;
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
  /** Variable -> absolute path of a file whose content, without the last line end, is its value. Read at each start, kept nowhere. */
  readonly secrets: Readonly<Record<string, string>>;
  /** A name for several apps, which commands take like the name of an app. */
  readonly namespace: string | null;
  /** Apps that must be ready before this one is started, and that are stopped after it. */
  readonly after: readonly string[];
  /** false: `up` adds it stopped, until a person starts it. */
  readonly autostart: boolean;
  /** The port that the app is known by; null = whatever it listens on. */
  readonly port: number | null;
  /** What is added to `port` for each slot: 0 = all share one port. */
  readonly portStep: number;
  /** Preload the guest into a Node program. */
  readonly guest: boolean;
  /** Whether the program can be written to (`hold send`); otherwise its stdin is empty. */
  readonly stdin: boolean;
  readonly ready: ReadyPlan;
  readonly readyTimeoutMs: number;
  /** How a ready instance proves that it is well; null: by running. */
  readonly health: HealthPlan | null;
  /** An instance whose event loop is blocked for longer is replaced; null: never. */
  readonly watchdogMs: number | null;
  readonly stop: StopPlan;
  /** How long requests and WebSockets of an instance that is being replaced may go on. */
  readonly drainMs: number;
  readonly restart: RestartPlan;
  /** It is a job: it is started by the clock, not at once; null: it runs all the time. */
  readonly job: JobPlan | null;
  readonly watch: WatchPlan | null;
  readonly memory: MemoryPlan;
  readonly rights: RightsPlan;
  /** Absolute path of a file that holds the pid of the instance; with several instances `-<slot>` comes before its extension. */
  readonly pidFile: string | null;
  readonly sticky: Sticky;
  /** How long a request may wait while no instance is ready, and how many may. */
  readonly hold: { readonly timeoutMs: number; readonly maxWaiting: number };
  /** How the edge sends requests to it. */
  readonly upstream: UpstreamRules;
  readonly log: LogPlan;
}

export interface NodePlan {
  /** As the configuration wants it: `24`, `24.5.0`, `>=22`. */
  readonly wanted: string;
  /** The exact version and the absolute path of the program, once it is there. */
  readonly found: { readonly version: string; readonly path: string } | null;
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

/**
 * When an instance is ready. `listen`: when it listens. `started`: when the process runs. `auto`: `listen` when it has a port
 * or a route, else `started`. `message`: when it calls `process.send('ready')`. `notify`: when it sends READY=1 to
 * NOTIFY_SOCKET, see sd_notify(3). `probe`: when the probe succeeds.
 */
export type ReadyPlan =
  | { readonly by: 'auto' | 'listen' | 'started' | 'message' | 'notify' }
  | { readonly by: 'probe'; readonly probe: Probe };

/** `port: null` = where the instance listens. A command succeeds with exit code 0; it runs with the env, cwd and user of the app. */
export type Probe =
  | { readonly kind: 'http'; readonly path: string; readonly port: number | null }
  | { readonly kind: 'tcp'; readonly port: number | null }
  | { readonly kind: 'command'; readonly args: readonly string[] };

export interface HealthPlan {
  readonly probe: Probe;
  readonly everyMs: number;
  readonly timeoutMs: number;
  /** Failures in a row after which the instance is replaced. */
  readonly failures: number;
}

export interface StopPlan {
  readonly signal: NodeJS.Signals;
  readonly timeoutMs: number;
  /** Instead of the signal, the app gets the IPC message `shutdown` (`process.on('message', …)`). */
  readonly message: boolean;
  /** `tree`: everything that it started ends with it. `process`: only the process itself is signalled, and its children are left alone. */
  readonly ends: 'tree' | 'process';
}

export interface RestartPlan {
  /** After an exit that nobody asked for: always, only when it was a failure (code other than 0, or a signal), or never. */
  readonly when: 'always' | 'on-failure' | 'never';
  /** Exit codes that mean "I am done": not started again, whatever `when` says. */
  readonly stopCodes: readonly number[];
  /** Restarts after an exit, since a person started it; null = no limit. */
  readonly max: number | null;
  /** One that lived this long was well: its crash counts as a first one. */
  readonly minUptimeMs: number;
  /** What an exit before `minUptimeMs` means: `retry` by backoff, or `give-up` at once. */
  readonly early: 'retry' | 'give-up';
  /** Pause before every restart, also the first one. */
  readonly delayMs: number;
  readonly backoffMinMs: number;
  readonly backoffMaxMs: number;
  /** Flap detection by rate: this many crashes within this time end in `failed`. */
  readonly giveUp: { readonly crashes: number; readonly withinMs: number };
  /** Replace all instances, one after the other, by the clock. */
  readonly at: CronPlan | null;
}

export interface CronPlan {
  /** Five fields, or six with seconds first. */
  readonly expression: string;
  /** IANA name; null = this machine's. */
  readonly timezone: string | null;
}

export interface JobPlan extends CronPlan {
  /** What to do at the start of the daemon when a run was missed meanwhile. A run that is due while the last one still runs is always skipped. */
  readonly missed: 'skip' | 'run';
  /** A run that takes longer is ended, and counts as failed; null = no limit. */
  readonly timeoutMs: number | null;
}

export interface WatchPlan {
  /** Absolute. */
  readonly paths: readonly string[];
  /** Globs, relative to the cwd, besides node_modules, .git, logs and editors' files. */
  readonly ignore: readonly string[];
  /** Only files with these extensions, without the dot; empty = all. */
  readonly extensions: readonly string[];
  /** Quiet time after the last change. */
  readonly debounceMs: number;
}

export interface MemoryPlan {
  /** Resident memory of the whole process tree at which an instance is replaced by a new one, without a gap. */
  readonly softBytes: number | null;
  /** cgroup v2 `memory.max`: the kernel ends what wants more. */
  readonly hardBytes: number | null;
}

/** What a process may do and use; null = as the daemon itself. */
export interface RightsPlan {
  /** Name or number. */
  readonly user: string | null;
  /** Name or number; null = the primary group of `user`. */
  readonly group: string | null;
  readonly umask: number | null;
  /** -20 (first) to 19 (last), see nice(1). */
  readonly nice: number | null;
  /** -1000 (never) to 1000 (first), see proc(5) oom_score_adj. */
  readonly oomScore: number | null;
  /** By the names of prlimit(1) without dashes, such as `nofile`, `core`. */
  readonly ulimits: Readonly<Record<string, number | 'unlimited'>>;
  /** Cores; cgroup v2 `cpu.max`. */
  readonly cpu: number | null;
  /** cgroup v2 `pids.max`. */
  readonly pids: number | null;
  /** Node's permission model; null = off. */
  readonly permissions: PermissionsPlan | null;
}

/** Everything that is not named is denied, see "Permissions" in Node's manual. The app's own directory may always be read. */
export interface PermissionsPlan {
  /** Absolute paths, `*` at the end for everything below. */
  readonly fsRead: readonly string[];
  readonly fsWrite: readonly string[];
  readonly net: boolean;
  readonly childProcess: boolean;
  readonly worker: boolean;
  readonly addons: boolean;
}

export type Sticky = 'none' | 'auto' | 'cookie' | 'ip';

export interface LogPlan {
  /** Rotate when the file reaches this size. */
  readonly rotateBytes: number;
  /** Rotate also at the beginning of each hour or day, local time. */
  readonly rotateEvery: 'hour' | 'day' | null;
  /** Rotated files to keep. */
  readonly keep: number;
  /** Cap over the current and all rotated files. */
  readonly totalBytes: number;
  readonly compress: boolean;
  /** `json`: lines that are JSON of pino or bunyan are understood: time, level and message come from them. */
  readonly format: 'text' | 'json';
  /** A program that writes faster than the disk takes: `wait` slows it, `drop` loses lines and counts them. */
  readonly overflow: 'wait' | 'drop';
  /** Plain files, besides the log, with the lines as they were written. */
  readonly files: LogFilesPlan;
  readonly forward: readonly ForwardPlan[];
}

/** Absolute paths. With several instances and `merge: false`, `-<slot>` comes before the extension. They are opened anew by `hold logs --reopen`. */
export interface LogFilesPlan {
  /** stdout and stderr. */
  readonly all: string | null;
  readonly out: string | null;
  readonly err: string | null;
  /** false: what is in them is removed when the app is started by a person; restarts always append. */
  readonly append: boolean;
  readonly merge: boolean;
  /** Put the time before each line: a format of dayjs's tokens such as `YYYY-MM-DD HH:mm:ss`, `iso`, or null for none. */
  readonly time: string | null;
  /** `json`: each line becomes an object as PM2 writes it: message, timestamp, type, process_id, app_name. */
  readonly style: 'raw' | 'json';
}

export type ForwardPlan =
  /** RFC 5424, over UDP (RFC 5426), TCP with octet counting (RFC 6587), or a unix datagram socket such as /dev/log. */
  | { readonly kind: 'syslog'; readonly url: string }
  /** OTLP/HTTP JSON logs, or with `kind: 'http'` NDJSON by POST. Header values may come from secrets: `file:/path`. */
  | {
      readonly kind: 'otlp' | 'http';
      readonly url: string;
      readonly headers: Readonly<Record<string, string>>;
    };

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
