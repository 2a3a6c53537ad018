// What customers see: GET /apple
import { createServer } from 'node:http';
import { prices } from '@example/prices';

const server = createServer(({ url, socket }, response) => {
  if (url === '/whoami') {
    const protocol = socket.encrypted ? 'https' : 'http';
    return response.end(JSON.stringify({ pid: process.pid, ip: socket.remoteAddress, protocol }));
  }
  const price = prices.get(url.slice(1));
  response.statusCode = price === undefined ? 404 : 200;
  response.end(price === undefined ? 'We have no such thing\n' : `${price} cents\n`);
});

server.listen(process.env.PORT ?? 3000, () => console.log('The shop is open'));
process.once('SIGTERM', () => server.close());
