/** What goes through the proxy's tunnels whole, and what bad clients and bad servers cannot do to it. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import http2 from 'node:http2';
import net from 'node:net';
import { test } from 'node:test';
import tls from 'node:tls';
import WebSocket, { WebSocketServer } from 'ws';
import { exchange } from '../guest/ask.ts';
import { pem, testCa } from '../support/certificates.ts';
import { cleanup, type Test } from '../support/cleanup.ts';
import { until } from '../support/until.ts';
import { BASIC, here, mirror, startProxy, startServer } from './support.ts';

const auth = `Proxy-Authorization: ${BASIC}\r\n`;

async function tunnel(t: Test, port: number, to: string): Promise<net.Socket> {
  const socket = net.connect({ host: '127.0.0.1', port, allowHalfOpen: true });
  t.after(async () => void socket.destroy());
  socket.on('error', () => undefined);
  socket.write(`CONNECT ${to} HTTP/1.1\r\nHost: ${to}\r\n${auth}\r\n`);
  assert.match(String((await once(socket, 'data'))[0]), /^HTTP\/1\.1 200 /);
  return socket;
}

test('WebSockets, and HTTP/2 over TLS, go through a tunnel as they are', async (t) => {
  const { port } = await startProxy(t, [here(null)]);
  const server = mirror();
  new WebSocketServer({ server }).on('connection', (socket) =>
    socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary })),
  );
  const plain = `127.0.0.1:${await startServer(t, server)}`;
  const through = await tunnel(t, port, plain);
  const socket = new WebSocket(`ws://${plain}/`, { createConnection: () => through });
  await once(socket, 'open');
  const big = Buffer.alloc(300_000, 7);
  socket.send(big);
  assert.ok(((await once(socket, 'message'))[0] as Buffer).equals(big));
  socket.close(4000, 'bye');
  assert.equal((await once(socket, 'close'))[0], 4000);

  const secure = http2.createSecureServer({ cert: pem('a.test.pem'), key: pem('a.test.key') });
  secure.on('stream', (stream, headers) => stream.end(`you came for ${headers[':path']}`));
  const to = `127.0.0.1:${await startServer(t, secure)}`;
  const below = await tunnel(t, port, to);
  const options = { socket: below, servername: 'a.test', ca: testCa, ALPNProtocols: ['h2'] };
  const session = http2.connect('https://a.test', { createConnection: () => tls.connect(options) });
  t.after(async () => session.destroy());
  const said = await Promise.all(
    ['/one', '/two', '/three'].map(async (path) => {
      const stream = session.request({ ':path': path }).setEncoding('utf8');
      let text = '';
      for await (const piece of stream) text += piece;
      return text;
    }),
  );
  assert.deepEqual(said, ['you came for /one', 'you came for /two', 'you came for /three']);
});

test('floods of fields, huge names and destinations that mean nothing are refused, and cost nothing', async (t) => {
  const origin = await startServer(t, mirror());
  const { port, proxy, counts } = await startProxy(t, [here(null), { kind: 'host', host: '*', port: null }], {
    limits: { headTimeoutMs: 300 },
  });
  const name = 'a'.repeat(60);
  const long = `${`${name}.`.repeat(5)}example`;
  for (const to of [
    `${long}:443`,
    `${'a'.repeat(64)}.example:443`,
    '127.0.0.1:0',
    '127.0.0.1:65536',
    '127.0.0.1:-1',
    '127.0.0.1:80:80',
    '127.0.0.1:+80',
    '0177.0.0.1:80',
    '127.1:80',
    '[::1:80',
    '[::1%25lo]:80',
    'user@127.0.0.1:80',
    'a..b:80',
    '.:80',
    '*:80',
    '/:80',
    'a\x00b:80',
    'http://127.0.0.1:80',
  ]) {
    const answer = await exchange({ port }, `CONNECT ${to} HTTP/1.1\r\nHost: a\r\n${auth}\r\n`);
    assert.match(answer, /^HTTP\/1\.1 400 /, JSON.stringify(to));
  }
  const flood = `CONNECT 127.0.0.1:${origin} HTTP/1.1\r\nHost: a\r\n${auth}${'X-Flood: and more of it\r\n'.repeat(5000)}\r\n`;
  assert.match(await exchange({ port }, flood), /^HTTP\/1\.1 4\d\d |^$/);
  assert.match(await exchange({ port }, `GET ${'/'.repeat(20_000)}`), /^HTTP\/1\.1 4\d\d |^$/);
  assert.equal(counts.all.length, 0, 'nobody was asked for any of it');
  await until(() => proxy.open === 0, { why: 'nobody holds a connection' });
  // And it still serves.
  const fine = await exchange(
    { port },
    `GET http://127.0.0.1:${origin}/ HTTP/1.1\r\nHost: a\r\n${auth}Connection: close\r\n\r\n`,
  );
  assert.match(fine, /^HTTP\/1\.1 200 /);
});

test('a client that leaves while its destination is looked up or reads nothing holds nothing', async (t) => {
  let looks = 0;
  const resolve = () => {
    looks++;
    return new Promise<string[]>((found) => setTimeout(() => found(['127.0.0.1']), 100));
  };
  const endless = net.createServer((socket) => {
    const piece = Buffer.alloc(65_536);
    const more = () => {
      while (socket.writable && socket.write(piece));
    };
    socket.on('drain', more).on('error', () => undefined);
    more();
  });
  const far = await startServer(t, endless);
  const { port, proxy, counts } = await startProxy(t, [here(null)], { dial: { resolve } });
  const leaver = net.connect(port, '127.0.0.1');
  leaver.write(`CONNECT slow.example:${far} HTTP/1.1\r\nHost: a\r\n${auth}\r\n`);
  await until(() => looks === 1, { why: 'it is looked up' });
  leaver.destroy();
  await until(() => proxy.open === 0 && counts.all.length > 0, { why: 'it is over' });
  assert.equal(counts.openOf('web'), 0);

  const deaf = await tunnel(t, port, `127.0.0.1:${far}`);
  deaf.pause();
  const taken = () => counts.all.reduce((sum, { bytesIn }) => sum + bytesIn, 0);
  let before = -1;
  await until(
    () => {
      const now = taken();
      const isStill = now === before && now > 0;
      before = now;
      return isStill;
    },
    { why: 'the server has to wait', every: 100 },
  );
  assert.ok(before < 32 * 1024 * 1024, `${before} bytes were taken`);
  deaf.destroy();
  await until(() => counts.openOf('web') === 0, { why: 'the server is let go' });
});

test('an answer that is none ends one request, and no tunnel', async (t) => {
  const { port } = await startProxy(t, [here(null)]);
  let status = '';
  const server = net.createServer((socket) =>
    socket
      .on('error', () => undefined)
      .on('data', () => socket.end(`HTTP/1.1 ${status}\r\nContent-Length: 2\r\n\r\nhi`)),
  );
  const to = `127.0.0.1:${await startServer(t, server)}`;
  const open = await tunnel(t, port, to);
  const get = (url: string) =>
    exchange({ port }, `GET ${url} HTTP/1.1\r\nHost: a\r\n${auth}Connection: close\r\n\r\n`);
  for (status of ['000 X', '999 X']) assert.match(await get(`http://${to}/`), /^HTTP\/1\.1 502 /);
  status = '200 a\x01b';
  assert.match(await get(`http://${to}/`), /^HTTP\/1\.1 (?:200 OK\r\n[\s\S]*hi$|502 )/);
  open.write('x');
  assert.match(String((await once(open, 'data'))[0]), /^HTTP\/1\.1 200 a/);
});

test('the certificate of a server is checked, whatever the shell says of certificates', async (t) => {
  const { port } = await startProxy(t, [here(null)]);
  const credentials = { cert: pem('a.test.pem'), key: pem('a.test.key') };
  const server = tls.createServer(credentials, (socket) => socket.on('error', () => undefined).end());
  const to = await startServer(t, server);
  const before = process.env.NODE_TLS_REJECT_UNAUTHORIZED;
  t.after(() => {
    if (before === undefined) delete process.env.NODE_TLS_REJECT_UNAUTHORIZED;
    else process.env.NODE_TLS_REJECT_UNAUTHORIZED = before;
  });
  // Node warns of what is set on purpose here.
  t.mock.method(process, 'emitWarning', () => {});
  process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';
  const request = `GET https://127.0.0.1:${to}/ HTTP/1.1\r\nHost: a\r\n${auth}Connection: close\r\n\r\n`;
  assert.match(await exchange({ port }, request), /^HTTP\/1\.1 502 [\s\S]*certificate/);
});

test('connections that are being made count for their app', async (t) => {
  const names: string[] = [];
  const resolve = (host: string) => {
    names.push(host);
    // Until the test is over; the process would otherwise live as long as the time limit.
    return new Promise<never>((_, reject) => cleanup(t, () => reject(new Error('the test is over'))));
  };
  const limits = { connections: 9, connectionsPerApp: 2, headTimeoutMs: 5_000 };
  const { port } = await startProxy(t, [{ kind: 'host', host: '*.slow.test', port: null }], {
    dial: { resolve, resolveTimeoutMs: 60_000 },
    limits,
  });
  const ask = (name: string) => {
    const socket = net.connect(port, '127.0.0.1').on('error', () => undefined);
    t.after(() => void socket.destroy());
    socket.write(`CONNECT ${name}:1 HTTP/1.1\r\nHost: a\r\n${auth}\r\n`);
    return socket;
  };
  ask('a.slow.test');
  ask('b.slow.test');
  await until(() => names.length === 2, { why: 'two are looked up' });
  const [said] = await once(ask('c.slow.test'), 'data');
  assert.match(String(said), /^HTTP\/1\.1 503 /);
});
