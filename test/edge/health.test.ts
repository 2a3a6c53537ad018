/** Instances that fail are left out, and apps that are full get no more than they can do. */
import assert from 'node:assert/strict';
import type http from 'node:http';
import { test } from 'node:test';
import { upstreamDefaults } from '../../src/config/traffic-defaults.ts';
import { startEdge, tableOf, targetOf } from './edge-process.ts';
import { ask, RawClient, startApp, startRawApp, until } from './support.ts';

test('an instance that fails again and again is left out, but not by its sessions, and comes back when it is well', async (t) => {
  let status = 503;
  let requests = 0;
  const bad = await startApp(t, (_, response) => {
    requests++;
    response.writeHead(status).end();
  });
  const good = await startApp(t, (_, response) => response.end());
  const targets = [targetOf('web.0#1', bad.address), targetOf('web.1#1', good.address)];
  const outliers = { failures: 3, ejectMs: 500, maxEjectMs: 500, maxShare: 0.5 };
  const rules = { ...upstreamDefaults, outliers };
  const edge = await startEdge(t, tableOf({ pools: { web: { targets, sticky: 'cookie', rules } } }));
  let cookie = '';
  while (!edge.stderr().includes('ejected')) {
    const { status, headers } = await ask(edge.port, '/');
    if (status === 503) cookie = headers['set-cookie']?.[0]?.split(';')[0] ?? '';
  }
  assert.match(
    edge.stderr(),
    /web\.0#1 is ejected for 0\.5 s after 3 failures in a row, the last: it answered 503/,
  );
  const { instances } = await edge.heard('traffic', ({ instances }) => instances.some((one) => one.ejected));
  assert.ok(instances.some(({ instance, counts }) => instance === 'web.0' && counts.ejections > 0));
  // By now it may be tried again; who lives there goes there anyhow.
  requests = 0;
  assert.equal((await ask(edge.port, '/', { headers: { Cookie: cookie } })).status, 503);
  assert.equal(requests, 1);
  status = 200;
  while (!edge.stderr().includes('web.0#1 is restored')) assert.ok((await ask(edge.port, '/')).status < 504);
  requests = 0;
  for (let i = 0; i < 4; i++) assert.equal((await ask(edge.port, '/')).status, 200);
  assert.ok(requests > 0, 'it has its share again');
});

test('the last instance is never left out', async (t) => {
  const bad = await startRawApp(t, (socket) => socket.on('data', () => socket.destroy()));
  const gone = targetOf('web.1#1', { path: '/nowhere/web.1.sock' });
  const outliers = { failures: 1, ejectMs: 60_000, maxEjectMs: 60_000, maxShare: 1 };
  const rules = { ...upstreamDefaults, outliers, retries: { share: 0, perSecond: 0 } };
  const targets = [targetOf('web.0#1', bad.address), gone];
  const edge = await startEdge(t, tableOf({ pools: { web: { targets, rules } } }));
  let asked = 0;
  bad.server.on('connection', () => asked++);
  for (let i = 0; i < 6; i++) assert.equal((await ask(edge.port, '/')).status, 502);
  assert.equal(asked, 6, 'one of the two is out, and the other is asked on');
});

test('an app gets no more requests at a time than it may have; some wait, the rest is told to come again', async (t) => {
  const held: http.ServerResponse[] = [];
  let most = 0;
  const app = await startApp(t, (_, response) => {
    most = Math.max(most, held.push(response));
  });
  const inFlight = { max: 3, maxWaiting: 5, timeoutMs: 10_000 };
  const pool = { targets: [targetOf('web.0#1', app.address)], rules: { ...upstreamDefaults, inFlight } };
  const edge = await startEdge(t, tableOf({ pools: { web: pool } }));
  // Far too much: all that neither goes in nor may wait is answered while the app has not answered anybody.
  const all = Array.from({ length: 40 }, () => ask(edge.port, '/'));
  const told = new Set<Awaited<ReturnType<typeof ask>>>();
  for (const one of all) void one.then((answer) => told.add(answer));
  await until(() => told.size === 32, 'what is too much has an answer');
  for (const { status, headers } of told) assert.deepEqual([status, headers['retry-after']], [503, '1']);
  // As long as the app works on, it works at its best.
  let served = 0;
  while (served < 8) {
    await until(() => held.length === Math.min(3, 8 - served), 'the next one comes in');
    held.shift()?.end();
    served++;
  }
  assert.equal((await Promise.all(all)).filter(({ status }) => status === 200).length, 8);
  assert.equal(most, 3);
});

test('an open WebSocket is no request in flight', async (t) => {
  const app = await startRawApp(t, (socket) => {
    socket.once('data', (bytes) => {
      const isUpgrade = String(bytes).includes('Upgrade');
      socket.write(
        isUpgrade
          ? 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
              'Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n'
          : 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n',
      );
    });
  });
  const inFlight = { max: 1, maxWaiting: 0, timeoutMs: 0 };
  const pool = { targets: [targetOf('web.0#1', app.address)], rules: { ...upstreamDefaults, inFlight } };
  const edge = await startEdge(t, tableOf({ pools: { web: pool } }));
  const open = async () => {
    const client = new RawClient(t, edge.port).write(
      'GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
        'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n',
    );
    await client.sees('HTTP/1.1 101 ');
  };
  await open();
  await open();
  assert.equal((await ask(edge.port, '/')).status, 200);
});
