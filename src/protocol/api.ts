/**
 * What the control API says: HTTP over the unix socket `run/control.sock`, JSON in and out. Every POST answers
 * with NDJSON, one `Reply` a line: events as they happen, then exactly one `result` or `error`.
 *
 *   GET  /v1/daemon                          DaemonView
 *   GET  /v1/apps                            AppView[]
 *   GET  /v1/apps/:name                      AppDetail
 *   GET  /v1/crashes?app=                    CrashRecord[], newest last
 *   GET  /v1/egress?app=                     EgressView, see egress.ts
 *   GET  /v1/traffic                         TrafficView
 *   GET  /v1/history?series=&range=          History, see history.ts
 *   GET  /v1/metrics                         text for Prometheus; ?format=json: Metrics, see metrics.ts
 *   GET  /v1/health                          HealthView, see dashboard.ts
 *   GET  /v1/certificates                    CertificateView[], see certificates.ts
 *   GET  /v1/events?tail=N&follow=1          NDJSON of HoldfastEvent
 *   POST /v1/up        { plan, dryRun }      UpResult
 *   POST /v1/apps      { app }               AppView      start a new app, or a stopped one of the same name
 *   POST /v1/apps/:name/start|stop|restart|reload|delete    AppView (delete: null)
 *   POST /v1/apps/:name/scale { instances }  AppView
 *   POST /v1/apps/:name/run                  AppView      a job: run it now; JOB_RUNNING when it runs
 *   POST /v1/apps/:name/signal { signal }    SignalResult
 *   POST /v1/apps/:name/reset                AppView      restart counts to 0
 *   GET  /v1/apps/:name/plan                 AppPlan      with nothing masked, for `hold run` and `hold import`
 *   POST /v1/apps/:name/send { text }        SignalResult
 *   POST /v1/logs/reopen                     null         closes and opens all log files, see logrotate(8)
 *   POST /v1/logs/flush { app }              null         empties the logs of an app, or of all
 *   GET  /v1/sites                           SiteView[]
 *   POST /v1/sites/:host/pause { timeoutMs, maxWaiting }    SiteView    its requests wait; both may be left out
 *   POST /v1/sites/:host/resume              SiteView
 *   POST /v1/cache/clear { site }            CacheCleared    what is kept of a site, or with null of all, is thrown out
 *   GET  /v1/releases                        PromotionView[], see release.ts
 *   POST /v1/releases/promote { … }          PromotionView    PromoteRequest; RELEASE_REFUSED when it came to nothing
 *   POST /v1/releases/:project/continue|abort    PromotionView    ends the watching; brings the release before back
 *   POST /v1/releases/:project/check { … }   null         ReleaseNames; APP_EXISTS when one belongs to somebody else
 *   POST /v1/notify/test { url }             NotifyTest[], see notify-rules.ts    to one address, or with null to all
 *   POST /v1/variables/changed { project, … }    VariablesResult    `hold env` has changed what is kept of them
 *   POST /v1/releases/:project/failed { … }  null         ReleaseFailure: one that was not made; for the journal
 *   GET  /v1/dashboard                       DashboardSettings, see dashboard-settings.ts
 *   POST /v1/dashboard/ticket { role }       Ticket      one link that opens it; it runs from then on
 *   POST /v1/dashboard/redeem { ticket }     Redeemed    by its process
 *   POST /v1/dashboard/close { idle }        null        its sessions end, and it itself unless the configuration wants it; idle: only that
 *   POST /v1/upgrade { main, node }             null; the daemon ends after its answer, and this program is the next one
 *   POST /v1/down                            null; the daemon ends after its answer
 *
 * start, stop, restart and signal take `{ slot }` for one instance. restart and reload take `{ env, baseEnv }`: new
 * variables for an app that `start` made; the event `app.changed` says which differ.
 */
import type { AppPlan, Plan } from '../config/plan.ts';
import type { ErrorBody } from '../errors.ts';
import type { HoldfastEvent } from './events.ts';
import type { EdgeCounts, InstanceTraffic, RouteTraffic, SiteTraffic } from './traffic-counts.ts';
import type { PauseRules } from './traffic-rules.ts';

/** Changes when the client and the daemon of different versions would misunderstand each other. */
export const API_VERSION = 1;

export type Reply<T> =
  | { readonly event: HoldfastEvent }
  | { readonly result: T }
  | { readonly error: ErrorBody };

export interface ClearCacheRequest {
  /** Its host, as in the configuration; null = all. */
  readonly site: string | null;
}

export interface CacheCleared {
  readonly site: string | null;
  /** Kept answers that were thrown out, in all edges together. */
  readonly answers: number;
  readonly edges: number;
}

export interface DaemonView {
  readonly api: number;
  readonly version: string;
  readonly pid: number;
  readonly home: string;
  readonly node: string;
  readonly startedAt: string;
}

/** The name of Holdfast's own proxy among the apps; no app of a user can have it. */
export const EDGE_NAME = '@edge';
/** The server in the place of the edge (`front`), when Holdfast runs it. */
export const FRONT_NAME = '@front';

/** `edge`, `egress`: Holdfast's own proxies, kept by the same supervisor. */
export type AppKind = 'app' | 'edge' | 'egress' | 'front' | 'dashboard';

/** running: all wanted instances are ready. degraded: some are. failed: none is, and none will be without help. */
export type AppStatus =
  | 'running'
  | 'starting'
  | 'degraded'
  | 'stopping'
  | 'stopped'
  | 'failed'
  /** It ended by itself, and its restart policy says that it stays so. */
  | 'done'
  /** A job between two runs, or an app that waits for those it is `after`. */
  | 'waiting';

export interface AppView {
  readonly name: string;
  readonly kind: AppKind;
  readonly namespace: string | null;
  /** Apps that it is started after and stopped before. */
  readonly after: readonly string[];
  readonly status: AppStatus;
  /** The number of each slot, unique in the home and kept over restarts, as PM2's and forever's users type them. */
  readonly numbers: readonly number[];
  /** When a job is due next, ISO 8601. */
  readonly nextRun: string | null;
  /** Instances wanted. */
  readonly wanted: number;
  /** Where it can be reached, as a person would type it, such as `http://127.0.0.1:3000`. */
  readonly urls: readonly string[];
  /** Hosts of the sites that lead here (of the edge: of all) and are paused; left out when there are none. */
  readonly paused?: readonly string[];
  /** Of the edge: what a person should know of certificates; left out when there is nothing. */
  readonly notes?: readonly string[];
  readonly instances: readonly InstanceView[];
}

/** The machine's phases, and `draining`: still working, but getting nothing new. */
export type InstanceStatus =
  | 'down'
  | 'starting'
  | 'ready'
  | 'draining'
  | 'stopping'
  | 'backoff'
  | 'failed'
  | 'done';

export interface InstanceView {
  /** `web.0`. During a reload the old and the new one of a slot have the same id and differ in `serial`. */
  readonly id: string;
  readonly slot: number;
  /** Grows with every process that Holdfast starts for this app. */
  readonly serial: number;
  readonly pid: number | null;
  readonly status: InstanceStatus;
  /** Times that this slot was started again after a crash. */
  readonly restarts: number;
  readonly uptimeMs: number | null;
  readonly memoryBytes: number | null;
  /** Share of one core, 1 = all of it, since the last look. */
  readonly cpu: number | null;
  readonly loopDelayMs: number | null;
  readonly heapBytes: number | null;
  /** ISO 8601; of the process. */
  readonly startedAt: string | null;
  readonly release: string | null;
  /** Why it is not ready, or what happened last; for people. */
  readonly reason: string | null;
  /** When `status` is backoff: time to the next start. */
  readonly nextStartMs: number | null;
}

export interface AppDetail extends AppView {
  /** Values of variables that look secret are masked. */
  readonly plan: AppPlan;
  readonly ports: readonly PortView[];
  /** Things that a person should know, such as a port that is not the configured one. */
  readonly notes: readonly string[];
  /** The newest events of this app, oldest first. */
  readonly events: readonly HoldfastEvent[];
  readonly logFile: string;
}

export interface PortView {
  /** `null` = all addresses. */
  readonly host: string | null;
  readonly port: number;
  /** Holdfast has a copy of the listening socket: connections wait instead of being refused while the app is away. */
  readonly held: boolean;
  /** It speaks TLS itself. */
  readonly tls: boolean;
}

export interface CrashRecord {
  readonly time: string;
  readonly app: string;
  readonly instance: string;
  readonly pid: number | null;
  /** In words, such as `exited with code 1` or `killed by SIGSEGV`. */
  readonly cause: string;
  readonly code: number | null;
  readonly signal: string | null;
  readonly uptimeMs: number;
  /** The last lines that it wrote, oldest first, `err` marked. */
  readonly lastOutput: readonly OutputLine[];
  /** What was found out beyond the exit: `out of memory (the kernel ended it …)`, `the event loop was blocked for 10 s`. */
  readonly diagnosis: string | null;
  /** What to do about it, when the diagnosis tells; absent in records of older versions. */
  readonly advice?: string | null;
  /** JavaScript stack of where it was, innermost first, when a report says. */
  readonly stack: readonly string[];
  /** Absolute path of Node's diagnostic report, its environment removed. */
  readonly report: string | null;
  readonly release: string | null;
}

/**
 * What has gone over all edge processes, those that have ended too. `counts`: since the daemon or, if that is longer, the oldest edge
 * started. `recent`: in the last minute or so.
 */
export interface TrafficView {
  /** The time of `recent`, in ms. */
  readonly recentMs: number;
  /** Upper ends of the classes of `durations`; one more is for what is above the last. */
  readonly durationClassesMs: readonly number[];
  readonly sites: readonly (Pick<SiteTraffic, 'openRequests' | 'openWebSockets'> & {
    readonly site: string;
  })[];
  readonly routes: readonly (RouteTraffic & { readonly recent: RouteTraffic['counts'] })[];
  readonly instances: readonly (InstanceTraffic & { readonly recent: InstanceTraffic['counts'] })[];
  readonly edge: EdgeCounts;
  readonly openConnections: number;
}

export interface SignalResult {
  /** Ids of the instances that got it. */
  readonly instances: readonly string[];
}

/** For start, stop, restart and signal. */
export interface InstanceRequest {
  readonly slot?: number;
}

export interface SignalRequest extends InstanceRequest {
  /** Such as `SIGUSR2`. */
  readonly signal: string;
}

export interface SendRequest extends InstanceRequest {
  readonly text: string;
}

export interface FlushRequest {
  /** null = all. */
  readonly app: string | null;
}

export interface RestartRequest extends InstanceRequest {
  readonly env?: Readonly<Record<string, string>>;
  readonly baseEnv?: Readonly<Record<string, string>>;
}

export interface UpgradeRequest {
  /** Absolute path of the daemon's program in the version to change to. */
  readonly main: string;
  /** Absolute path of the node that runs it. */
  readonly node: string;
}

/** An address, or null = all that are in force. */
export interface TestNotifyRequest {
  readonly url: string | null;
}

/** Names only: nothing of the values goes this way. */
export interface VariablesChanged {
  readonly project: string;
  /** Only of this app; null = of all of the project. */
  readonly app: string | null;
  readonly set: readonly string[];
  readonly removed: readonly string[];
}

export interface VariablesResult {
  /** That run, and have what was set before until they are reloaded. */
  readonly apps: readonly string[];
}

export interface SiteView {
  /** As in the configuration. */
  readonly host: string;
  /** The config file that it comes from. */
  readonly source: string | null;
  /** That some route of it leads to, copies of requests left out; in the order of the routes. */
  readonly apps: readonly string[];
  /** Its requests wait, so long and so many; null = they do not. */
  readonly paused: (PauseRules & { readonly since: string | null }) | null;
}

/** What is left out is 30 s and 10,000 requests. */
export type PauseRequest = Partial<PauseRules>;

export interface OutputLine {
  readonly time: string;
  readonly stream: 'out' | 'err';
  readonly text: string;
}

/** One line of what `up` changes; `detail` names the settings that differ. */
export interface Change {
  readonly kind: 'add' | 'change' | 'scale' | 'remove' | 'start';
  readonly what: 'app' | 'site' | 'edge' | 'logs' | 'egress' | 'notify' | 'metrics' | 'dashboard';
  readonly name: string;
  readonly detail: readonly string[];
}

export interface UpRequest {
  readonly plan: Plan;
  /** Only say what would change. */
  readonly dryRun: boolean;
}

export interface UpResult {
  readonly changes: readonly Change[];
  readonly apps: readonly AppView[];
}
