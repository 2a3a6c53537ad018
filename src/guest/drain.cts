/**
 * Draining: accept nothing new, finish what is open, and at the end close WebSockets properly. The app's servers stay open
 * in the app's eyes (see `stopAccepting`), because an app that sees 'close' may end itself with requests still open.
 */
import type { HandlesModule } from './handles.cts';
import type { QuietlyModule } from './quietly.cts';
import type { Connection, Registry } from './served.cts';

const { stopAccepting }: HandlesModule = require('./handles.cjs');
const { quiet, quietly }: QuietlyModule = require('./quietly.cjs');

/** A connection without request is closed after this: a client that sends one before gets its answer. */
const IDLE_MS = 2000;
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
  let timer: NodeJS.Timeout | undefined;
  let endAt = 0;
  let cutAt: number | null = null;
  let done = false;

  function begin(): void {
    registry.draining = true;
    for (const { server, via } of registry.servers) if (via !== null) quietly(() => stopAccepting(server));
    for (const connection of registry.connections.values()) quietly(() => lastAnswer(connection));
    timer = setInterval(quiet(look), LOOK_MS).unref();
    setImmediate(quiet(look));
  }

  function look(): void {
    if (done) return;
    const now = performance.now();
    const connections = [...registry.connections.values()];
    if (cutAt === null && now >= endAt) {
      cutAt = now + FAREWELL_MS;
      for (const connection of connections) quietly(() => sayFarewell(connection));
    }
    for (const connection of connections) {
      if (cutAt !== null && now >= cutAt) connection.socket.destroy();
      else quietly(() => closeWhenIdle(connection, now));
    }
    if (registry.connections.size === 0) finish();
  }

  function finish(): void {
    clearInterval(timer);
    done = true;
    drained();
  }

  return {
    start(timeoutMs, final) {
      endAt = performance.now() + timeoutMs;
      if (done) drained();
      else if (!registry.draining) begin();
      if (!final) return;
      for (const connection of registry.connections.values()) {
        if (connection.webSocket) quietly(() => sayFarewell(connection));
      }
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

function closeWhenIdle(connection: Connection, now: number): void {
  const { socket, session } = connection;
  if (session) {
    if (!session.closed) session.close(); // GOAWAY; ends when its streams have ended
    return;
  }
  if (!socket.parser) return; // a WebSocket, or not HTTP: until the end
  if (connection.quietSince === 0 || socket._httpMessage || socket.bytesRead !== connection.bytesRead) {
    connection.bytesRead = socket.bytesRead;
    connection.quietSince = now;
  } else if (now - connection.quietSince >= IDLE_MS) {
    socket.destroySoon();
  }
}

function sayFarewell({ socket, session, webSocket }: Connection): void {
  if (session) session.destroy();
  // Bytes out and still open: the handshake was accepted. A refused one is on its way out.
  const open = webSocket && socket.bytesWritten > 0 && !socket.writableEnded;
  if (!open) {
    socket.destroy();
    return;
  }
  // The app may still write, not knowing that the line is closed; that must not become its uncaught exception.
  socket.on('error', () => {});
  socket.end(CLOSE_1012);
}

const exported = { createDrain };
export type DrainModule = typeof exported;
export type { Drain };

module.exports = exported;
