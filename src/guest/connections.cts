/**
 * The open connections of the app's servers: what they carry, and the place between Node's HTTP parser and Node's
 * HTTP server.
 */
import type { IdentityModule } from './identity.cts';
import type { AppRequest, AppSocket, Http2Session } from './node-internals.cts';
import type { QuietlyModule } from './quietly.cts';

const { takeClient }: IdentityModule = require('./identity.cjs');
const { quietly }: QuietlyModule = require('./quietly.cjs');

interface Connection {
  readonly socket: AppSocket;
  /** It is of a server in front that is not Holdfast's. */
  readonly front: boolean;
  /** Set when it speaks HTTP/2. */
  session: Http2Session | null;
  /** A request on it asked for a WebSocket and left HTTP. */
  webSocket: boolean;
  /** Drain: it is being closed. */
  leaving: boolean;
  /** Drain: bytes read when it was last looked at, and when that changed (0 = never looked at). */
  bytesRead: number;
  quietSince: number;
}

class Connections {
  /** Answers say that their connection closes. */
  draining = false;
  readonly #all = new Map<object, Connection>();
  #sweepAt = 1024;

  /** Those that are still this process's. */
  get open(): Connection[] {
    this.#sweep();
    return [...this.#all.values()];
  }

  add(socket: AppSocket, front: boolean): Connection {
    // A TLS server emits twice: for the TCP socket, then for the TLSSocket on top of it.
    if (socket._parent) this.#all.delete(socket._parent);
    const connection = {
      socket,
      front,
      session: null,
      webSocket: false,
      leaving: false,
      bytesRead: 0,
      quietSince: 0,
    };
    this.#all.set(socket, connection);
    socket.once('close', () => this.#all.delete(socket));
    if (this.#all.size >= this.#sweepAt) {
      this.#sweep();
      this.#sweepAt = Math.max(1024, this.#all.size * 2);
    }
    return connection;
  }

  /** Reads along with Node's HTTP server, once Node has attached its parser to the socket. */
  attach(connection: Connection, fromEdge: boolean): void {
    const { socket } = connection;
    const { parser } = socket;
    const onIncoming = parser?.onIncoming;
    if (!parser || typeof onIncoming !== 'function') return;
    parser.onIncoming = (request: AppRequest, keepAlive: boolean) => {
      if (fromEdge) quietly(() => takeClient(socket, request, parser));
      const answer = onIncoming(request, keepAlive && !this.draining);
      if (request.upgrade) connection.webSocket = request.headers.upgrade?.toLowerCase() === 'websocket';
      return answer;
    };
  }

  /** A socket that was sent to another process never closes here; it has lost its handle. */
  #sweep(): void {
    for (const socket of this.#all.keys()) if (!(socket as AppSocket)._handle) this.#all.delete(socket);
  }
}

const exported = { Connections };
export type ConnectionsModule = typeof exported;
export type { Connection, Connections };

module.exports = exported;
