/** An app in the Plan, complete: how it is run, watched, ended, and what becomes of what it says. See plan.ts. */

import type { UpstreamRules } from '../protocol/traffic-rules.ts';

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
