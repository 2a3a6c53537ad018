// A chat: Express, Socket.IO and a plain WebSocket endpoint, in one process and on one HTTP server.
//
//   node server.js               one instance on port 3000
//   PORT=3001 node server.js     a second one; it finds the first by itself
//
// There is nothing about Holdfast in here. Under Holdfast the same file runs several times behind one port.
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import express from 'express';
import { Server } from 'socket.io';
import { Bus, busDirectory } from './bus.js';
import { clusterAdapter } from './cluster-adapter.js';
import { Room } from './room.js';
import { createWsApp } from './wsapp.js';

const port = process.env.PORT || 3000;
const { HOLDFAST_APP, HOLDFAST_INSTANCE } = process.env;
const instance = HOLDFAST_INSTANCE ? `${HOLDFAST_APP}.${HOLDFAST_INSTANCE}` : `port ${port}`;

const app = express();
app.disable('x-powered-by');
app.use((_request, response, next) => {
  response.set({
    'Content-Security-Policy': "default-src 'self'; connect-src 'self' ws: wss:; frame-ancestors 'none'",
    'X-Content-Type-Options': 'nosniff',
    'X-Instance': instance,
  });
  next();
});
app.get('/healthz', (_request, response) => response.send('ok\n'));
app.get('/whoami', (_request, response) => response.json({ instance, pid: process.pid }));
app.use(express.static(fileURLToPath(new URL('public', import.meta.url))));

const server = createServer(app);
const bus = new Bus({ directory: busDirectory(), greeting: () => room.snapshot() });
const io = new Server(server, { adapter: clusterAdapter(bus), destroyUpgrade: false });
const room = new Room(bus);
const wsapp = createWsApp({ bus, instance });

server.on('upgrade', (request, socket, head) => {
  const [path] = request.url.split('?');
  if (path === '/wsapp/' || path === '/wsapp') wsapp.handleUpgrade(request, socket, head);
  else if (!path.startsWith('/socket.io/')) socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\n');
});

room.on('people', (people) => io.local.emit('people', people));

io.on('connection', (socket) => {
  const { name, since } = socket.handshake.auth;
  socket.emit('welcome', { instance, pid: process.pid, missed: room.messagesAfter(since) });
  room.enter(socket.id, { name: cleanName(name), instance });
  socket.on('disconnect', () => room.leave(socket.id));
  socket.on('rename', (newName) => room.enter(socket.id, { name: cleanName(newName), instance }));

  // The page repeats a message until it is acknowledged, perhaps to another instance: the id tells a repetition.
  socket.on('say', (said, acknowledge) => {
    const { id, text } = said ?? {};
    if (isText(id, 64) && isText(text, 2000) && !room.knows(id)) {
      const message = { id, time: Date.now(), name: room.nameOf(socket.id), instance, text: text.trim() };
      room.remember(message);
      io.emit('message', message);
    }
    if (typeof acknowledge === 'function') acknowledge();
  });
});

/** What people call themselves, in a length that fits the page. */
function cleanName(name) {
  return isText(name, 24) ? name.trim() : 'Somebody';
}

/** What comes from a browser may be anything. */
function isText(value, maxLength) {
  return typeof value === 'string' && value.trim() !== '' && value.length <= maxLength;
}

/** Finishes what is running and tells everybody to connect again; they land on another instance. */
async function shutDown() {
  setTimeout(() => process.exit(1), 5000).unref();
  wsapp.close();
  await io.close(); // closes the HTTP server too
  await bus.close();
}
process.once('SIGTERM', shutDown);
process.once('SIGINT', shutDown);

// First meet the other instances, then take visitors: so none of them misses a message.
await bus.start();
server.listen(port, () =>
  console.log(`${instance} is ready (pid ${process.pid}), ${bus.size} other instances`),
);
