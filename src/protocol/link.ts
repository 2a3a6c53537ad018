/**
 * The link: what a process that Holdfast started (an app's guest, an edge) and the daemon say to each other over the
 * unix socket `run/link.sock`, NDJSON both ways. The child connects, says hello, and connects again whenever the
 * daemon was away; on every connect it repeats what is still true (listening, applied). Nothing here is on the
 * path of a request.
 */
import type { EdgeTable, EdgeTls } from './edge-table.ts';
import type { EgressCount, EgressDenial, EgressPolicy } from './egress.ts';
import type { ProfileOrder } from './profile.ts';
import type { TrafficReport } from './traffic-counts.ts';

/** The environment variable in which a child finds its LinkAddress as JSON; the child deletes it from `process.env`. */
export const GUEST_ENV = 'HOLDFAST_GUEST';

/** What the daemon tells a Node child at its start. */
export interface GuestOrders {
  /** Path of the daemon's link socket. */
  readonly link: string;
  /** Such as `web.0`. */
  readonly instance: string;
  readonly serial: number;
  /** The app is routed: its HTTP server listens on this unix socket instead of its TCP port. */
  readonly socket: string | null;
  /** The app is behind a server that is not Holdfast's: its HTTP server listens on the one of `doors` with this port. */
  readonly front: number | null;
  /** The port that the plan names. */
  readonly port: number | null;
  /** Listening sockets inherited from the daemon. */
  readonly doors: readonly DoorOrder[];
  /** Where to leave the exit code, for a daemon that is not the parent; null = nowhere. */
  readonly exitNote: string | null;
  /** An IPC channel (fd in NODE_CHANNEL_FD) is open, over which a copy of a new listening socket can be offered. */
  readonly offer: boolean;
  /** Report how the event loop is this often; the watchdog listens. */
  readonly healthEveryMs: number;
  /** Note where the event loop is stuck when it is blocked for longer; null = no watchdog. */
  readonly watchdogMs: number | null;
  /** `process.send` is there for the app, and says what it sends to the daemon: `ready`. */
  readonly messages: boolean;
  /** Directory for Node's diagnostic reports (fatal errors, and a blocked event loop); null = none. */
  readonly reports: string | null;
  /**
   * A unix socket on which this very instance can be asked how it is, because its port may be shared with others.
   * `port`: of its servers the one with this port; null = its web server.
   */
  readonly probe: { readonly path: string; readonly port: number | null } | null;
}

export interface DoorOrder {
  readonly fd: number;
  /** As bound; null = all addresses. */
  readonly host: string | null;
  readonly port: number;
}

/** The message with which a guest offers a copy of its listening handle: `process.send(offer, server._handle)`. */
export interface DoorOffer {
  readonly cmd: 'NODE_HOLDFAST_DOOR';
  readonly host: string | null;
  readonly port: number;
}

/** No client makes a connection by TLS to this site any more. */
export interface Rejection {
  /** Its host, as in the table. */
  readonly site: string;
  readonly reason: string;
}

export type FromChild =
  | {
      readonly type: 'hello';
      readonly role: 'guest' | 'edge' | 'egress' | 'dashboard';
      readonly instance: string;
      readonly serial: number;
      readonly pid: number;
      readonly node: string;
    }
  /** One for every server of the app that listens. */
  | {
      readonly type: 'listening';
      /** As `server.address()` tells the app. */
      readonly host: string | null;
      readonly port: number;
      /** socket: on the unix socket; front: on the door of `GuestOrders.front`; door: on an inherited socket; offered: own socket, copy offered; own: own socket. */
      readonly via: 'socket' | 'front' | 'door' | 'offered' | 'own';
      readonly tls: boolean;
    }
  /** `debugged`: a debugger may stop it. */
  | {
      readonly type: 'health';
      readonly loopDelayMs: number;
      readonly heapBytes: number;
      readonly debugged?: boolean;
    }
  /** The socket of `GuestOrders.probe` is open. */
  | { readonly type: 'probing'; readonly path: string; readonly tls: boolean }
  /** The app called `process.send('ready')`. */
  | { readonly type: 'ready' }
  /** After `drain`: the last connection is done, or the time was up. */
  | { readonly type: 'drained' }
  /** Guest: the profile has begun. */
  | { readonly type: 'profiling'; readonly id: number }
  /** Guest: what there is of it has been written; `error` says why not. */
  | { readonly type: 'profiled'; readonly id: number; readonly error: string | null }
  /** Edge: this version of the table is in force. */
  | { readonly type: 'applied'; readonly version: number }
  /** Edge: a target that is draining or gone from the table has no request and no WebSocket left. */
  | { readonly type: 'retired'; readonly target: string }
  /** Edge: all sites of which this is so now. */
  | { readonly type: 'rejections'; readonly rejections: readonly Rejection[] }
  /** Edge: the answer to `clearCache`; so many answers were thrown out. */
  | { readonly type: 'cacheCleared'; readonly id: number; readonly answers: number }
  /** Egress: these rows have changed, or all after a new connection. */
  | { readonly type: 'egressCounts'; readonly counts: readonly EgressCount[] }
  | { readonly type: 'egressDenied'; readonly denial: EgressDenial }
  /** Edge, every second while there is traffic; several when it is much. */
  | ({ readonly type: 'traffic' } & TrafficReport);

export type ToChild =
  /**
   * Accept nothing new, finish what is open; at the end close WebSockets with 1012, or at once when it is `final`: no
   * successor is coming for which it would be worth waiting.
   */
  | { readonly type: 'drain'; readonly timeoutMs: number; readonly final?: boolean }
  /** For the app: `process.emit('message', message)`. */
  | { readonly type: 'message'; readonly message: unknown }
  | ({ readonly type: 'profile' } & ProfileOrder)
  /** End it before its time. */
  | { readonly type: 'profileEnd'; readonly id: number }
  | { readonly type: 'egress'; readonly policy: EgressPolicy }
  /** Its settings are others: `GET /v1/dashboard` has them. */
  | { readonly type: 'dashboard' }
  /** Throw out what is kept of this site (its host, as in the table), or of all: null. */
  | { readonly type: 'clearCache'; readonly id: number; readonly site: string | null }
  | { readonly type: 'table'; readonly table: EdgeTable }
  | { readonly type: 'tls'; readonly tls: EdgeTls };
