// Socket.IO with its defaults: polling first, then WebSockets. Nothing in here is about sticky sessions; the edge sees
// whose session a request belongs to.
import { createReadStream } from 'node:fs';
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import { Server } from 'socket.io';

const page = fileURLToPath(new URL('public/index.html', import.meta.url));
const server = createServer((_request, response) => {
  response.setHeader('Content-Type', 'text/html; charset=utf-8');
  createReadStream(page).pipe(response);
});
const io = new Server(server, { maxHttpBufferSize: 100_000 });

io.on('connection', (socket) => {
  socket.emit('whoami', { pid: process.pid, ip: socket.handshake.address, secure: socket.handshake.secure });
  socket.on('echo', (text, answer) => {
    if (typeof answer === 'function') answer(text);
  });
});

server.listen(process.env.PORT ?? 3000, () => console.log('Socket.IO listens'));

// Whoever is still connected is told to connect again, and finds another instance.
process.once('SIGTERM', () => io.close());
