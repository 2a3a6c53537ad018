/**
 * Answers `server.listen()` with the socket that Holdfast holds for this app. Only `net.Server.prototype.listen` is
 * replaced, and only calls for a TCP port that the daemon has orders about do anything else than before.
 */
import type * as Cluster from 'node:cluster';
import type * as Dns from 'node:dns';
import type * as Fs from 'node:fs';
import type * as Net from 'node:net';
import type * as Os from 'node:os';
import type { GuestOrders } from '../protocol/link.ts' with { 'resolution-mode': 'import' };
import type { Door, DoorsModule } from './doors.cts';
import type { HandlesModule } from './handles.cts';
import type { AppServer, ListenHandle } from './node-internals.cts';
import type { QuietlyModule } from './quietly.cts';
import type { Place, Registry, Served, ServedModule } from './served.cts';
import type { Wanted, WantedModule } from './wanted.cts';

const fs: typeof Fs = require('node:fs');
const net: typeof Net & { readonly Server: { readonly prototype: AppServer } } = require('node:net');
const { createDoors }: DoorsModule = require('./doors.cjs');
const { hearOnly, silentHandle }: HandlesModule = require('./handles.cjs');
const { quietly }: QuietlyModule = require('./quietly.cjs');
const { forget, isBehind, isTls, isWeb, placeOf, serve }: ServedModule = require('./served.cjs');
const { addressOf, hostsAgree, hostsCollide, isEveryAddress, isWithin, wantedAddress }: WantedModule =
  require('./wanted.cjs');

/** Where servers in front reach apps. */
const FRONT_HOST = '127.0.0.1';

type Listen = (this: AppServer, ...args: unknown[]) => AppServer;

/** `settled` is called for each server that has listened on a TCP port for a turn of the event loop. */
function answerListen(orders: GuestOrders, registry: Registry, settled: (served: Served) => void): void {
  const native = net.Server.prototype.listen as Listen;
  // Without Node's way to adopt a handle (all versions have it so far) there are no doors.
  const doors = createDoors(typeof net.Server.prototype._listen2 === 'function' ? orders.doors : []);

  function listen(this: AppServer, ...args: unknown[]): AppServer {
    let answered = false;
    quietly(() => {
      answered = !this._handle && answer(this, args);
    });
    return answered ? this : Reflect.apply(native, this, args);
  }

  /** True when the call was answered; otherwise Node is to do what it always does. */
  function answer(server: AppServer, args: unknown[]): boolean {
    forget(registry, server);
    const wanted = wantedAddress(args);
    if (!wanted) return false;
    if (wanted.host !== null && (isRouted(server, wanted) || doors.has(wanted.port))) {
      resolveHost(server, args, wanted);
      return true;
    }
    return answerAddress(server, wanted);
  }

  /**
   * Node looks a host up before it binds, an IP address too. So the server does not listen yet when `listen` returns.
   */
  function resolveHost(server: AppServer, args: unknown[], wanted: Wanted): void {
    const dns: typeof Dns = require('node:dns');
    const id = (server._listeningId ?? 0) + 1;
    server._listeningId = id;
    if (wanted.callback) server.once('listening', wanted.callback);
    dns.lookup(wanted.host ?? '', (error, address) => {
      if (server._listeningId !== id) return; // closed, or listening elsewhere
      let answered = false;
      quietly(() => {
        answered = !error && answerAddress(server, { ...wanted, address, callback: undefined });
      });
      if (!answered)
        Reflect.apply(
          native,
          server,
          args.filter((arg) => typeof arg !== 'function'),
        );
    });
  }

  function answerAddress(server: AppServer, wanted: Wanted): boolean {
    if (isRouted(server, wanted)) {
      const other = [...registry.servers].find((served) => isBehind(placeOf(served)));
      if (other?.place?.port === wanted.port) return listenBeside(server, wanted, other.place);
      if (!other && orders.socket !== null) return listenForEdge(server, wanted, orders.socket);
      if (!other && listenForFront(server, wanted)) return true;
    }
    const door = isTaken(wanted) ? undefined : doors.find(wanted.port, meaning(wanted));
    if (door && listenOnDoor(server, wanted, door)) return true;
    serve(registry, server, { via: 'own', host: wanted.address, port: wanted.port }, settled);
    return false;
  }

  /** It is the one that gets the requests of the sites. */
  function isRouted(server: AppServer, wanted: Wanted): boolean {
    if ((orders.socket === null && orders.front === null) || isTls(server) || isClusterPrimary())
      return false;
    return orders.port === null ? isWeb(server) : wanted.port === orders.port;
  }

  function listenForEdge(server: AppServer, wanted: Wanted, path: string): boolean {
    fs.rmSync(path, { force: true }); // left behind by a process that was killed
    serve(registry, server, { via: 'socket', host: wanted.address, port: wanted.port }, settled);
    const { backlog, signal } = wanted;
    native.call(server, { path, ...(backlog && { backlog }), ...(signal && { signal }) }, wanted.callback);
    delete server._pipeName; // or address() would answer with it
    quietly(() => fs.chmodSync(path, 0o600));
    return true;
  }

  /** On the door that the server in front knows, whatever port the app means. */
  function listenForFront(server: AppServer, wanted: Wanted): boolean {
    const door = orders.front === null ? undefined : doors.find(orders.front, FRONT_HOST);
    const handle = door?.take();
    if (!door || !handle) return false;
    serve(registry, server, { via: 'front', host: wanted.address, port: wanted.port }, settled);
    adopt(server, wanted, handle);
    door.handOver();
    return true;
  }

  /**
   * The edge's socket stands for the port on all addresses: a second server on it hears nothing, or is refused as by
   * the kernel.
   */
  function listenBeside(server: AppServer, wanted: Wanted, other: Place): boolean {
    if (hostsCollide(other.host, wanted.address)) return refuse(server, wanted);
    const name = addressOf(wanted.address, wanted.port);
    adopt(server, wanted, silentHandle(name, !server._unref));
    return true;
  }

  /**
   * By another server of this process, on a door. Node's own bind then gives the EADDRINUSE that the app would get.
   */
  function isTaken({ address, port }: Wanted): boolean {
    return [...registry.servers].some((served) => {
      const place = placeOf(served);
      return place?.via === 'door' && place.port === port && hostsCollide(address, place.host);
    });
  }

  function listenOnDoor(server: AppServer, wanted: Wanted, door: Door): boolean {
    const asked = meaning(wanted);
    const isNarrower = isWithin(asked, door.host);
    if (isNarrower && isClusterPrimary()) return false; // the cluster would hear everything
    const handle = door.take();
    if (!handle) return false;
    const host = isEveryAddress(door.host) ? wanted.address : door.host;
    serve(registry, server, { via: 'door', host, port: wanted.port }, settled);
    adopt(server, wanted, handle);
    if (isNarrower) hearOnly(handle, (address) => hostsAgree(asked, address));
    door.handOver();
    return true;
  }

  net.Server.prototype.listen = listen as typeof net.Server.prototype.listen;
}

/** `localhost` is either loopback address, everything else the address that it was resolved to. */
function meaning({ host, address }: Wanted): string | null {
  return host === 'localhost' ? host : address;
}

/** What Node's own `listen` does around a handle. */
function adopt(server: AppServer, wanted: Wanted, handle: ListenHandle): void {
  if (wanted.callback) server.once('listening', wanted.callback);
  if (wanted.signal) closeOnAbort(server, wanted.signal);
  server._listeningId = (server._listeningId ?? 0) + 1;
  server._handle = handle;
  server._listen2(null, null, null, wanted.backlog ?? 0, undefined);
}

/**
 * The app runs `node:cluster` itself. A server in its primary may be the one that the workers' connections come
 * through: that can be a door, but not the edge's socket, because in the workers there is no guest to say who the
 * client is.
 */
function isClusterPrimary(): boolean {
  const cluster: typeof Cluster.default = require('node:cluster');
  return Object.keys(cluster.workers ?? {}).length > 0;
}

function refuse(server: AppServer, wanted: Wanted): boolean {
  const os: typeof Os = require('node:os');
  const { address, port } = addressOf(wanted.address, wanted.port);
  const error = Object.assign(new Error(`listen EADDRINUSE: address already in use ${address}:${port}`), {
    code: 'EADDRINUSE',
    errno: -os.constants.errno.EADDRINUSE,
    syscall: 'listen',
    address,
    port,
  });
  if (wanted.callback) server.once('listening', wanted.callback);
  process.nextTick(() => server.emit('error', error));
  return true;
}

/** As Node does with the `signal` option. */
function closeOnAbort(server: AppServer, signal: AbortSignal): void {
  const close = (): void => void server.close();
  if (signal.aborted) process.nextTick(close);
  signal.addEventListener('abort', close, { once: true });
  server.once('close', () => signal.removeEventListener('abort', close));
}

const exported = { answerListen };
export type ListenModule = typeof exported;
module.exports = exported;
