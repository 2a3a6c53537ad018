// An ordinary Fastify app. `trustProxy` is not needed: the address is that of the client as it is.
import { setTimeout as sleep } from 'node:timers/promises';
import Fastify from 'fastify';

const app = Fastify({
  logger: true, // lines of JSON, which `hold logs` reads: level, time and message
  requestIdHeader: 'x-request-id', // the number that the edge gives a request, so that both logs say the same
});

app.get('/whoami', ({ ip, protocol }) => ({ pid: process.pid, ip, protocol }));
app.get('/healthz', () => 'ok\n');
app.get('/slow', async () => {
  await sleep(1000);
  return 'A reload waits for this answer\n';
});

await app.listen({ port: Number(process.env.PORT ?? 3000), host: '127.0.0.1' });

// This signal comes when the last request is answered. `close` runs your `onClose` hooks: databases, queues.
process.once('SIGTERM', () => app.close());
