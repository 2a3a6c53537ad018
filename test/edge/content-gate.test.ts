/** The gate of a site together with WebSockets, with TLS, and with what is open when something breaks. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdirSync, readlinkSync } from 'node:fs';
import https from 'node:https';
import { join } from 'node:path';
import { test } from 'node:test';
import { WebSocket, WebSocketServer } from 'ws';
import { noContent } from '../../src/config/content-defaults.ts';
import { hashPassword } from '../../src/kit/password.ts';
import { certificateFor, testCa } from '../support/certificates.ts';
import { contentEdge, filesDir, filesRoute } from './content-support.ts';
import { startEdge, tableOf } from './edge-process.ts';
import { ask, RawClient, until } from './support.ts';

test('a WebSocket needs the password, too, and gets its number', async (t) => {
  const users = { ann: await hashPassword('pw') };
  const content = { auth: { realm: 'x', users }, requestId: true, compress: true };
  const { port, app } = await contentEdge(t, { content });
  const server = new WebSocketServer({ server: app.server });
  t.after(() => server.close());
  server.on('connection', (socket, { headers }) => {
    socket.on('message', (data) => socket.send(`${headers['x-request-id']} ${data}`));
  });
  const refused = new WebSocket(`ws://127.0.0.1:${port}/`);
  const [error] = (await once(refused, 'error')) as [Error];
  assert.match(error.message, /401/);
  const headers = { Authorization: `Basic ${Buffer.from('ann:pw').toString('base64')}` };
  const socket = new WebSocket(`ws://127.0.0.1:${port}/`, { headers });
  t.after(() => socket.terminate());
  await once(socket, 'open');
  socket.send('hello');
  const [message] = await once(socket, 'message');
  assert.match(String(message), /^[0-9a-f-]{36} hello$/);
});

test('over TLS: https first, then the gate, and what is said of https on every answer', async (t) => {
  const root = filesDir(t, { 'a.txt': 'secret file' });
  const users = { ann: await hashPassword('pw') };
  const tls = { redirect: true, hstsSeconds: 60, clients: null };
  const content = { ...noContent, auth: { realm: 'x', users } };
  const sites = [{ host: 'a.test', routes: [{ prefix: '/', files: filesRoute(root) }], tls, content }];
  const edge = await startEdge(t, tableOf({ sites }), false, {
    certificates: [certificateFor(['a.test'], 'a.test')],
    clientAuthorities: {},
    ticketKeys: Buffer.alloc(48, 1).toString('base64'),
    challenges: { http: {}, alpn: [] },
  });
  const get = async (path: string, headers: Record<string, string> = {}) => {
    const request = https.get({
      host: '127.0.0.1',
      port: edge.port,
      servername: 'a.test',
      path,
      headers: { Host: 'a.test', ...headers },
      ca: testCa,
      agent: false,
    });
    const [response] = await once(request, 'response');
    let body = '';
    for await (const chunk of response.setEncoding('utf8')) body += chunk;
    return { status: response.statusCode, headers: response.headers, body };
  };
  const Authorization = `Basic ${Buffer.from('ann:pw').toString('base64')}`;
  for (const [path, headers, status] of [
    ['/a.txt', {}, 401],
    ['/a.txt', { Authorization }, 200],
    ['/none', { Authorization }, 404],
  ] as const) {
    const answer = await get(path, headers);
    assert.equal(answer.status, status);
    assert.equal(answer.headers['strict-transport-security'], 'max-age=60');
    assert.equal(answer.body === 'secret file', status === 200);
  }
});

test('files are closed, whoever leaves and whatever becomes of them', async (t) => {
  const big = Buffer.alloc(4 * 1024 * 1024, 'x');
  const root = filesDir(t, { 'big.txt': big, 'small.txt': 'x'.repeat(5_000) });
  const { port, edge } = await contentEdge(t, {
    content: { compress: true },
    routes: [{ prefix: '/', files: filesRoute(root) }],
  });
  const clients = ['', 'Accept-Encoding: br\r\n', 'Range: bytes=5-\r\n'].flatMap((field) =>
    Array.from({ length: 4 }, () => {
      const client = new RawClient(t, port);
      client.socket.pause();
      return client.write(`GET /big.txt HTTP/1.1\r\nHost: x\r\n${field}\r\n`);
    }),
  );
  await ask(port, '/big.txt', { method: 'HEAD' });
  await ask(port, '/big.txt', { headers: { 'If-None-Match': '*' } });
  for (const client of clients) client.socket.destroy();
  assert.equal((await ask(port, '/small.txt')).body.length, 5_000);
  if (process.platform !== 'linux') return;
  const fds = join('/proc', String(edge.child.pid), 'fd');
  const isFile = (fd: string) => {
    try {
      return readlinkSync(join(fds, fd)).startsWith(root);
    } catch {
      return false;
    }
  };
  await until(() => !readdirSync(fds).some(isFile), 'the edge has no file open any more');
});
