/**
 * The Plan: a configuration after loading. Complete (no optionals), units resolved (ms, bytes), paths absolute,
 * plain JSON. It is what the CLI sends to the daemon, what the daemon keeps on disk as desired state, and what
 * the exporters read.
 */

import type { NotifyRules } from '../protocol/notify-rules.ts';
import type { DeployTarget, ReleaseRules } from '../protocol/release-rules.ts';
import type { AppPlan } from './app-plan.ts';
import type { EdgePlan, SitePlan } from './site-plan.ts';

export type * from './app-plan.ts';
export type * from './site-plan.ts';

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
  /** Numbers for programs outside, and what is told when they are not as they should be. */
  readonly metrics: MetricsPlan;
  /** The dashboard, where it is to be all the time. A plan of an older version says nothing of it. */
  readonly dashboard?: DashboardPlan | null;
}

export interface DashboardPlan {
  /** On this machine only; null = nowhere by itself. */
  readonly listen: { readonly host: string; readonly port: number } | null;
  readonly users: Readonly<Record<string, { readonly password: string; readonly role: 'viewer' | 'admin' }>>;
}

export interface MetricsPlan {
  /** Where `/metrics` and `/health` can be asked for, beside the control API; null = nowhere. */
  readonly listen: { readonly host: string; readonly port: number } | null;
  /** What must come as `Authorization: Bearer …`: the token, or `file:` and the absolute path of a file with it; null = nothing. */
  readonly token: string | null;
  /** A collector that they are sent to (OTLP over HTTP). Values of headers may be `file:` and an absolute path, too. */
  readonly otlp: {
    readonly url: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly everyMs: number;
  } | null;
  readonly alerts: AlertRules;
}

/** When `alert.raised` happens; null or false = never. */
export interface AlertRules {
  /** Share (0 to 1) of a site's answers of the last two minutes that are 5xx. */
  readonly errorShare: number | null;
  /** The time that a certificate is still good for. */
  readonly certificateMs: number | null;
  /** Share of the file system of the home that is still free. */
  readonly diskFreeShare: number | null;
  /** An app keeps crashing, and was given up. */
  readonly crashes: boolean;
  /** An event loop was blocked, and the instance was replaced for it. */
  readonly watchdog: boolean;
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
