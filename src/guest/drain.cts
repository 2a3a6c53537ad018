/**
 * Draining: accept nothing new, finish what is open, and at the end close WebSockets properly. The app's servers stay
 * open in the app's eyes (see `stopAccepting`), because an app that sees 'close' may end itself with requests still
 * open.
 */
import type { Connection } from './connections.cts';
import type { HandlesModule } from './handles.cts';
import type { QuietlyModule } from './quietly.cts';
import type { Registry } from './served.cts';

const { stopAccepting }: HandlesModule = require('./handles.cjs');
const { quiet, quietly }: QuietlyModule = require('./quietly.cjs');

/** A connection without request is closed after this: a client that sends one before gets its answer. */
const IDLE_MS = 2000;
/**
 * A server in front knows nothing of the drain, and would lose what it sends in the moment of the close. It closes by itself what was
 * idle for `UPSTREAM_IDLE_MS` (daemon/front), which is less than half of this.
 */
const FRONT_IDLE_MS = 8000;
const LOOK_MS = 100;
/** How long a client may take to answer the close frame. */
const FAREWELL_MS = 1000;
/** Close, status 1012 "service restart" (RFC 6455 5.5.1 and the IANA registry), unmasked as servers send. */
const CLOSE_1012 = Buffer.from([0x88, 0x02, 0x03, 0xf4]);

interface Drain {
  /** Begins, or moves the end of a drain that goes on. `final`: WebSockets are closed at once. */
  start(timeoutMs: number, final: boolean): void;
  readonly done: boolean;
}

function createDrain(registry: Registry, drained: () => void): Drain {
  const { connections } = registry;
  let timer: NodeJS.Timeout | undefined;
  let endAt = 0;
  let noSuccessor = false;
  let done = false;

  function begin(): void {
    connections.draining = true;
    for (const { server, lent } of registry.servers) {
      quietly(() => (lent ? lent.close() : stopAccepting(server)));
    }
    for (const connection of connections.open) quietly(() => lastAnswer(connection));
    timer = setInterval(quiet(look), LOOK_MS).unref();
  }

  function look(): void {
    if (done) return;
    const now = performance.now();
    for (const connection of connections.open) {
      const isOver = now >= endAt || (noSuccessor && connection.webSocket);
      quietly(() => (isOver ? sayFarewell(connection) : closeWhenIdle(connection, now, noSuccessor)));
    }
    if (connections.open.length > 0) return;
    clearInterval(timer);
    done = true;
    drained();
  }

  return {
    start(timeoutMs, final) {
      endAt = performance.now() + timeoutMs;
      noSuccessor = final;
      if (done) drained();
      else if (!connections.draining) begin();
      setImmediate(quiet(look));
    },
    get done() {
      return done;
    },
  };
}

/** The answer that is being made, if its head is not out yet, says `Connection: close`. */
function lastAnswer({ socket }: Connection): void {
  const answer = socket._httpMessage;
  if (answer && !answer.headersSent) answer.shouldKeepAlive = false;
}

function closeWhenIdle(connection: Connection, now: number, noSuccessor: boolean): void {
  const { socket, session } = connection;
  if (session) {
    if (!session.closed) session.close(); // GOAWAY; ends when its streams have ended
    return;
  }
  if (!socket.parser) return; // a WebSocket, or not HTTP: until the end
  if (connection.quietSince === 0 || socket._httpMessage || socket.bytesRead !== connection.bytesRead) {
    connection.bytesRead = socket.bytesRead;
    connection.quietSince = now;
  } else if (now - connection.quietSince >= (connection.front && !noSuccessor ? FRONT_IDLE_MS : IDLE_MS)) {
    socket.destroySoon();
  }
}

function sayFarewell(connection: Connection): void {
  const { socket, session, webSocket } = connection;
  if (connection.leaving) return;
  connection.leaving = true;
  session?.destroy();
  // Bytes out and still open: the handshake was accepted. A refused one is on its way out.
  if (!webSocket || socket.bytesWritten === 0 || socket.writableEnded) {
    socket.destroy();
    return;
  }
  // The app may still write, not knowing that the line is closed; that must not become its uncaught exception.
  socket.on('error', () => {});
  socket.end(CLOSE_1012);
  setTimeout(() => socket.destroy(), FAREWELL_MS).unref();
}

const exported = { createDrain };
export type DrainModule = typeof exported;
export type { Drain };

module.exports = exported;
