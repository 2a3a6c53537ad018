/**
 * A server of the app that listens on a port. Its `emit` is overridden rather than listened to: nothing that the app
 * can count, remove or reorder changes.
 */
import type { Connection, Connections, ConnectionsModule } from './connections.cts';
import type { IdentityModule } from './identity.cts';
import type { AppServer, AppSocket, Http2Session, ListenHandle, Server } from './node-internals.cts';
import type { PatienceModule } from './patience.cts';
import type { QuietlyModule } from './quietly.cts';
import type { WantedModule } from './wanted.cts';

const connectionsModule: ConnectionsModule = require('./connections.cjs');
const { nameClients }: IdentityModule = require('./identity.cjs');
const { bePatient }: PatienceModule = require('./patience.cjs');
const { quiet, quietly }: QuietlyModule = require('./quietly.cjs');
const { addressOf }: WantedModule = require('./wanted.cjs');

type Via = 'socket' | 'front' | 'door' | 'own';

/** Where a server listens. */
interface Place {
  readonly via: Via;
  /** The IP address; null = all. */
  readonly host: string | null;
  readonly port: number;
}

interface Served {
  readonly server: AppServer;
  readonly tls: boolean;
  /** null: it listens on nothing that concerns the daemon. */
  place: Place | null;
  /**
   * Set when a primary of `node:cluster` has taken the handle away, which it does as soon as the server listens: the
   * server was only there to set it up.
   */
  lent: ListenHandle | null;
  /** What the daemon was told, while it is true. */
  reported: { readonly via: Via | 'offered'; readonly host: string | null } | null;
}

/** What is served in this process. */
interface Registry {
  readonly servers: Set<Served>;
  readonly connections: Connections;
}

const known = new WeakMap<Server, Served>();

function createRegistry(): Registry {
  return { servers: new Set(), connections: new connectionsModule.Connections() };
}

/** Speaks TLS itself. Found out without loading `node:tls`, which many apps never do. */
function isTls(server: AppServer): boolean {
  return typeof server.setSecureContext === 'function';
}

/** An HTTP/1 server. Found out without loading `node:http`. */
function isHttp(server: AppServer): boolean {
  return typeof server.keepAliveTimeout === 'number';
}

/** A server of `node:http` or `node:http2`. Found out without loading either. */
function isWeb(server: AppServer): boolean {
  return isHttp(server) || typeof server.updateSettings === 'function';
}

/** It gets the requests of the sites: from the edge, or from the server in the place of it. */
function isBehind(place: Place | null): boolean {
  return place?.via === 'socket' || place?.via === 'front';
}

/** Where it listens, in the sense of the daemon; null when it does not. */
function placeOf({ place, server, lent }: Served): Place | null {
  return server.listening || lent ? place : null;
}

/** The handle that it listens on. */
function handleOf({ server, lent }: Served): ListenHandle | null {
  return lent ?? server._handle;
}

/**
 * Watches `server`, which is about to listen at `place`. `settled` is called once it has listened for a turn of the
 * event loop, so that programs that only try whether a port is free are not reported.
 */
function serve(registry: Registry, server: AppServer, place: Place, settled: (served: Served) => void): void {
  let served = known.get(server);
  if (!served) {
    served = { server, tls: isTls(server), place, lent: null, reported: null };
    known.set(server, served);
    override(registry, served, settled);
  }
  Object.assign(served, { place, lent: null, reported: null });
  registry.servers.add(served);
}

/** The server listens again, on something that is not the daemon's business. */
function forget(registry: Registry, server: Server): void {
  const served = known.get(server);
  if (!served) return;
  Object.assign(served, { place: null, lent: null, reported: null });
  registry.servers.delete(served);
}

function override(registry: Registry, served: Served, settled: (served: Served) => void): void {
  const { server } = served;
  const { connections } = registry;
  const below = { emit: beneath(server, 'emit'), address: beneath(server, 'address') };
  let accepting: Connection | null = null;

  function emit(this: AppServer, event: string | symbol, ...args: unknown[]): boolean {
    if (served.place !== null) {
      if (event === 'connection' || event === 'secureConnection') return accept(event, args);
      // node:http2 emits it while it handles the connection.
      if (event === 'session' && accepting) accepting.session = args[0] as Http2Session;
      if (event === 'listening') quietly(noteListening);
      if (event === 'close') quietly(() => registry.servers.delete(served));
    }
    return below.emit().call(this, event, ...args);
  }

  function noteListening(): void {
    const { _handle: handle, _listeningId: id } = server;
    setImmediate(
      quiet(() => {
        const taken = server._handle === null && server._listeningId === id; // as opposed to closed
        served.lent = taken ? handle : null;
        if (placeOf(served)) settled(served);
      }),
    );
  }

  /** Node attaches its HTTP parser while it emits, so there is something to do before and after. */
  function accept(event: string, args: unknown[]): boolean {
    const socket = args[0] as AppSocket;
    const outer = accepting;
    const { place } = served;
    const fromEdge = place?.via === 'socket';
    quietly(() => {
      if (fromEdge) nameClients(socket, place);
      accepting = connections.add(socket, place?.via === 'front');
    });
    try {
      return below.emit().call(server, event, ...args);
    } finally {
      const connection = accepting;
      accepting = outer;
      if (connection) quietly(() => connections.attach(connection, fromEdge));
    }
  }

  function address(this: AppServer): unknown {
    const { place } = served;
    if (place && isBehind(place)) return server.listening ? addressOf(place.host, place.port) : null;
    // On all addresses without naming them, or on its own: the socket itself answers.
    const pretend = place?.via === 'door' && place.host !== null && server.listening;
    return pretend ? addressOf(place.host, place.port) : below.address().call(this);
  }

  hide(server, 'emit', emit);
  hide(server, 'address', address);
  if (isHttp(server)) bePatient(server, () => isBehind(served.place));
}

type Method = (...args: unknown[]) => never;

/**
 * The method under an override: what the object itself had, or what its class has by now (monitoring tools wrap
 * those).
 */
function beneath(target: object, name: string): () => Method {
  const own: Method | undefined = Object.getOwnPropertyDescriptor(target, name)?.value;
  return () => own ?? Object.getPrototypeOf(target)[name];
}

function hide(target: object, name: string, value: unknown): void {
  Object.defineProperty(target, name, { value, writable: true, configurable: true });
}

const exported = { createRegistry, serve, forget, isBehind, isTls, isHttp, isWeb, placeOf, handleOf };
export type ServedModule = typeof exported;
export type { Place, Registry, Served, Via };

module.exports = exported;
