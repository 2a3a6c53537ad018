/** What the daemon and the dashboard's process say to each other over the control API, besides what everybody may ask. */
import type { MetricsPlan } from '../config/plan.ts';
import type { DashboardRole } from './dashboard.ts';

export interface DashboardUser {
  /** As `hold hash-password` prints it. */
  readonly password: string;
  readonly role: DashboardRole;
}

export interface DashboardAddress {
  readonly host: string;
  readonly port: number;
}

/** A route of a site that leads to the dashboard. */
export interface DashboardMount {
  /** As in the configuration. */
  readonly host: string;
  /** `/`, `/ops`: without the slash at its end, unless that is all. */
  readonly prefix: string;
  readonly tls: boolean;
}

/** `GET /v1/dashboard`. */
export interface DashboardSettings {
  readonly hostname: string;
  readonly version: string;
  readonly home: string;
  /** Where it listens itself: on this machine only. */
  readonly listen: readonly DashboardAddress[];
  readonly mounts: readonly DashboardMount[];
  readonly users: Readonly<Record<string, DashboardUser>>;
  /** Sessions that began before this moment (ms since the epoch) have ended. */
  readonly sessionsFrom: number;
  /** It is there only because of `hold open`: when nobody looks any more, it goes. */
  readonly temporary: boolean;
  readonly metrics: readonly Pick<MetricsPlan, 'listen' | 'token' | 'otlp'>[];
}

/** `POST /v1/dashboard/ticket`. */
export interface TicketRequest {
  readonly role: DashboardRole;
}

export interface Ticket {
  /** Where the dashboard is, such as `http://127.0.0.1:4600/`. */
  readonly url: string;
  readonly port: number;
  /** Good for one session, once, and for a minute. */
  readonly ticket: string;
  /** ISO 8601. */
  readonly expiresAt: string;
}

/** `POST /v1/dashboard/redeem`: of the dashboard's process. */
export interface RedeemRequest {
  readonly ticket: string;
}

export interface Redeemed {
  /** Who asked for the ticket, as told. */
  readonly user: string;
  readonly role: DashboardRole;
}
