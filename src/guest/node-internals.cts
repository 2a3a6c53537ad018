/**
 * The parts of Node that the guest touches and that have no public type. Each was read in the sources of Node 20,
 * 22, 24 and 26; each use checks that the part is there, and does without it when it is not.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Http2Session } from 'node:http2';
import type { ListenOptions, Server, Socket } from 'node:net';

/** What `server._handle` is: libuv's listening handle, or an object that answers like one (as in a cluster worker). */
export interface ListenHandle {
  onconnection?: Accept;
  /** Returns 0 or a negative errno. */
  listen(backlog: number): number;
  close(...args: readonly unknown[]): void;
  ref(): void;
  unref(): void;
  hasRef(): boolean;
  getsockname(out: SocketName): number;
}

export type Accept = (this: ListenHandle, status: number, client?: ClientHandle) => void;

/** An accepted connection, before it becomes a Socket. */
export interface ClientHandle {
  getsockname(out: SocketName): number;
  close(): void;
}

export interface SocketName {
  address?: string;
  family?: string;
  port?: number;
}

/** A server of the app, with what Node keeps on it. */
export type AppServer = Server & {
  _handle: ListenHandle | null;
  /** Grows with every `listen` and `close`. */
  _listeningId?: number;
  /** The path of a unix socket, for `address()`. */
  _pipeName?: string;
  /** Set when the app called `unref()` before `listen()`. */
  _unref?: boolean;
  /** What `listen` calls once there is a handle: begins to listen on it. */
  _listen2: (
    address: string | null,
    port: number | null,
    addressType: number | null,
    backlog: number,
    fd: number | undefined,
  ) => void;
  keepAliveTimeout?: number;
  headersTimeout?: number;
  updateSettings?: unknown;
  setSecureContext?: unknown;
};

/** A connection of the app, with what `node:http` keeps on it. */
export type AppSocket = Socket & {
  /** null when it is closed, or was sent to another process. */
  readonly _handle?: object | null;
  /** The parser reads a request head or waits for one; null after an upgrade. */
  parser?: Parser | null;
  /** The answer that has the turn; null or undefined when none is pending. */
  _httpMessage?: ServerResponse | null;
  /** Under a TLSSocket: the TCP socket. */
  _parent?: Socket | null;
};

export interface Parser {
  maxHeaderPairs?: number;
  onIncoming?: ((request: AppRequest, keepAlive: boolean) => number) | null;
}

export type AppRequest = IncomingMessage & {
  /** Makes `rawHeaders`, and from them the lazy `headers` and `headersDistinct`. */
  _addHeaderLines?: (fields: string[], count: number) => void;
  /** True when the request leaves HTTP: an accepted Upgrade, or CONNECT. */
  upgrade?: boolean;
};

export type { Http2Session, ListenOptions, Server, Socket };
