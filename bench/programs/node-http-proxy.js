// A proxy as people write it with node:http: an agent with keep-alive, pipes both ways.
import { Agent, createServer, request } from 'node:http';

const ports = process.env.UPSTREAMS.split(',').map(Number);
const agent = new Agent({ keepAlive: true, maxSockets: 64 });
let next = 0;

createServer((req, res) => {
  const port = ports[next++ % ports.length];
  const forward = request({
    port,
    host: '127.0.0.1',
    method: req.method,
    path: req.url,
    headers: req.headers,
    agent,
  });
  forward.on('response', (answer) => {
    res.writeHead(answer.statusCode, answer.headers);
    answer.pipe(res);
  });
  forward.on('error', () => res.writeHead(502).end());
  req.pipe(forward);
}).listen(process.env.PORT, '127.0.0.1');
