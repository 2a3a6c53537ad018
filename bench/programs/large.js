// As app.js, with a large answer at /large, and it reads what is sent to it.
import { createServer } from 'node:http';

const body = 'x'.repeat(100);
const large = Buffer.alloc(5_000_000, 'x');
createServer((req, res) => {
  req.resume();
  if (req.url === '/large') res.end(large);
  else if (req.method === 'POST') req.on('end', () => res.end(body));
  else res.end(body);
}).listen(process.env.PORT, process.env.HOST);
