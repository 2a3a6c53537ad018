/**
 * Stand-ins for a listening handle of Node, for servers of the app that believe that they listen. `node:cluster` does
 * the same in its workers, so `net.Server` is made for it. And handles that hear only part of what comes.
 */
import type { Accept, AppServer, ListenHandle, SocketName } from './node-internals.cts';
import type { QuietlyModule } from './quietly.cts';

const { quietly }: QuietlyModule = require('./quietly.cjs');

/** The longest that a timer of Node takes. */
const LONG_MS = 2 ** 31 - 1;

/** A handle that nothing ever connects to. Like a real one it keeps the process alive, unless it is unref'ed. */
function silentHandle(name: SocketName, holdsProcess: boolean): ListenHandle {
  const hold = setInterval(() => {}, LONG_MS);
  if (!holdsProcess) hold.unref();
  return {
    listen: () => 0,
    close: () => clearInterval(hold),
    ref: () => void hold.ref(),
    unref: () => void hold.unref(),
    hasRef: () => hold.hasRef(),
    getsockname(out) {
      Object.assign(out, name);
      return 0;
    },
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

/** Connections to other local addresses are closed unread, and the app never hears of them. */
function hearOnly(handle: ListenHandle, isWanted: (localAddress: string) => boolean): void {
  const accept: Accept | undefined = handle.onconnection;
  handle.onconnection = function (this: ListenHandle, status, client) {
    const name: SocketName = {};
    client?.getsockname(name);
    if (name.address && !isWanted(name.address.replace(/^::ffff:/, ''))) client?.close();
    else accept?.call(this, status, client);
  };
}

const exported = { silentHandle, stopAccepting, hearOnly };
export type HandlesModule = typeof exported;
module.exports = exported;
