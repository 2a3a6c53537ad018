/**
 * Answers `server.listen()` with the socket that Holdfast holds for this app. Only `net.Server.prototype.listen` is replaced, and
 * only calls for a TCP port that the daemon has orders about do anything else than before.
 */
import type * as Cluster from 'node:cluster';
import type * as Dns from 'node:dns';
import type * as Fs from 'node:fs';
import type * as Net from 'node:net';
import type * as Os from 'node:os';
import type { DoorOrder, GuestOrders } from '../protocol/link.ts' with { 'resolution-mode': 'import' };
import type { HandlesModule } from './handles.cts';
import type { AppServer } from './node-internals.cts';
import type { QuietlyModule } from './quietly.cts';
import type { Registry, Served, ServedModule } from './served.cts';
import type { Wanted, WantedModule } from './wanted.cts';

const fs: typeof Fs = require('node:fs');
const net: typeof Net = require('node:net');
const { lateHandle }: HandlesModule = require('./handles.cjs');
const { quietly }: QuietlyModule = require('./quietly.cjs');
const { forget, isActive, isHttp, isTls, serve }: ServedModule = require('./served.cjs');
const { addressOf, hostsAgree, hostsCollide, isEveryAddress, isIp, wantedAddress }: WantedModule =
  require('./wanted.cjs');

type Listen = (this: AppServer, ...args: unknown[]) => AppServer;

/** An inherited fd serves one listen: it is closed with the server. */
interface Door extends DoorOrder {
  used: boolean;
}

/** `settled` is called for each server that has listened on a TCP port for a turn of the event loop. */
function answerListen(orders: GuestOrders, registry: Registry, settled: (served: Served) => void): void {
  const native = net.Server.prototype.listen as Listen;
  const doors: Door[] = orders.doors.map((door) => ({ ...door, used: false }));

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
    if (!wanted || isClusterPrimary()) return false;
    if (belongsToEdge(server, wanted)) {
      const other = [...registry.servers].find((served) => served.via === 'socket' && isActive(served));
      if (!other) return listenForEdge(server, wanted, orders.socket ?? '');
      if (other.port === wanted.port && hostsCollide(other.host, wanted.host)) return refuse(server, wanted);
    }
    const door = findDoor(wanted, wanted.host);
    if (door) return listenOnDoor(server, wanted, door);
    if (mayMeanDoor(wanted)) return resolveFirst(server, args, wanted);
    listenNatively(server, wanted);
    return false;
  }

  function listenNatively(server: AppServer, { host, port }: Wanted): void {
    serve(registry, server, { via: 'own', host, port }, settled);
  }

  function belongsToEdge(server: AppServer, wanted: Wanted): boolean {
    if (orders.socket === null || isTls(server)) return false;
    return orders.port === null ? isHttp(server) : wanted.port === orders.port;
  }

  function listenForEdge(server: AppServer, wanted: Wanted, path: string): boolean {
    fs.rmSync(path, { force: true }); // left behind by a process that was killed
    serve(registry, server, { via: 'socket', host: wanted.host, port: wanted.port }, settled);
    const { backlog, signal } = wanted;
    native.call(server, { path, ...(backlog && { backlog }), ...(signal && { signal }) }, wanted.callback);
    delete server._pipeName; // or address() would answer with it
    quietly(() => fs.chmodSync(path, 0o600));
    return true;
  }

  /** The daemon may have passed several fds of one socket; the exact address goes before "all addresses, however written". */
  function findDoor(wanted: Wanted, host: string | null): Door | undefined {
    const fitting = doors.filter(
      (door) => !door.used && door.port === wanted.port && hostsAgree(host, door.host),
    );
    const inUse = [...registry.servers].some(
      (served) =>
        served.via === 'door' &&
        isActive(served) &&
        served.port === wanted.port &&
        hostsAgree(host, served.host),
    );
    if (inUse) return undefined; // Node's bind gives the EADDRINUSE that the app would get
    return fitting.find((door) => door.host === host) ?? fitting[0];
  }

  function listenOnDoor(server: AppServer, wanted: Wanted, door: Door): boolean {
    if (typeof server._listen2 !== 'function' || !fs.fstatSync(door.fd).isSocket()) return false;
    const host = isEveryAddress(wanted.host) ? wanted.host : door.host;
    serve(registry, server, { via: 'door', host, port: wanted.port }, settled);
    if (wanted.callback) server.once('listening', wanted.callback);
    if (wanted.signal) closeOnAbort(server, wanted.signal);
    door.used = true;
    server._listeningId = (server._listeningId ?? 0) + 1;
    server._handle = lateHandle(server, {
      fd: door.fd,
      name: addressOf(host, wanted.port),
      taken: () => {},
      untouched: () => {
        door.used = false;
      },
    });
    server._listen2(null, null, null, wanted.backlog ?? 0, door.fd);
    return true;
  }

  /** Whether `wanted` gives a name, and a door on that port is bound to one address, which the name may stand for. */
  function mayMeanDoor({ host, port }: Wanted): boolean {
    if (host === null || isIp(host) || host === 'localhost') return false;
    return doors.some((door) => !door.used && door.port === port && !isEveryAddress(door.host));
  }

  /** Node looks a host name up before it binds, too. */
  function resolveFirst(server: AppServer, args: unknown[], wanted: Wanted): boolean {
    const dns: typeof Dns = require('node:dns');
    const id = (server._listeningId ?? 0) + 1;
    server._listeningId = id;
    dns.lookup(wanted.host ?? '', (error, address) => {
      if (server._listeningId !== id) return; // closed, or listening elsewhere
      let answered = false;
      quietly(() => {
        const door = error ? undefined : findDoor(wanted, address);
        answered = door !== undefined && listenOnDoor(server, wanted, door);
      });
      if (answered) return;
      quietly(() => listenNatively(server, wanted));
      Reflect.apply(native, server, args);
    });
    return true;
  }

  net.Server.prototype.listen = listen as typeof net.Server.prototype.listen;
}

/** With workers in play, a server in the primary is the one that hands connections to them. */
function isClusterPrimary(): boolean {
  const cluster: typeof Cluster.default = require('node:cluster');
  return Object.keys(cluster.workers ?? {}).length > 0;
}

/** The unix socket stands for the port: a second server on it gets what the kernel would say. */
function refuse(server: AppServer, wanted: Wanted): boolean {
  const os: typeof Os = require('node:os');
  const { address, port } = addressOf(wanted.host, wanted.port);
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
