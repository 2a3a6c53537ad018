// The Node half: everything that does not begin with /python/.
import { createServer } from 'node:http';

const server = createServer(({ url, socket }, response) => {
  if (url !== '/whoami') return response.end('Node answers here, Python at /python/whoami\n');
  const protocol = socket.encrypted ? 'https' : 'http';
  response.end(JSON.stringify({ pid: process.pid, ip: socket.remoteAddress, protocol }));
});

server.listen(process.env.PORT ?? 3000, () => console.log('Node listens'));
process.once('SIGTERM', () => server.close());
