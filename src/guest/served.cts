/**
 * A server of the app that listens on a port, and its connections. The server's `emit` is overridden rather than
 * listened to: nothing that the app can count, remove or reorder changes.
 */

import type { IdentityModule } from './identity.cts';
import type { AppRequest, AppServer, AppSocket, Http2Session, Parser, Server } from './node-internals.cts';
import type { QuietlyModule } from './quietly.cts';
import type { WantedModule } from './wanted.cts';

const { nameClients, takeClient }: IdentityModule = require('./identity.cjs');
const { quiet, quietly }: QuietlyModule = require('./quietly.cjs');
const { addressOf }: WantedModule = require('./wanted.cjs');

type Via = 'socket' | 'door' | 'own';

interface Connection {
  readonly socket: AppSocket;
  /** Set when it speaks HTTP/2. */
  session: Http2Session | null;
  /** A request on it asked for a WebSocket and left HTTP. */
  webSocket: boolean;
  /** Drain: bytes read when it was last looked at, and when that changed. */
  bytesRead: number;
  quietSince: number;
}

/** What all servers of this process share. */
interface Registry {
  readonly servers: Set<Served>;
  readonly connections: Map<object, Connection>;
  /** No answer keeps its connection any more. */
  draining: boolean;
}

interface Served {
  readonly server: AppServer;
  readonly tls: boolean;
  /** null: it listens on nothing that concerns the daemon. */
  via: Via | null;
  host: string | null;
  port: number;
  /** What the daemon was told, while it is true. */
  reported: { readonly via: Via | 'offered'; readonly host: string | null } | null;
}

const EDGE_IDLE_MS = 75_000;
const known = new WeakMap<Server, Served>();

function createRegistry(): Registry {
  return { servers: new Set(), connections: new Map(), draining: false };
}

/** Speaks TLS itself. Without loading `node:tls`, which many apps never do. */
function isTls(server: AppServer): boolean {
  return typeof server.setSecureContext === 'function';
}

/** An HTTP/1 server, without loading `node:http`. */
function isHttp(server: AppServer): boolean {
  return typeof server.keepAliveTimeout === 'number';
}

/** Whether it listens, in the sense of the daemon. */
function isActive(served: Served): boolean {
  return served.via !== null && served.server.listening;
}

interface Listening {
  readonly via: Via;
  readonly host: string | null;
  readonly port: number;
}

/**
 * Watches `server`, which is about to listen as `listening` says. `settled` is called once it has listened for a turn of the
 * event loop, so that programs that only try whether a port is free are not reported.
 */
function serve(
  registry: Registry,
  server: AppServer,
  listening: Listening,
  settled: (served: Served) => void,
): void {
  let served = known.get(server);
  if (!served) {
    served = { server, tls: isTls(server), ...listening, reported: null };
    known.set(server, served);
    override(registry, served, settled);
  }
  Object.assign(served, listening, { reported: null });
  registry.servers.add(served);
}

/** The server listens again, on something that is not the daemon's business. */
function forget(registry: Registry, server: Server): void {
  const served = known.get(server);
  if (!served) return;
  served.via = null;
  served.reported = null;
  registry.servers.delete(served);
}

function override(registry: Registry, served: Served, settled: (served: Served) => void): void {
  const { server } = served;
  const inherited = Object.getPrototypeOf(server);

  function emit(this: AppServer, event: string | symbol, ...args: unknown[]): boolean {
    if (served.via !== null) {
      if (event === 'connection' || event === 'secureConnection') return accept(event, args);
      if (event === 'session') quietly(() => noteSession(args[0] as Http2Session));
      if (event === 'listening') setImmediate(quiet(() => isActive(served) && settled(served)));
      if (event === 'close') quietly(() => registry.servers.delete(served));
    }
    return inherited.emit.call(this, event, ...args);
  }

  let accepting: Connection | null = null;

  /** Node attaches its HTTP parser while it emits, so there is something to do before and after. */
  function accept(event: string, args: unknown[]): boolean {
    const socket = args[0] as AppSocket;
    const before = accepting;
    quietly(() => {
      if (served.via === 'socket') nameClients(socket, { host: served.host, port: served.port });
      accepting = track(registry, socket);
    });
    try {
      return inherited.emit.call(server, event, ...args);
    } finally {
      const connection = accepting;
      accepting = before;
      if (connection) quietly(() => attach(registry, connection, served.via === 'socket'));
    }
  }

  /** Emitted by `node:http2` while it handles the connection. */
  function noteSession(session: Http2Session): void {
    if (accepting) accepting.session = session;
  }

  hide(server, 'emit', emit);
  hide(server, 'address', function address(this: AppServer) {
    const asked = addressOf(served.host, served.port);
    if (served.via === 'socket') return server.listening ? asked : null;
    // On all addresses without naming them, or on one: the socket itself answers.
    if (served.via === 'door' && served.host !== null && server.listening) return asked;
    return inherited.address.call(this);
  });
  if (isHttp(server)) patientWithEdge(served);
}

function hide(target: object, name: string, value: unknown): void {
  Object.defineProperty(target, name, { value, writable: true, configurable: true });
}

/**
 * On the edge's socket: the edge keeps idle connections for less than 75 s, so the app must keep them for longer (otherwise
 * it closes one just as the edge sends a request), whatever it sets for clients of its own; and a connection that waits for
 * its first head is no slow client.
 */
function patientWithEdge(served: Served): void {
  atEdge(served, 'keepAliveTimeout', (own) => (own === 0 ? 0 : Math.max(own, EDGE_IDLE_MS)));
  atEdge(served, 'headersTimeout', () => 0);
}

function atEdge(
  served: Served,
  name: 'keepAliveTimeout' | 'headersTimeout',
  raise: (own: number) => number,
): void {
  let own = served.server[name] ?? 0;
  Object.defineProperty(served.server, name, {
    get: () => (served.via === 'socket' ? raise(own) : own),
    set(value: number) {
      own = value;
    },
    enumerable: true,
    configurable: true,
  });
}

function track(registry: Registry, socket: AppSocket): Connection {
  // A TLS server emits twice: for the TCP socket, then for the TLSSocket on top of it.
  if (socket._parent) registry.connections.delete(socket._parent);
  const connection = { socket, session: null, webSocket: false, bytesRead: 0, quietSince: 0 };
  registry.connections.set(socket, connection);
  socket.once('close', () => registry.connections.delete(socket));
  return connection;
}

/** Puts itself between Node's HTTP parser and Node's HTTP server. */
function attach(registry: Registry, connection: Connection, fromEdge: boolean): void {
  const parser: Parser | null | undefined = connection.socket.parser;
  const onIncoming = parser?.onIncoming;
  if (!parser || typeof onIncoming !== 'function') return;
  parser.onIncoming = (request: AppRequest, keepAlive: boolean) => {
    if (fromEdge) quietly(() => takeClient(connection.socket, request, parser));
    const answer = onIncoming(request, keepAlive && !registry.draining);
    if (request.upgrade) connection.webSocket = request.headers.upgrade?.toLowerCase() === 'websocket';
    return answer;
  };
}

const exported = { createRegistry, serve, forget, isTls, isHttp, isActive };
export type ServedModule = typeof exported;
export type { Connection, Registry, Served, Via };

module.exports = exported;
