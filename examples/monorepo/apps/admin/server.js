// What only the people of the shop see: GET /admin/prices. The path arrives whole, with the part that led here.
import { createServer } from 'node:http';
import { prices } from '@example/prices';

const server = createServer(({ url }, response) => {
  response.statusCode = url === '/admin/prices' ? 200 : 404;
  response.setHeader('Content-Type', 'application/json');
  response.end(JSON.stringify(url === '/admin/prices' ? Object.fromEntries(prices) : { error: 'not found' }));
});

server.listen(process.env.PORT ?? 3001, () => console.log('Admin listens'));
process.once('SIGTERM', () => server.close());
