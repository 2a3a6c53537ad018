/**
 * Who the client is, on connections that come from the edge. The edge says so in the first field of every request head, and
 * is the only peer of that socket (it lies in a directory of mode 0700). One connection serves many clients, one request
 * at a time, so the socket answers for the client of the latest request.
 */
import type { AppRequest, AppSocket, Parser } from './node-internals.cts';
import type { WantedModule } from './wanted.cts';

const { isEveryAddress }: WantedModule = require('./wanted.cjs');

/** The same name as `CLIENT_FIELD` of the protocol; the guest imports nothing at run time. */
const CLIENT_FIELD = 'X-Holdfast-Client';

interface Client {
  readonly address: string;
  readonly port: number | undefined;
  readonly encrypted: boolean;
}

/** Before the first request, and for requests that name no client: the edge itself, on this machine. */
const NOBODY: Client = { address: '127.0.0.1', port: undefined, encrypted: false };

const CLIENT = Symbol('holdfast.client');
const SERVER = Symbol('holdfast.server');

interface Place {
  readonly host: string | null;
  readonly port: number;
}

type Named = AppSocket & { [CLIENT]: Client; [SERVER]: Place };

const getters = {
  remoteAddress: (socket: Named) => socket[CLIENT].address,
  remotePort: (socket: Named) => socket[CLIENT].port,
  remoteFamily: (socket: Named) => family(socket[CLIENT].address),
  // As on a plain socket, where it is absent, and as on a TLSSocket, where it is true.
  encrypted: (socket: Named) => socket[CLIENT].encrypted || undefined,
  localAddress,
  localPort: (socket: Named) => socket[SERVER].port,
  localFamily: (socket: Named) => family(localAddress(socket)),
};

const properties: PropertyDescriptorMap = {
  [CLIENT]: { value: NOBODY, writable: true },
  address: {
    value(this: Named) {
      const address = localAddress(this);
      return { address, family: family(address), port: this[SERVER].port };
    },
    writable: true,
    configurable: true,
  },
};
for (const [name, read] of Object.entries(getters)) {
  properties[name] = {
    get(this: Named) {
      return read(this);
    },
    configurable: true,
  };
}

/** Makes `socket` answer for the clients of the edge. `place` is what the app asked its server to listen on. */
function nameClients(socket: AppSocket, place: Place): void {
  Object.defineProperties(socket, properties);
  Object.defineProperty(socket, SERVER, { value: place });
}

/** Reads and removes the edge's field, before Node or the app has looked at the fields. */
function takeClient(socket: AppSocket, request: AppRequest, parser: Parser): void {
  const fields = request.rawHeaders;
  let client = NOBODY;
  if (fields[0] === CLIENT_FIELD) {
    client = parseClient(fields[1] ?? '');
    const rest = fields.slice(2);
    const most = parser.maxHeaderPairs ?? 0;
    request.rawHeaders = rest;
    request._addHeaderLines?.(rest, most > 0 ? Math.min(rest.length, most) : rest.length);
  }
  (socket as Named)[CLIENT] = client;
}

/** `<ip> <port> <http|https>` */
function parseClient(value: string): Client {
  const [address, port, scheme] = value.split(' ');
  if (!address) return NOBODY;
  return { address, port: Number(port) || undefined, encrypted: scheme === 'https' };
}

/** What a connection on this machine would show: the address that the app listens on, or the loopback of the client's kind. */
function localAddress(socket: Named): string {
  const { host } = socket[SERVER];
  if (host !== null && !isEveryAddress(host)) return host;
  return family(socket[CLIENT].address) === 'IPv6' ? '::1' : '127.0.0.1';
}

function family(address: string): 'IPv4' | 'IPv6' {
  return address.includes(':') ? 'IPv6' : 'IPv4';
}

const exported = { nameClients, takeClient };
export type IdentityModule = typeof exported;
module.exports = exported;
