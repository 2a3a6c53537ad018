/** For editors. Generated from schema.ts by scripts/generate-reference.js: edit there. */

/** The configuration of Holdfast. */
export interface HoldfastConfig {
  /** For editors: where the JSON Schema of this file is. */
  readonly $schema?: string | undefined;
  /**
   * The programs to run, by name. A text is short for `{ run }`.
   * @example {"web":"server.js"}
   */
  readonly apps?: Readonly<Record<string, string | AppConfig>> | undefined;
  /**
   * What the edge serves, by host: `example.com`, `*.example.com` for everything below it, `*` for every host that no other site names. Without sites there is no edge, and apps keep their own ports.
   * @example {"example.com":{"routes":{"/":"web"}}}
   */
  readonly sites?: Readonly<Record<string, SiteConfig>> | undefined;
  /** The reverse proxy. It runs when there are sites. */
  readonly edge?: EdgeConfig | undefined;
  /** Where the edge listens. */
  readonly listen?: ListenConfig | undefined;
}

/** One program to run. */
export interface AppConfig {
  /**
   * What to run: a script, a directory with a package.json, or a command. A text is split into words as a shell does, but no shell runs it; a list is taken word by word. Only `$PORT` is replaced.
   * @example "server.js"
   */
  readonly run: string | readonly string[];
  /**
   * More arguments for it.
   * @example ["--verbose"]
   */
  readonly args?: readonly string[] | undefined;
  /**
   * How many processes of it run. `max`: as many as this machine can run in parallel.
   * @default 1
   * @example "max"
   */
  readonly instances?: number | 'max' | undefined;
  /**
   * Its working directory, relative to the configuration file. `run` and `envFile` are relative to this.
   * @default "."
   * @example "api"
   */
  readonly cwd?: string | undefined;
  /**
   * Environment variables. Numbers and booleans become text.
   * @example {"NODE_ENV":"production"}
   */
  readonly env?: Readonly<Record<string, string | number | boolean>> | undefined;
  /**
   * A file with lines of `KEY=VALUE`, or several, of which the later win; `env` wins over all.
   * @example ".env"
   */
  readonly envFile?: string | readonly string[] | undefined;
  /**
   * Variables to take from the shell that runs `hold up`, besides PATH, HOME, USER, LOGNAME, SHELL, LANG, LC_*, TZ and TMPDIR. A change of them alone changes nothing that runs.
   * @example ["AWS_REGION"]
   */
  readonly passEnv?: readonly string[] | undefined;
  /**
   * The port that it listens on; the app finds it in `PORT`. Without it, Holdfast looks what the app listens on.
   * @example 3000
   */
  readonly port?: number | undefined;
  /**
   * Load the guest into a Node program: it holds the port, reports readiness and drains. `false`: nothing is loaded, the app just gets `PORT`.
   * @default true
   */
  readonly guest?: boolean | undefined;
  /**
   * When an instance counts as ready. `listen`: when it listens. `started`: when the process runs. `auto`: `listen` when it has a port or a route, else `started`.
   * @default "auto"
   */
  readonly ready?: 'auto' | 'listen' | 'started' | undefined;
  /**
   * How long an instance may take to get ready.
   * @default "30s"
   */
  readonly readyTimeout?: string | 0 | undefined;
  /** How an instance is stopped. */
  readonly stop?: StopConfig | undefined;
  /**
   * How long requests and WebSockets of an instance that is being replaced may go on; WebSockets that are still open then are closed with code 1012.
   * @default "30s"
   */
  readonly drain?: string | 0 | undefined;
  /** What happens after a crash. */
  readonly restart?: RestartConfig | undefined;
  /**
   * How the edge keeps a client on one instance. `auto`: sessions of Socket.IO and Engine.IO are recognised, everything else goes to the least busy. `cookie`: by a cookie that the edge sets. `ip`: by address.
   * @default "auto"
   */
  readonly sticky?: 'auto' | 'none' | 'cookie' | 'ip' | undefined;
  /**
   * How long a request waits at the edge while no instance is ready, before it gets 503.
   * @default "10s"
   */
  readonly hold?: string | 0 | undefined;
  /**
   * How many requests may wait so.
   * @default 1000
   */
  readonly holdMax?: number | undefined;
  /** The log of its output. */
  readonly log?: LogConfig | undefined;
}

/** What the edge serves under one host. */
export interface SiteConfig {
  /**
   * Where requests go, by path; the longest prefix wins. A prefix covers what is below it: `/api`, like `/api/`, is for `/api` and `/api/x`, not for `/apix`. The path is passed on unchanged.
   * @example {"/":"web","/legacy/":"http://127.0.0.1:3000"}
   */
  readonly routes: Readonly<Record<string, string>>;
}

/** The reverse proxy. It runs when there are sites. */
export interface EdgeConfig {
  /**
   * How many processes the edge has. One serves more than most apps behind it can answer.
   * @default 1
   */
  readonly processes?: number | undefined;
  /**
   * The status for a host that no site names.
   * @default 404
   */
  readonly unknownHost?: 404 | 421 | undefined;
  /**
   * Addresses and networks of proxies in front of Holdfast, whose `X-Forwarded-*` and `Forwarded` fields are believed. From all others they are overwritten.
   * @example ["10.0.0.0/8"]
   */
  readonly trust?: readonly string[] | undefined;
  /**
   * Write one line per request to the log of the edge.
   * @default false
   */
  readonly accessLog?: boolean | undefined;
  /** What a client may take. */
  readonly limits?: LimitsConfig | undefined;
}

/** Where the edge listens. */
export interface ListenConfig {
  /**
   * Where the edge listens for HTTP. Left out: 80 for root, else 8080, which needs no privilege.
   * @example 8080
   */
  readonly http?: number | string | undefined;
}

/** How an instance is stopped. */
export interface StopConfig {
  /**
   * The signal that asks it to end.
   * @default "SIGTERM"
   */
  readonly signal?:
    | 'SIGTERM'
    | 'SIGINT'
    | 'SIGQUIT'
    | 'SIGHUP'
    | 'SIGUSR1'
    | 'SIGUSR2'
    | 'SIGALRM'
    | 'SIGWINCH'
    | 'SIGABRT'
    | 'SIGKILL'
    | undefined;
  /**
   * How long it may take to end before SIGKILL.
   * @default "10s"
   */
  readonly timeout?: string | 0 | undefined;
}

/** What happens after a crash. */
export interface RestartConfig {
  /**
   * The shortest and the longest pause before a crashed instance is started again; it doubles with each crash.
   * @default ["100ms","30s"]
   */
  readonly backoff?: readonly [string, string] | undefined;
  /** When to stop trying: the instance is `failed` then, until someone starts it. */
  readonly giveUpAfter?: GiveUpAfterConfig | undefined;
}

/** The log of its output. */
export interface LogConfig {
  /** Rotation. */
  readonly rotate?: RotateConfig | undefined;
  /**
   * Cap over the current and all rotated files; the oldest go first.
   * @default "1GB"
   */
  readonly total?: string | 0 | undefined;
}

/** What a client may take. */
export interface LimitsConfig {
  /**
   * How long a client may take for a request's head.
   * @default "15s"
   */
  readonly headTimeout?: string | 0 | undefined;
  /**
   * The longest pause inside a request's body.
   * @default "60s"
   */
  readonly bodyIdle?: string | 0 | undefined;
  /**
   * How long an idle connection of a client stays open. More than the 60 seconds of common load balancers, so that they close first and no request meets a closing connection.
   * @default "65s"
   */
  readonly keepAlive?: string | 0 | undefined;
  /**
   * How long an app may take to begin its answer, or pause within it. WebSockets and event streams are not limited.
   * @default "60s"
   */
  readonly upstreamTimeout?: string | 0 | undefined;
  /**
   * Open connections from one address.
   * @default 1000
   */
  readonly connectionsPerIp?: number | undefined;
  /**
   * Largest request body; 0: no limit, since bodies are streamed and never kept.
   * @default 0
   * @example "10MB"
   */
  readonly body?: string | 0 | undefined;
}

/** When to stop trying: the instance is `failed` then, until someone starts it. */
export interface GiveUpAfterConfig {
  /**
   * Crashes after which it is given up.
   * @default 10
   */
  readonly crashes?: number | undefined;
  /**
   * The time within which they happen.
   * @default "1m"
   */
  readonly within?: string | 0 | undefined;
}

/** Rotation. */
export interface RotateConfig {
  /**
   * A log file that has reached this size is rotated.
   * @default "50MB"
   */
  readonly size?: string | 0 | undefined;
  /**
   * How many rotated files are kept.
   * @default 10
   */
  readonly keep?: number | undefined;
  /**
   * Compress rotated files with gzip.
   * @default true
   */
  readonly compress?: boolean | undefined;
}
