/**
 * Objects that stand in for a listening handle of Node while there is none to show: before an inherited socket is taken
 * into use, and after this process has stopped accepting though the app's server still believes that it listens.
 * `node:cluster` does the same in its workers, so `net.Server` is made for it.
 */
import type * as Net from 'node:net';
import type { Accept, AppServer, ListenHandle, SocketName } from './node-internals.cts';
import type { QuietlyModule } from './quietly.cts';

const net: typeof Net & { _createServerHandle?: CreateServerHandle } = require('node:net');
const { quiet, quietly }: QuietlyModule = require('./quietly.cjs');

/** The longest that a timer of Node takes. */
const LONG_MS = 2 ** 31 - 1;

type CreateServerHandle = (address: null, port: null, addressType: null, fd: number) => ListenHandle | number;

interface Inherited {
  readonly fd: number;
  readonly name: Required<SocketName>;
  /** The app asked for less than the socket is bound to: only connections to such an address are for it. */
  readonly only: ((localAddress: string) => boolean) | null;
  /** The server closed before it came to that; the fd is as it was. */
  readonly untouched: () => void;
}

/**
 * A handle that becomes the inherited socket one turn of the event loop after `listen`. Programs that try a port
 * (listen, close, and only then listen in earnest) would otherwise use the socket up: closing a handle closes its fd.
 */
function lateHandle(server: AppServer, inherited: Inherited): ListenHandle {
  let waiting: NodeJS.Immediate | undefined;
  let referenced = true;
  const late: ListenHandle = {
    listen(backlog) {
      waiting = setImmediate(quiet(() => activate(backlog)));
      return 0;
    },
    close() {
      clearImmediate(waiting);
      inherited.untouched();
    },
    ref() {
      referenced = true;
    },
    unref() {
      referenced = false;
    },
    hasRef: () => referenced,
    getsockname: (out) => answer(out, inherited.name),
  };

  function activate(backlog: number): void {
    if (server._handle !== late) return;
    const real = net._createServerHandle?.(null, null, null, inherited.fd);
    const error = typeof real === 'object' ? real.listen(backlog) : (real ?? -22);
    if (typeof real !== 'object' || error !== 0) {
      fail(server, inherited, error);
      return;
    }
    // `listen` has put on the handle what Node's accept callback needs: the owner (a symbol) and the callback.
    for (const symbol of Object.getOwnPropertySymbols(late)) {
      Reflect.set(real, symbol, Reflect.get(late, symbol));
    }
    if (late.onconnection) real.onconnection = narrowed(late.onconnection, inherited.only);
    if (!referenced) real.unref();
    server._handle = real;
  }

  return late;
}

/** Connections that the app did not ask for are closed unread, and the app never hears of them. */
function narrowed(accept: Accept, only: Inherited['only']): Accept {
  if (!only) return accept;
  return function (this: ListenHandle, status, client) {
    const name: SocketName = {};
    if (client?.getsockname(name) === 0 && !only(name.address?.replace(/^::ffff:/, '') ?? '')) client.close();
    else accept.call(this, status, client);
  };
}

function fail(server: AppServer, inherited: Inherited, errno: number): void {
  const text = `listen failed on the inherited socket ${inherited.fd} of port ${inherited.name.port}`;
  server._handle = null;
  server.emit('error', Object.assign(new Error(text), { errno, syscall: 'listen' }));
}

/** A handle that nothing ever connects to. */
function silentHandle(name: SocketName, holdsProcess: boolean): ListenHandle {
  const hold = setInterval(() => {}, LONG_MS);
  if (!holdsProcess) hold.unref();
  return {
    listen: () => 0,
    close: () => clearInterval(hold),
    ref: () => void hold.ref(),
    unref: () => void hold.unref(),
    hasRef: () => hold.hasRef(),
    getsockname: (out) => answer(out, name),
  };
}

/**
 * Stops accepting without the app noticing: its server still answers `listening` and `address()`, emits no 'close',
 * keeps the process alive as before, and closes without an error when the app closes it (on SIGTERM, say).
 */
function stopAccepting(server: AppServer): void {
  const handle = server._handle;
  if (!handle) return;
  const name: SocketName = {};
  quietly(() => handle.getsockname?.(name));
  const holdsProcess = handle.hasRef?.() ?? true;
  handle.close();
  server._handle = silentHandle(name, holdsProcess);
}

function answer(out: SocketName, name: SocketName): number {
  Object.assign(out, name);
  return 0;
}

const exported = { lateHandle, silentHandle, stopAccepting };
export type HandlesModule = typeof exported;
module.exports = exported;
