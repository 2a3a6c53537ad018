// Plain WebSockets: what is said comes back. The rest is what an open door to the internet needs.
import { createServer } from 'node:http';
import { WebSocketServer } from 'ws';

const PING_MS = 30_000;
const SERVICE_RESTART = 1012;

const server = createServer((_request, response) => response.end('Connect a WebSocket to /live\n'));
const sockets = new WebSocketServer({ server, path: '/live', maxPayload: 100_000, verifyClient: isOurPage });

sockets.on('connection', (socket, { socket: { remoteAddress, encrypted } }) => {
  socket.isAlive = true;
  socket.on('pong', () => {
    socket.isAlive = true;
  });
  socket.on('error', () => socket.terminate());
  socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
  socket.send(
    JSON.stringify({ pid: process.pid, ip: remoteAddress, protocol: encrypted ? 'https' : 'http' }),
  );
});

/** Browsers let any page of the web open a WebSocket here, with our cookies; only the origin tells. */
function isOurPage({ origin, req }) {
  return origin === undefined || (URL.canParse(origin) && new URL(origin).host === req.headers.host);
}

/** A client that is gone without a word, as a telephone in a tunnel, is noticed when it does not answer. */
const pings = setInterval(() => {
  for (const socket of sockets.clients) {
    if (!socket.isAlive) socket.terminate();
    socket.isAlive = false;
    if (socket.readyState === socket.OPEN) socket.ping();
  }
}, PING_MS);

server.listen(process.env.PORT ?? 3000, () => console.log('ws listens'));

process.once('SIGTERM', () => {
  clearInterval(pings);
  for (const socket of sockets.clients) socket.close(SERVICE_RESTART);
  server.close();
});
