/** What the daemon tells the egress proxy, and what that tells the daemon. */
import type { EgressRule } from '../config/plan.ts';

/** The name of the egress proxy among the apps; no app of a user can have it. */
export const EGRESS_NAME = '@egress';

/** Who may go where. */
export interface EgressPolicy {
  readonly apps: Readonly<Record<string, EgressClient>>;
  /** Paths of the unix sockets to listen on. A daemon of an older version names none. */
  readonly sockets?: readonly string[];
}

export interface EgressClient {
  /** What the app proves itself with: the password beside its name. */
  readonly token: string;
  /** Everything is allowed. */
  readonly observe: boolean;
  readonly allow: readonly EgressRule[];
}

/** One destination of one app. Numbers only grow, as long as a process lives. */
export interface EgressCount {
  readonly app: string;
  /** As the app named it; `(others)` with port 0 for what comes after the first thousand. */
  readonly host: string;
  readonly port: number;
  /** Tunnels (CONNECT) and plain HTTP requests that were let through. */
  readonly connections: number;
  readonly open: number;
  readonly bytesOut: number;
  readonly bytesIn: number;
  readonly denied: number;
  /** Allowed, but there was no connection: no such name, refused, too slow. */
  readonly failed: number;
  /** In ms since the epoch. */
  readonly lastAt: number;
}

export interface EgressDenial {
  readonly app: string;
  readonly host: string;
  readonly port: number;
  readonly reason: string;
  /** How often since the last word about it. */
  readonly times: number;
}

/** Fields with which the guest gets a connection in two steps: reserved on one connection, claimed by another one. */
export const egressFields = {
  reserve: 'holdfast-reserve',
  ticket: 'holdfast-ticket',
  code: 'holdfast-code',
  address: 'holdfast-address',
} as const;

/** What `GET /v1/egress` answers. */
export interface EgressView {
  /** The apps that are to use the proxy: whether all is allowed to them, or what is listed. */
  readonly apps: Readonly<Record<string, 'observe' | 'allow'>>;
  /** Busiest first; since the home was made. */
  readonly counts: readonly EgressCount[];
}
