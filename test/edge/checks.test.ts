/** The edge asks servers that nobody supervises how they are. */
import assert from 'node:assert/strict';
import http2 from 'node:http2';
import type net from 'node:net';
import { test } from 'node:test';
import { upstreamDefaults } from '../../src/config/traffic-defaults.ts';
import { startEdge, tableOf, targetOf } from './edge-process.ts';
import { ask, startApp, until } from './support.ts';

test('a server that does not do well gets no requests until it does again', async (t) => {
  let status = 503;
  let hosts: (string | undefined)[] = [];
  const app = await startApp(t, (request, response) => {
    if (request.url === '/health') hosts.push(request.headers.host);
    response.writeHead(request.url === '/health' ? status : 200).end();
  });
  const streams = http2.createServer();
  let checked = 0;
  streams.on('stream', (stream, headers) => {
    if (headers[':path'] === '/health') checked++;
    stream.respond({ ':status': headers[':path'] === '/health' ? status : 200 }, { endStream: true });
  });
  let sessions = 0;
  streams.on('session', (session) => {
    sessions++;
    t.after(() => session.destroy());
  });
  await new Promise<void>((resolve) => streams.listen(0, '127.0.0.1', resolve));
  t.after(() => streams.close());
  const { port } = streams.address() as net.AddressInfo;
  const check = { path: '/health', everyMs: 200, timeoutMs: 5_000, failures: 1, successes: 1 };
  const hold = { timeoutMs: 0, maxWaiting: 0 };
  const h2 = { ...upstreamDefaults, protocol: 'h2c' } as const;
  const edge = await startEdge(
    t,
    tableOf({
      pools: {
        web: { targets: [targetOf('web#1', app.address)], check, hold },
        h2: { targets: [targetOf('h2#1', { host: '127.0.0.1', port })], check, hold, rules: h2 },
      },
      sites: [
        {
          host: '*',
          routes: [
            { prefix: '/', pool: 'web' },
            { prefix: '/h2', pool: 'h2' },
          ],
        },
      ],
    }),
  );
  const told = (text: string) => until(() => edge.stderr().includes(text), `the edge says: ${text}`);
  for (const id of ['web#1', 'h2#1']) await told(`${id} gets no requests: GET /health failed once`);
  for (const path of ['/', '/h2']) {
    const { status, headers } = await ask(edge.port, path);
    assert.deepEqual([status, headers['retry-after']], [503, '1']);
  }
  status = 200;
  hosts = hosts.slice(0, 1);
  for (const id of ['web#1', 'h2#1']) await told(`${id} gets requests again`);
  for (const path of ['/', '/h2']) assert.equal((await ask(edge.port, path)).status, 200);
  assert.equal(hosts[0], 'localhost');
  await until(() => checked > 3, 'it is asked again and again');
  assert.equal(sessions, 1, 'streams of one session are enough');
  edge.forgive();
});
