/** The forward proxy: who asks, may it, and the way there. */
import http from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { egressFields } from '../protocol/egress.ts';
import { type Destination, parseAuthority } from './address.ts';
import type { Counts } from './counts.ts';
import { DialError, type DialOptions, dial, KEEP_ALIVE_MS } from './dial.ts';
import { answer, forward, forwardUpgrade, parseTarget, type Target } from './forward.ts';
import type { Permits } from './policy.ts';
import { Tickets } from './tickets.ts';
import { join } from './tunnel.ts';

export interface Client {
  readonly app: string;
  readonly permits: Permits;
}

export interface ProxyOptions {
  /** By the value of Proxy-Authorization; undefined: nobody that we know. */
  identify(authorization: string | undefined): Client | undefined;
  readonly counts: Counts;
  /** Told of every connection that was made. */
  connected?(app: string, to: Destination): void;
  readonly dial: DialOptions;
  readonly limits: ProxyLimits;
}

export interface ProxyLimits {
  /** Open connections of all clients, and through the proxy for one app. */
  readonly connections: number;
  readonly connectionsPerApp: number;
  /** For a request's head. */
  readonly headTimeoutMs: number;
}

export const proxyLimits: ProxyLimits = {
  connections: 10_000,
  connectionsPerApp: 5000,
  headTimeoutMs: 15_000,
};

const HEAD_MAX = 16 * 1024;
const IDLE_MS = 65_000;

interface Refused {
  readonly status: number;
  readonly reason: string;
  readonly fields: Readonly<Record<string, string>>;
}

export class ForwardProxy {
  readonly server: http.Server;
  readonly #options: ProxyOptions;
  readonly #tickets = new Tickets();
  /** Connections that are being made, by app. */
  readonly #dialing = new Map<string, number>();
  /** Everything that clients have open, to wait for or to end. */
  readonly #sockets = new Set<Socket>();

  constructor(options: ProxyOptions) {
    this.#options = options;
    const { connections, headTimeoutMs } = options.limits;
    this.server = http.createServer({
      maxHeaderSize: HEAD_MAX,
      headersTimeout: headTimeoutMs,
      // An upload may take as long as it takes.
      requestTimeout: 0,
      connectionsCheckingInterval: Math.min(1000, headTimeoutMs),
      keepAliveTimeout: IDLE_MS,
      insecureHTTPParser: false,
      requireHostHeader: true,
    });
    this.server.maxConnections = connections;
    this.server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.setKeepAlive(true, KEEP_ALIVE_MS);
      socket.once('close', () => this.#sockets.delete(socket));
    });
    this.server.on('request', (request, response) => orDestroy(response, this.#request(request, response)));
    this.server.on('connect', (request, client, head) =>
      orDestroy(client, this.#connect(request, client, head)),
    );
    this.server.on('upgrade', (request, client, head) =>
      orDestroy(client, this.#upgrade(request, client, head)),
    );
    this.server.on('clientError', (_error, client) => {
      if (client.writable)
        client.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
      else client.destroy();
    });
  }

  /** A connection that came in elsewhere than at `server`. */
  accept(socket: Socket): void {
    if (this.open >= this.#options.limits.connections) socket.destroy();
    else this.server.emit('connection', socket);
  }

  get open(): number {
    return this.#sockets.size;
  }

  /** Ends what idles; `force` also what does not. */
  close(force: boolean): void {
    this.server.close();
    this.server.closeIdleConnections();
    if (force) for (const socket of this.#sockets) socket.destroy();
  }

  async #request(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const found = this.#admit(request, () => parseTarget(request.url ?? ''));
    if ('status' in found) return answer(response, found.status, found.reason, found.fields);
    const upstream = await this.#dial(found.client, found.to, response);
    if ('status' in upstream) return answer(response, upstream.status, upstream.reason, upstream.fields);
    forward(request, response, found.to, upstream);
  }

  async #connect(request: http.IncomingMessage, client: Duplex, head: Buffer): Promise<void> {
    client.on('error', () => client.destroy());
    const ticket = request.headers[egressFields.ticket];
    const found = this.#admit(request, () => parseAuthority(request.url ?? ''));
    if ('status' in found) return say(client, found);
    if (typeof ticket === 'string') {
      const reserved = this.#tickets.take(found.client.app, ticket);
      if (!reserved) return void client.destroy();
      // Not a word: the client's TLS reads already.
      return join(client, reserved, head);
    }
    const upstream = await this.#dial(found.client, found.to, client);
    if ('status' in upstream) return say(client, upstream);
    if (request.headers[egressFields.reserve] === undefined) {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n');
      return join(client, upstream, head);
    }
    const fields = {
      [egressFields.ticket]: this.#tickets.give(found.client.app, upstream),
      [egressFields.address]: `${upstream.remoteAddress}`,
    };
    say(client, { status: 200, reason: 'reserved', fields });
  }

  async #upgrade(request: http.IncomingMessage, client: Duplex, head: Buffer): Promise<void> {
    client.on('error', () => client.destroy());
    const found = this.#admit(request, () => parseTarget(request.url ?? ''));
    if ('status' in found) return say(client, found);
    const upstream = await this.#dial(found.client, found.to, client);
    if ('status' in upstream) return say(client, upstream);
    forwardUpgrade(request, client, head, found.to, upstream);
  }

  /** Who asks, and for what. */
  #admit<T extends Destination | Target>(
    request: http.IncomingMessage,
    parse: () => T | undefined,
  ): { client: Client; to: T } | Refused {
    const client = this.#options.identify(request.headers['proxy-authorization']);
    if (!client) {
      return refused(407, 'this proxy is for the apps of Holdfast, which have a password for it', {
        'Proxy-Authenticate': 'Basic realm="holdfast"',
      });
    }
    const to = parse();
    if (!to)
      return refused(
        400,
        `this is a proxy, and "${request.method} ${request.url?.slice(0, 200)}" is nothing to ask a proxy`,
      );
    return { client, to };
  }

  async #dial(
    { app, permits }: Client,
    to: Destination,
    client: Duplex | http.ServerResponse,
  ): Promise<Socket | Refused> {
    const { counts, limits } = this.#options;
    const dialing = this.#dialing.get(app) ?? 0;
    if (counts.openOf(app) + dialing >= limits.connectionsPerApp) {
      counts.failed(app, to);
      return refused(503, `"${app}" has ${limits.connectionsPerApp} connections open already`, {
        [egressFields.code]: 'EMFILE',
        'Retry-After': '1',
      });
    }
    const gone = new AbortController();
    const abort = () => gone.abort();
    client.once('close', abort);
    this.#dialing.set(app, dialing + 1);
    try {
      const socket = await dial(permits, to, gone.signal, this.#options.dial);
      counts.connected(app, to, socket);
      this.#options.connected?.(app, to);
      return socket;
    } catch (error) {
      if (!(error instanceof DialError)) throw error;
      if (error.isDenied) counts.denied(app, to, error.message);
      else counts.failed(app, to);
      return refused(statusOf(error), error.message, {
        [egressFields.code]: error.code,
        ...(error.address !== null && { [egressFields.address]: error.address }),
      });
    } finally {
      const left = (this.#dialing.get(app) ?? 1) - 1;
      if (left > 0) this.#dialing.set(app, left);
      else this.#dialing.delete(app);
      client.removeListener('close', abort);
    }
  }
}

/** Whatever goes wrong with one request is the end of that one alone. */
function orDestroy(client: Duplex | http.ServerResponse, done: Promise<void>): void {
  done.catch(() => client.destroy());
}

function statusOf({ isDenied, code }: DialError): number {
  if (isDenied) return 403;
  return code === 'ETIMEDOUT' || code === 'EAI_AGAIN' ? 504 : 502;
}

function refused(status: number, reason: string, fields: Readonly<Record<string, string>> = {}): Refused {
  return { status, reason, fields };
}

function say(client: Duplex, { status, reason, fields }: Refused): void {
  const text = `Holdfast: ${reason}\n`;
  const lines = Object.entries({ 'Content-Length': Buffer.byteLength(text), ...fields, Connection: 'close' });
  const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  client.end(`HTTP/1.1 ${status} ${http.STATUS_CODES[status] ?? ''}\r\n${head}\r\n${text}`);
}
