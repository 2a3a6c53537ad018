// Opens COUNT WebSockets to URL and says so; then, on each line of its input, measures ROUND_TRIPS on the first one.
import { createInterface } from 'node:readline';
import WebSocket from 'ws';

const { URL: url, COUNT: count, ROUND_TRIPS: trips } = process.env;
const open = () =>
  new Promise((resolve, reject) => {
    const socket = new WebSocket(url, { perMessageDeflate: false });
    socket.once('open', () => resolve(socket)).once('error', reject);
  });
const sockets = [];
while (sockets.length < Number(count)) sockets.push(...(await Promise.all(Array.from({ length: 50 }, open))));
const echo = () => new Promise((resolve) => sockets[0].once('message', resolve).send('x'.repeat(64)));

console.log('open');
for await (const _ of createInterface({ input: process.stdin })) {
  const times = [];
  for (let n = 0; n < Number(trips) + 500; n++) {
    const startedAt = performance.now();
    await echo();
    if (n >= 500) times.push(performance.now() - startedAt);
  }
  console.log((times.sort((a, b) => a - b)[times.length >> 1] * 1000).toFixed(1));
}
process.exit();
