/** Servers behind the edge that speak TLS: used when they are who they should be, and not when they are not. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import http2 from 'node:http2';
import https from 'node:https';
import net from 'node:net';
import { type TestContext, test } from 'node:test';
import type tls from 'node:tls';
import { WebSocket, WebSocketServer } from 'ws';
import { accessLogDefaults, upstreamDefaults } from '../../src/config/traffic-defaults.ts';
import type { EdgeTarget } from '../../src/protocol/edge-table.ts';
import { pem, testCa } from '../support/certificates.ts';
import { startEdge, tableOf } from './edge-process.ts';
import { ask, until } from './support.ts';

interface Server {
  readonly port: number;
  readonly server: net.Server;
  /** Of each connection: the name that it asked for, and whether it resumed a session. */
  readonly seen: { readonly name: string | false | null; readonly resumed: boolean }[];
}

async function startServer(t: TestContext, certificate: string, keep = true): Promise<Server> {
  const options = { cert: pem(`${certificate}.pem`), key: pem(`${certificate}.key`) };
  const server = https.createServer(options, (request, response) => {
    if (!keep) response.setHeader('Connection', 'close');
    const { host, 'x-forwarded-proto': proto } = request.headers;
    void request.toArray().then((body) => response.end(`${host} ${proto} ${body.join('')}`));
  });
  const seen: Server['seen'] = [];
  server.on('secureConnection', (socket: tls.TLSSocket) => {
    seen.push({ name: socket.servername ?? null, resumed: socket.isSessionReused() });
  });
  return { port: await listen(t, server), server, seen };
}

async function listen(t: TestContext, server: net.Server): Promise<number> {
  const open = new Set<net.Socket>();
  server.on('connection', (socket: net.Socket) => {
    open.add(socket);
    socket.on('error', () => {}).on('close', () => open.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    for (const socket of open) socket.destroy();
  });
  return (server.address() as net.AddressInfo).port;
}

function secureTarget(port: number, serverName = 'localhost', ca: string | null = testCa): EdgeTarget {
  const tls = { serverName, ...(ca !== null && { ca }) };
  return {
    id: `https://${serverName}:${port}`,
    address: { host: '127.0.0.1', port },
    guest: false,
    state: 'ready',
    tls,
  };
}

const pool = (...targets: EdgeTarget[]) => ({ pools: { web: { targets } } });

test('a server whose certificate is in order gets requests, with the host that the client named', async (t) => {
  const kept = await startServer(t, 'local');
  const edge = await startEdge(t, tableOf(pool(secureTarget(kept.port))));
  for (let i = 0; i < 3; i++) {
    const { status, body } = await ask(edge.port, '/', {
      method: 'POST',
      body: 'hello',
      headers: { host: 'shop.test:81' },
    });
    assert.deepEqual([status, body], [200, 'shop.test:81 http hello']);
  }
  assert.deepEqual(kept.seen, [{ name: 'localhost', resumed: false }], 'one connection is enough');
  // An address is no name to ask for, but the certificate must be for it; new connections resume the session.
  const closing = await startServer(t, 'local', false);
  await edge.apply(tableOf(pool(secureTarget(closing.port, '127.0.0.1'))));
  for (let i = 0; i < 3; i++) assert.equal((await ask(edge.port, '/')).status, 200);
  assert.deepEqual(
    closing.seen.map(({ name, resumed }) => [name || '', resumed]),
    [
      ['', false],
      ['', true],
      ['', true],
    ],
  );
});

test('a large answer and WebSockets come through', async (t) => {
  const server = await startServer(t, 'local');
  const sockets = new WebSocketServer({ server: server.server as https.Server });
  sockets.on('connection', (socket) => socket.on('message', (data) => socket.send(data)));
  t.after(() => sockets.close());
  const edge = await startEdge(t, tableOf(pool(secureTarget(server.port))));
  const body = 'x'.repeat(3_000_000);
  assert.equal(
    (await ask(edge.port, '/', { method: 'POST', body, headers: { host: 'a' } })).body,
    `a http ${body}`,
  );
  const socket = new WebSocket(`ws://127.0.0.1:${edge.port}/`);
  t.after(() => socket.terminate());
  await once(socket, 'open');
  socket.send('hello');
  const [data] = await once(socket, 'message');
  assert.equal(String(data), 'hello');
});

test('a server that is not who it should be gets no request, and the reason is told, once', async (t) => {
  const [expired, other, good] = await Promise.all(
    ['expired', 'b.test', 'local'].map((name) => startServer(t, name)),
  );
  const plain = net.createServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
  const plainPort = await listen(t, plain);
  const cases: readonly [target: EdgeTarget, cause: RegExp][] = [
    [secureTarget(expired?.port ?? 0), /its certificate has expired \(CERT_HAS_EXPIRED\)/],
    [secureTarget(other?.port ?? 0), /its certificate is for another name \(ERR_TLS_CERT_ALTNAME_INVALID\)/],
    [secureTarget(good?.port ?? 0, 'localhost', null), /an authority that is not trusted here; .* "ca"/],
    [secureTarget(plainPort), /it does not speak TLS/],
  ];
  const edge = await startEdge(t, tableOf({ ...pool(), accessLog: accessLogDefaults }));
  for (const [target] of cases) {
    await edge.apply(tableOf({ ...pool(target), accessLog: accessLogDefaults }));
    for (let i = 0; i < 2; i++) assert.equal((await ask(edge.port, '/')).status, 502);
  }
  await until(
    () => edge.stdout().split('\n').length > 2 * cases.length,
    'the access log has a line for each',
  );
  await until(() => cases.every(([{ id }]) => edge.stderr().includes(id)), 'the edge has told of each');
  const written = edge.stdout().split('\n');
  for (const [i, [target, cause]] of cases.entries()) {
    for (const line of written.slice(2 * i, 2 * i + 2)) assert.match(line, cause);
    const told = edge
      .stderr()
      .split('\n')
      .filter((line) => line.includes(target.id));
    assert.equal(told.length, 1, edge.stderr());
    assert.match(told[0] ?? '', cause);
  }
  edge.forgive();
  for (const server of [expired, other, good])
    assert.deepEqual(
      server?.seen.filter(({ resumed }) => resumed),
      [],
    );
});

test('a certificate that is put in order is accepted at once', async (t) => {
  const server = await startServer(t, 'expired');
  const edge = await startEdge(t, tableOf(pool(secureTarget(server.port))));
  assert.equal((await ask(edge.port, '/')).status, 502);
  (server.server as https.Server).setSecureContext({ cert: pem('local.pem'), key: pem('local.key') });
  assert.equal((await ask(edge.port, '/')).status, 200);
  edge.forgive();
});

test('HTTP/2 and PROXY headers go with TLS as well', async (t) => {
  const options = { cert: pem('local.pem'), key: pem('local.key') };
  const secure = http2.createSecureServer(options, (request, response) => {
    response.end(`${request.headers[':scheme']} ${request.authority}`);
  });
  secure.on('session', (session) => {
    session.on('error', () => {});
    t.after(() => session.destroy());
  });
  const lines: string[] = [];
  const headed = net.createServer((socket) => {
    let text = '';
    socket.on('data', function take(chunk: Buffer) {
      text += chunk.toString('latin1');
      const end = text.indexOf('\r\n') + 2;
      if (end < 2) return;
      lines.push(text.slice(0, end));
      socket.off('data', take).pause();
      socket.unshift(Buffer.from(text.slice(end), 'latin1'));
      secure.emit('connection', socket);
    });
  });
  const plainTarget = secureTarget(await listen(t, secure));
  const headedTarget = { ...secureTarget(await listen(t, headed)), proxyProtocol: 'v1' } as const;
  const rules = { ...upstreamDefaults, protocol: 'h2c' } as const;
  const table = (target: EdgeTarget) => tableOf({ pools: { web: { targets: [target], rules } } });
  const edge = await startEdge(t, table(plainTarget));
  const get = async () => (await ask(edge.port, '/', { headers: { host: 'shop.test' } })).body;
  for (let i = 0; i < 2; i++) assert.equal(await get(), 'https shop.test');
  await edge.apply(table(headedTarget));
  for (let i = 0; i < 2; i++) assert.equal(await get(), 'https shop.test');
  assert.equal(lines.length, 2, 'a connection for each request');
  for (const line of lines) assert.match(line, /^PROXY TCP4 127\.0\.0\.1 127\.0\.0\.1 \d+ \d+\r\n$/);
  // One that offers no HTTP/2 is not spoken to.
  const old = await startServer(t, 'local');
  await edge.apply(table(secureTarget(old.port)));
  assert.equal((await ask(edge.port, '/')).status, 502);
  await until(
    () => /it does not offer the protocol that is wanted/.test(edge.stderr()),
    'the edge has told why',
  );
  edge.forgive();
});
