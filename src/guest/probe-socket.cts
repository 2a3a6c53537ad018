/**
 * A unix socket on which this very instance can be asked how it is: its port may be shared with other instances, or with the
 * edge's. Connections to it are given to the app's own server, as if they had come in over its port from this machine.
 */
import type * as Fs from 'node:fs';
import type * as Net from 'node:net';
import type { GuestOrders } from '../protocol/link.ts' with { 'resolution-mode': 'import' };
import type { IdentityModule } from './identity.cts';
import type { AppSocket } from './node-internals.cts';
import type { QuietlyModule } from './quietly.cts';
import type { Registry, Served, ServedModule } from './served.cts';

const fs: typeof Fs = require('node:fs');
const net: typeof Net = require('node:net');
const { nameClients }: IdentityModule = require('./identity.cjs');
const { quiet, quietly }: QuietlyModule = require('./quietly.cjs');
const { isHttp, isTls, placeOf }: ServedModule = require('./served.cjs');

interface ProbeSocket {
  /** A server of the app listens, or no longer does. */
  look(): void;
  /** null while nobody can be asked. */
  readonly open: { readonly path: string; readonly tls: boolean } | null;
}

/** `opened` is called when there is a server to ask. */
function openProbeSocket(
  { path, port }: NonNullable<GuestOrders['probe']>,
  webPort: number | null,
  registry: Registry,
  opened: () => void,
): ProbeSocket {
  let open: ProbeSocket['open'] = null;
  let begun = false;

  /** Of several the one with the port that is asked for; else the app's web server, which is the first one. */
  function asked(): Served | undefined {
    const servers = [...registry.servers].filter((served) => placeOf(served) && isHttp(served.server));
    if (port !== null) return servers.find(({ place }) => place?.port === port);
    return servers.find(({ place }) => place?.port === webPort) ?? servers[0];
  }

  function listen(tls: boolean): void {
    fs.rmSync(path, { force: true });
    const server = net.createServer(
      // As Node's HTTP server makes its own.
      { allowHalfOpen: true, noDelay: true },
      quiet((socket) => {
        const served = asked();
        if (!served?.place) {
          socket.destroy();
          return;
        }
        // On the edge's socket every connection is named.
        if (served.place.via !== 'socket') nameClients(socket as AppSocket, served.place);
        // An error of the app's is the app's, also here.
        setImmediate(() => served.server.emit('connection', socket));
      }),
    );
    server.on('error', () => {});
    // The path is the daemon's, not one that `listen` of the guest is asked about.
    server.listen({ path }, () =>
      quietly(() => {
        fs.chmodSync(path, 0o600);
        open = { path, tls };
        opened();
      }),
    );
    server.unref();
  }

  return {
    look() {
      const served = asked();
      if (!served || begun) return;
      begun = true;
      listen(isTls(served.server));
    },
    get open() {
      return open;
    },
  };
}

const exported = { openProbeSocket };
export type ProbeSocketModule = typeof exported;
export type { ProbeSocket };

module.exports = exported;
