// The npm package http-proxy, with the keep-alive agent that its users are advised to add.
import { Agent, createServer } from 'node:http';
import httpProxy from 'http-proxy';

const ports = process.env.UPSTREAMS.split(',');
const proxy = httpProxy.createProxyServer({
  agent: new Agent({ keepAlive: true, maxSockets: 64 }),
  ws: true,
});
let next = 0;

const target = () => ({ target: `http://127.0.0.1:${ports[next++ % ports.length]}` });
proxy.on('error', (_error, _req, res) => res.destroy());
createServer((req, res) => proxy.web(req, res, target()))
  .on('upgrade', (req, socket, head) => proxy.ws(req, socket, head, target()))
  .listen(process.env.PORT, '127.0.0.1');
