/** The load generators must see what goes wrong: nothing else here would notice if they did not. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { WebSocketServer } from 'ws';
import { cleanup, type Test } from './cleanup.ts';
import { startLoad, startWebSockets } from './load.ts';
import { freePort } from './ports.ts';
import { until } from './until.ts';

async function serve(t: Test, listener: RequestListener): Promise<{ server: Server; url: string }> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanup(t, () => {
    server.closeAllConnections();
    server.close();
  });
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` };
}

test('counts right answers, by the process that gave them', async (t) => {
  const { url } = await serve(t, (req, res) => res.end(`pid 42 ${req.url}`));
  const load = await startLoad(t, { url, expect: 'url', connections: 3 });
  const { ok, failed, byPid, connectionsOpened } = await load.stop();
  assert.ok(ok >= 3);
  assert.equal(failed, 0);
  assert.deepEqual(byPid, { 42: ok });
  assert.equal(connectionsOpened, 3);
});

test('opens a connection for each request without keep-alive', async (t) => {
  const { url } = await serve(t, (_req, res) => res.end('hi'));
  const load = await startLoad(t, { url, keepAlive: false, connections: 2 });
  const { requests, connectionsOpened } = await load.stop();
  assert.equal(connectionsOpened, requests);
});

const failures: [kind: string, listener: RequestListener][] = [
  ['status 502', (_req, res) => res.writeHead(502).end('bad gateway')],
  ['wrong body', (_req, res) => res.end('an answer to somebody else')],
  ['closed', (req) => req.socket.end()],
  ['reset', (req) => req.socket.resetAndDestroy()],
  ['timeout', () => {}],
  [
    'truncated',
    (req, res) => {
      res.writeHead(200, { 'content-length': 100 }).write('half', () => req.socket.destroy());
    },
  ],
];
for (const [kind, listener] of failures) {
  test(`sees an answer that is: ${kind}`, async (t) => {
    const { url } = await serve(t, listener);
    const load = await startLoad(t, { url, expect: 'url', connections: 2, timeoutMs: 500 });
    const report = await load.stop();
    assert.equal(report.ok, 0);
    assert.deepEqual(Object.keys(report.kinds), [kind]);
    assert.equal(report.failures[0]?.kind, kind);
  });
}

test('sees a refused connection', async (t) => {
  const load = await startLoad(t, { url: `http://127.0.0.1:${await freePort()}/`, connections: 2 });
  const { refused, failed, ok } = await load.stop();
  assert.deepEqual({ ok, failed }, { ok: 0, failed: refused });
  assert.ok(refused >= 2);
});

test('compares a body with its echo', async (t) => {
  const { url } = await serve(t, (req, res) => req.pipe(res));
  const load = await startLoad(t, { url, bodyBytes: 100_000, expect: 'body', connections: 2 });
  const { ok, failed } = await load.stop();
  assert.ok(ok >= 2);
  assert.equal(failed, 0);
});

test('WebSockets: echoes, lies and the codes with which they end', async (t) => {
  const { server, url } = await serve(t, (_req, res) => res.end());
  const sockets = new WebSocketServer({ server });
  cleanup(t, () => sockets.close());
  sockets.on('connection', (socket) => socket.on('message', (data) => socket.send(String(data))));
  const load = await startWebSockets(t, { url, count: 4, everyMs: 10 });
  await until(async () => (await load.report()).echoed > 20, { why: 'messages come back' });

  const [first, second, third] = sockets.clients;
  first?.close(1012);
  second?.terminate();
  third?.send('nobody said that');
  await until(async () => (await load.report()).closed.length === 2, { why: 'two are closed' });
  await until(async () => (await load.report()).wrong > 0, { why: 'a wrong echo is seen' });
  const { opened, openNow, closes } = await load.stop();
  assert.deepEqual({ opened, openNow, closes }, { opened: 4, openNow: 2, closes: { 1006: 1, 1012: 1 } });
});

test('WebSockets that nobody accepts are counted', async (t) => {
  const { url } = await serve(t, (_req, res) => res.writeHead(200).end());
  const load = await startWebSockets(t, { url, count: 2 });
  const { opened, notOpened } = await load.stop();
  assert.equal(opened, 0);
  assert.deepEqual(Object.values(notOpened), [2]);
});
