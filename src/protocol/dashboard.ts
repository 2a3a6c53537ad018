/**
 * What the dashboard's server and its page say to each other: JSON below the path at which the dashboard is mounted. Times are ISO 8601.
 *
 *   GET  api/session                       SessionView; 401 without a session
 *   POST api/session { user, password }    SessionView     for those of `dashboard.users`
 *   POST api/session { ticket }            SessionView     of the link `…/#ticket=…` that `hold open` prints; once
 *   POST api/session/end                   null
 *   GET  api/live                          SSE: LiveMessage as data, first one with everything; at least one in 15 s, if only with `at`
 *   GET  api/history?series=&range=        History (history.ts)
 *   GET  api/apps/:name                    AppPage
 *   GET  api/logs/:app?…                   LogPage (LogQuery as parameters)
 *   GET  api/logs/:app/follow?…            SSE: LogLine, each with its cursor as id; at last an event `problem` with an ErrorBody when it cannot go on
 *   GET  api/events?before=&limit=&app=&type=     HoldfastEvent[], newest first
 *   GET  api/crashes?app=                  CrashRecord[], newest first
 *   GET  api/releases                      ReleasesView[]
 *   GET  api/releases/:project/:id         ReleaseDetail
 *   GET  api/egress                        EgressView (egress.ts)
 *   GET  api/certificates                  CertificateView[]
 *   POST api/actions  Action               NDJSON of ActionReply; 403 for viewers
 *
 * Each POST carries the session's `csrf` in the header `Holdfast-CSRF`.
 * Errors: the status and `{ error: ErrorBody }`.
 */
import type { AppDetail, AppView, CrashRecord, SiteView } from './api.ts';
import type { CertificateView } from './certificates.ts';
import type { EgressView } from './egress.ts';
import type { HoldfastEvent } from './events.ts';
import type { PromotionView } from './release.ts';

/** The dashboard among the apps; a route may name it as its target. */
export const DASHBOARD_NAME = '@dashboard';

/** viewer: sees everything, changes nothing. */
export type DashboardRole = 'viewer' | 'admin';

export const CSRF_FIELD = 'Holdfast-CSRF';

export interface SessionView {
  readonly user: string;
  readonly role: DashboardRole;
  readonly csrf: string;
  readonly expiresAt: string;
  /** Of the machine, and Holdfast's version, for the head of the page. */
  readonly hostname: string;
  readonly version: string;
}

/** Of what went over the edges in the last minute or so. */
export interface Rates {
  readonly requestsPerSecond: number;
  readonly errorsPerSecond: number;
  readonly p50Ms: number | null;
  readonly p95Ms: number | null;
  readonly p99Ms: number | null;
  readonly openWebSockets: number;
  readonly openRequests: number;
}

export type LiveApp = AppView & {
  /** null: nothing is routed to it. */
  readonly rates: Rates | null;
  readonly instanceRates: Readonly<Record<string, Rates>>;
  readonly lastCrashAt: string | null;
};

export type LiveSite = SiteView & {
  readonly rates: Rates;
  readonly tls: 'none' | 'ok' | 'expiring' | 'failed';
};

/** How well things are, in one word and then in lines; the same as `GET /v1/health`. */
export interface HealthView {
  readonly status: 'ok' | 'warning' | 'failing';
  readonly problems: readonly HealthProblem[];
}

export interface HealthProblem {
  readonly level: 'warning' | 'failing';
  /** Stable, such as `app.failed`, `certificate.expiring`, `disk.filling`, `errors.many`. */
  readonly kind: string;
  /** What it is about: an app, a site, a directory. */
  readonly subject: string;
  /** For people, one line. */
  readonly text: string;
  readonly since: string | null;
}

export interface HostView {
  readonly cores: number;
  readonly load1: number;
  readonly memoryBytes: number;
  readonly memoryFreeBytes: number;
  /** Of the file system of the home. */
  readonly diskBytes: number;
  readonly diskFreeBytes: number;
}

/** What is not in a message has not changed; null in `apps` and `sites`: it is gone. */
export interface LiveMessage {
  /** Everything is in it; what the page knew before does not count. */
  readonly whole: boolean;
  readonly at: string;
  readonly apps?: Readonly<Record<string, LiveApp | null>>;
  readonly sites?: Readonly<Record<string, LiveSite | null>>;
  readonly total?: Rates;
  readonly health?: HealthView;
  readonly host?: HostView;
  readonly promotions?: readonly PromotionView[];
  /** New ones, oldest first; in the first message the last 50. */
  readonly events?: readonly HoldfastEvent[];
  /** The daemon does not answer (it is being replaced): what is shown is from before. */
  readonly away?: boolean;
}

export interface AppPage {
  readonly detail: AppDetail;
  /** Newest first. */
  readonly crashes: readonly CrashRecord[];
  readonly egress: EgressView | null;
}

export interface LogQuery {
  /** Words that all must be in the line, or `/regex/`. */
  readonly query?: string;
  readonly instance?: string;
  readonly stream?: 'out' | 'err';
  /** ISO 8601. */
  readonly since?: string;
  readonly until?: string;
  /** The `cursor` of a page: what came before it. */
  readonly before?: string;
  /** `after` of a page: where following begins. */
  readonly after?: string;
  /** 500 at most. */
  readonly limit?: number;
}

export interface LogLine {
  readonly time: string;
  readonly instance: string;
  readonly stream: 'out' | 'err';
  readonly text: string;
}

export interface LogPage {
  /** Oldest first. */
  readonly lines: readonly LogLine[];
  /** For what came before; null: that was all. */
  readonly cursor: string | null;
  /** For `follow`, as its `after`: what comes after this page, with nothing lost or doubled between the two. */
  readonly after: string;
  /** The time was up: nothing older than this was looked at. ISO 8601. */
  readonly searchedTo?: string;
}

export interface ReleaseSummary {
  readonly id: string;
  readonly status: string;
  readonly createdAt: string;
  readonly by: string | null;
  /** Such as `3f2c1ab Fix the price of shipping`. */
  readonly source: string;
  readonly reason: string | null;
  /** It has the traffic. */
  readonly serves: boolean;
  readonly canRollBackTo: boolean;
}

export interface ReleasesView {
  readonly project: string;
  /** Newest first. */
  readonly releases: readonly ReleaseSummary[];
  readonly promotion: PromotionView | null;
  /** There is a checkout that `deploy` can take again; the directory. */
  readonly deployFrom: string | null;
}

export interface ReleaseDetail extends ReleaseSummary {
  /** Facts in the order in which they are shown, such as ['Node', '22.15.0']. */
  readonly facts: readonly (readonly [label: string, value: string])[];
  readonly steps: readonly {
    readonly step: string;
    readonly tookMs: number | null;
    readonly outcome: string;
    readonly output: string;
  }[];
}

export type Action =
  | {
      readonly do: 'start' | 'stop' | 'restart' | 'reload' | 'reset' | 'run';
      readonly app: string;
      readonly slot?: number;
    }
  | { readonly do: 'scale'; readonly app: string; readonly instances: number }
  | { readonly do: 'pause' | 'resume'; readonly site: string }
  | { readonly do: 'deploy' | 'continue' | 'abort'; readonly project: string }
  | { readonly do: 'rollback'; readonly project: string; readonly release?: string };

/** Progress for people, then exactly one `done` or `error`. */
export type ActionReply =
  | { readonly line: string }
  | { readonly done: string }
  | { readonly error: { readonly code: string; readonly message: string; readonly hint?: string } };

export type {
  AppDetail,
  AppView,
  CertificateView,
  CrashRecord,
  EgressView,
  HoldfastEvent,
  PromotionView,
  SiteView,
};
