// The app behind every proxy: as little work as node:http allows.
import { createServer } from 'node:http';

const body = 'x'.repeat(100);
createServer((_req, res) => {
  res.writeHead(200, { 'content-type': 'text/plain', 'content-length': body.length });
  res.end(body);
}).listen(process.env.PORT, process.env.HOST);
