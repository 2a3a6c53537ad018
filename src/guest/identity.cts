/**
 * Who the client is, on connections that come from the edge. The edge says so in the first field of every request
 * head, and is the only peer of that socket (it lies in a directory of mode 0700). One connection serves many
 * clients, one request at a time, so the socket answers for the client of the latest request.
 */
import type { AppRequest, AppSocket, Parser } from './node-internals.cts';
import type { WantedModule } from './wanted.cts';

const { isEveryAddress }: WantedModule = require('./wanted.cjs');

/** The same name as `CLIENT_FIELD` of the protocol; the guest imports nothing at run time. */
const CLIENT_FIELD = 'X-Holdfast-Client';

/**
 * What the edge said: `<ip> <port> <http|https>`. Kept as it came and read when the app asks, which costs less than
 * to take it apart for every request.
 */
type Client = string;

/** Before the first request, and for requests that name no client: the edge itself, on this machine. */
const NOBODY: Client = '127.0.0.1 0 http';

const CLIENT = Symbol('holdfast.client');
const PLACE = Symbol('holdfast.place');

/** What the app asked its server to listen on; null = all addresses. */
interface Place {
  readonly host: string | null;
  readonly port: number;
}

type Named = AppSocket & { [CLIENT]: Client; [PLACE]: Place };

const getters = {
  remoteAddress: (socket: Named) => addressOf(socket[CLIENT]),
  remotePort: (socket: Named) => Number(socket[CLIENT].split(' ')[1]) || undefined,
  remoteFamily: (socket: Named) => family(addressOf(socket[CLIENT])),
  // As on a plain socket, where it is absent, and as on a TLSSocket, where it is true.
  encrypted: (socket: Named) => socket[CLIENT].endsWith(' https') || undefined,
  localAddress,
  localPort: (socket: Named) => socket[PLACE].port,
  localFamily: (socket: Named) => family(localAddress(socket)),
};

const properties: PropertyDescriptorMap = {
  [CLIENT]: { value: NOBODY, writable: true },
  address: {
    value(this: Named) {
      const address = localAddress(this);
      return { address, family: family(address), port: this[PLACE].port };
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
/** Unlike the others this is no property of a plain socket, and some programs set it. */
Object.assign(properties.encrypted ?? {}, {
  set(this: Named, value: unknown) {
    Object.defineProperty(this, 'encrypted', { value, writable: true, configurable: true, enumerable: true });
  },
});

/** Makes `socket` answer for the clients of the edge. `place` is what the app asked its server to listen on. */
function nameClients(socket: AppSocket, place: Place): void {
  Object.defineProperties(socket, properties);
  Object.defineProperty(socket, PLACE, { value: place });
}

/** Reads and removes the edge's field, before Node or the app has looked at the fields. */
function takeClient(socket: AppSocket, request: AppRequest, parser: Parser): void {
  const fields = request.rawHeaders;
  let client = NOBODY;
  if (fields[0] === CLIENT_FIELD) {
    client = fields[1] ?? NOBODY;
    dropFirst(request, parser.maxHeaderPairs ?? 0);
  }
  (socket as Named)[CLIENT] = client;
}

function dropFirst(request: AppRequest, most: number): void {
  if (typeof request._addHeaderLines !== 'function') return; // then the app sees the field; nothing worse
  const rest = request.rawHeaders.slice(2);
  request._addHeaderLines(rest, most > 0 ? Math.min(rest.length, most) : rest.length);
}

function addressOf(client: Client): string {
  return client.slice(0, client.indexOf(' '));
}

/**
 * What a connection on this machine would show: the address that the app listens on, or the loopback of the client's
 * kind.
 */
function localAddress(socket: Named): string {
  const { host } = socket[PLACE];
  if (host !== null && !isEveryAddress(host)) return host;
  return family(addressOf(socket[CLIENT])) === 'IPv6' ? '::1' : '127.0.0.1';
}

function family(address: string): 'IPv4' | 'IPv6' {
  return address.includes(':') ? 'IPv6' : 'IPv4';
}

const exported = { nameClients, takeClient };
export type IdentityModule = typeof exported;
module.exports = exported;
