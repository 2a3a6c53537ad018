/** WebSockets through the edge. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type http from 'node:http';
import type net from 'node:net';
import { type TestContext, test } from 'node:test';
import { WebSocket, WebSocketServer } from 'ws';
import { startEdge, tableOf, targetOf } from './edge-process.ts';
import { ask, RawClient, startApp, startRawApp, until } from './support.ts';

const HANDSHAKE =
  'GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n';
const SWITCH =
  'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
  'Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n';

async function startEcho(t: TestContext) {
  const app = await startApp(t, (_, response) => response.end('plain'));
  const server = new WebSocketServer({
    server: app.server,
    perMessageDeflate: true,
    maxPayload: 64 * 2 ** 20,
  });
  const closes: number[] = [];
  server.on('connection', (socket) => {
    socket.on('message', (data, binary) => socket.send(data, { binary }));
    socket.on('close', (code) => closes.push(code));
    socket.on('error', () => {});
  });
  t.after(() => server.close());
  return { ...app, closes, clients: server.clients, targets: [targetOf('web.0#1', app.address)] };
}

async function open(t: TestContext, port: number, perMessageDeflate = false): Promise<WebSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/ws`, { perMessageDeflate, maxPayload: 64 * 2 ** 20 });
  t.after(() => socket.terminate());
  await once(socket, 'open');
  return socket;
}

async function echo(socket: WebSocket, data: string | Buffer): Promise<Buffer> {
  socket.send(data);
  const [message] = await once(socket, 'message');
  return message as Buffer;
}

test('messages go both ways, also large and compressed ones', async (t) => {
  const app = await startEcho(t);
  const edge = await startEdge(t, tableOf({ pools: { web: { targets: app.targets } } }));
  for (const deflate of [false, true]) {
    const socket = await open(t, edge.port, deflate);
    assert.equal(socket.extensions, deflate ? 'permessage-deflate' : '');
    for (let i = 0; i < 100; i++) assert.equal(String(await echo(socket, `message ${i}`)), `message ${i}`);
    const large = Buffer.concat([randomBytes(5 * 2 ** 20), Buffer.alloc(5 * 2 ** 20, 'x')]);
    assert.ok((await echo(socket, large)).equals(large));
    socket.close(4321, 'bye');
    const [code, reason] = await once(socket, 'close');
    assert.deepEqual([code, String(reason)], [4321, 'bye']);
  }
  await until(() => app.closes.length === 2, 'the app knows');
  assert.deepEqual(app.closes, [4321, 4321]);
  await edge.heard('traffic', ({ sites }) => sites['*']?.requests === 2 && sites['*'].openWebSockets === 0);
});

test('at the end of the drain each WebSocket is closed with 1012, between two frames', async (t) => {
  const app = await startEcho(t);
  const edge = await startEdge(t, tableOf({ pools: { web: { targets: app.targets } } }));
  const sockets = await Promise.all([open(t, edge.port), open(t, edge.port, true), open(t, edge.port)]);
  const flood = setInterval(() => {
    for (const socket of sockets) if (socket.readyState === WebSocket.OPEN) socket.send(randomBytes(70_000));
  }, 2);
  t.after(() => clearInterval(flood));
  const errors: unknown[] = [];
  for (const socket of sockets) socket.on('error', (error) => errors.push(error));
  await Promise.all(sockets.map((socket) => once(socket, 'message')));
  const closes = sockets.map((socket) => once(socket, 'close'));
  edge.send({ type: 'drain', timeoutMs: 300 });
  for (const [code] of await Promise.all(closes)) assert.equal(code, 1012);
  assert.deepEqual(errors, []);
  await edge.heard('drained');
  assert.equal(await edge.exited, 0);
  await until(() => app.closes.length === 3, 'the app knows');
  assert.deepEqual(app.closes, [1001, 1001, 1001]);
});

test('a target keeps its WebSockets while it drains, and loses them with 1012 when it is gone', async (t) => {
  const app = await startEcho(t);
  const edge = await startEdge(t, tableOf({ pools: { web: { targets: app.targets } } }));
  const socket = await open(t, edge.port);
  const draining = app.targets.map((target) => ({ ...target, state: 'draining' as const }));
  await edge.apply(tableOf({ pools: { web: { targets: draining } } }));
  assert.equal(String(await echo(socket, 'still here')), 'still here');
  assert.equal(
    edge.said.some(({ type }) => type === 'retired'),
    false,
  );
  const closed = once(socket, 'close');
  await edge.apply(tableOf({ pools: { web: { targets: [] } } }));
  assert.equal((await closed)[0], 1012);
  await edge.heard('retired', ({ target }) => target === 'web.0#1');
  await until(() => app.closes.length === 1, 'the app knows');
  assert.deepEqual(app.closes, [1001]);
});

test('a closing target loses its WebSockets at once, and finishes its requests', async (t) => {
  let finish: (() => void) | undefined;
  const app = await startEcho(t);
  app.server.removeAllListeners('request').on('request', (_, response: http.ServerResponse) => {
    finish = () => response.end('done');
  });
  const edge = await startEdge(t, tableOf({ pools: { web: { targets: app.targets } } }));
  const socket = await open(t, edge.port);
  const closed = once(socket, 'close');
  const answer = ask(edge.port, '/', { method: 'POST', body: 'x' });
  await until(() => finish !== undefined, 'the request is at the app');
  const closing = app.targets.map((target) => ({ ...target, state: 'closing' as const }));
  await edge.apply(tableOf({ pools: { web: { targets: closing } } }));
  assert.equal((await closed)[0], 1012);
  finish?.();
  assert.equal((await answer).body, 'done');
  await edge.heard('retired', ({ target }) => target === 'web.0#1');
});

test('a final drain closes WebSockets at once', async (t) => {
  const app = await startEcho(t);
  const edge = await startEdge(t, tableOf({ pools: { web: { targets: app.targets } } }));
  const closed = once(await open(t, edge.port), 'close');
  edge.send({ type: 'drain', timeoutMs: 60_000, final: true });
  assert.equal((await closed)[0], 1012);
  assert.equal(await edge.exited, 0);
});

test('new WebSockets go to the instance with the fewest', async (t) => {
  const apps = await Promise.all([startEcho(t), startEcho(t)]);
  const counts = apps.map(({ server }) => {
    let upgrades = 0;
    server.on('upgrade', () => upgrades++);
    return () => upgrades;
  });
  const targets = apps.map((app, i) => targetOf(`web.${i}#1`, app.address));
  const edge = await startEdge(t, tableOf({ pools: { web: { targets } } }));
  for (let i = 0; i < 6; i++) await open(t, edge.port);
  assert.deepEqual(
    counts.map((count) => count()),
    [3, 3],
  );
});

test('only a valid handshake asks for an upgrade', async (t) => {
  const heads: http.IncomingHttpHeaders[] = [];
  const app = await startApp(t, (request, response) => {
    heads.push(request.headers);
    response.end('ok');
  });
  app.server.on('upgrade', (_: http.IncomingMessage, socket: net.Socket) => socket.destroy());
  const edge = await startEdge(t, tableOf({ pools: { web: { targets: [targetOf('w#1', app.address)] } } }));
  const invalid = [
    HANDSHAKE.replace('GET', 'POST'),
    HANDSHAKE.replace('HTTP/1.1', 'HTTP/1.0'),
    HANDSHAKE.replace('Connection: Upgrade\r\n', ''),
    HANDSHAKE.replace('Upgrade: websocket', 'Upgrade: h2c'),
    HANDSHAKE.replace('Upgrade: websocket', 'Upgrade: websocket, h2c'),
    HANDSHAKE.replace('Upgrade: websocket', 'Upgrade: websocket\r\nUpgrade: websocket'),
    HANDSHAKE.replace('dGhlIHNhbXBsZSBub25jZQ==', 'short'),
    HANDSHAKE.replace('Sec-WebSocket-Version: 13\r\n', ''),
    HANDSHAKE.replace('\r\n\r\n', '\r\nContent-Length: 0\r\n\r\n'),
  ];
  for (const raw of invalid) await new RawClient(t, edge.port).write(raw).sees('ok');
  assert.equal(heads.length, invalid.length);
  for (const head of heads) assert.equal(head.upgrade, undefined);
});

test('only a valid 101 opens a tunnel', async (t) => {
  const answers: readonly [what: string, bytes: string][] = [
    ['another key', SWITCH.replace('s3pP', 'xxxx')],
    ['another protocol', SWITCH.replace('Upgrade: websocket', 'Upgrade: h2c')],
    ['no Upgrade', SWITCH.replace('Upgrade: websocket\r\n', '')],
    ['no Connection', SWITCH.replace('Connection: Upgrade\r\n', '')],
    ['a length', SWITCH.replace('\r\n\r\n', '\r\nContent-Length: 5\r\n\r\n')],
  ];
  for (const [what, bytes] of answers) {
    await t.test(what, async (t) => {
      const app = await startRawApp(t, (socket) => socket.on('data', () => socket.write(`${bytes}secret`)));
      const edge = await startEdge(
        t,
        tableOf({ pools: { web: { targets: [targetOf('w#1', app.address)] } } }),
      );
      const client = new RawClient(t, edge.port).write(HANDSHAKE);
      await client.sees('HTTP/1.1 502 ');
      assert.doesNotMatch(client.received, /secret/);
    });
  }
});

test('a refused handshake is an answer like any other, and what follows is a request like any other', async (t) => {
  const app = await startApp(t, (request, response) => response.end(`<${request.url}>`));
  const server = new WebSocketServer({ noServer: true });
  app.server.on('upgrade', (request, socket, head) => {
    if (request.headers['sec-websocket-version'] === '13')
      return server.handleUpgrade(request, socket, head, () => {});
    socket.end(
      'HTTP/1.1 426 Upgrade Required\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nContent-Length: 0\r\n\r\n',
    );
  });
  const edge = await startEdge(t, tableOf({ pools: { web: { targets: [targetOf('w#1', app.address)] } } }));
  const next = 'GET /next HTTP/1.1\r\nHost: a\r\n\r\n';
  const refused = new RawClient(t, edge.port).write(HANDSHAKE.replace('13\r\n', '1337\r\n') + next);
  await refused.sees('</next>');
  assert.match(refused.received, /^HTTP\/1\.1 426 [\s\S]*Upgrade: websocket[\s\S]*HTTP\/1\.1 200 /);
});

test('bytes right behind both heads are frames', async (t) => {
  const app = await startRawApp(t, (socket) => {
    let text = '';
    socket.setEncoding('latin1').on('data', (piece: string) => {
      if (text === '') socket.write(`${SWITCH}\x81\x02hi`, 'latin1');
      text += piece;
      if (text.endsWith('yo')) socket.write('\x81\x02ok', 'latin1');
    });
  });
  const edge = await startEdge(t, tableOf({ pools: { web: { targets: [targetOf('w#1', app.address)] } } }));
  const client = new RawClient(t, edge.port).write(`${HANDSHAKE}\x81\x82\0\0\0\0yo`);
  await client.sees('\x81\x02hi\x81\x02ok');
});

test('a frame that is on its way is finished before the close frame', async (t) => {
  let app: net.Socket | undefined;
  let got = '';
  const { address } = await startRawApp(t, (socket) => {
    app = socket;
    socket.setEncoding('latin1').once('data', () => {
      socket.write(`${SWITCH}\x82\x0a01234`, 'latin1');
      socket.on('data', (text: string) => {
        got += text;
      });
    });
  });
  const edge = await startEdge(t, tableOf({ pools: { web: { targets: [targetOf('w#1', address)] } } }));
  const client = new RawClient(t, edge.port).write(`${HANDSHAKE}\x82\x8a\0\0\0\0abcde`);
  await client.sees('\x82\x0a01234');
  await until(() => got.endsWith('abcde'), 'the app has its half');
  await edge.apply(
    tableOf({ pools: { web: { targets: [targetOf('w#1', address, { state: 'closing' })] } } }),
  );
  app?.write('56789\x82\x01x', 'latin1');
  client.write('fghij\x82\x81\0\0\0\0x');
  await client.sees('0123456789\x88\x02\x03\xf4');
  await until(
    () => got.endsWith('abcdefghij\x88\x82\0\0\0\0\x03\xe9'),
    'the app has its frame and the close frame',
  );
  await client.sawEnd();
  assert.ok(client.received.endsWith('0123456789\x88\x02\x03\xf4'));
});

test('a side that does not read stops the other side, and loses nothing', async (t) => {
  const app = await startEcho(t);
  const edge = await startEdge(t, tableOf({ pools: { web: { targets: app.targets } } }));
  const socket = await open(t, edge.port);
  const raw = (socket as unknown as { _socket: net.Socket })._socket;
  raw.pause();
  const count = 800;
  for (let i = 0; i < count; i++) socket.send(Buffer.alloc(100_000, i));
  let stalled = 0;
  let before = -1;
  const taken = () => raw.bytesWritten - raw.writableLength;
  // Until nothing moves any more: all buffers on the way are full.
  await until(() => {
    stalled = taken() === before ? stalled + 1 : 0;
    before = taken();
    return stalled > 20;
  }, 'everything stands still');
  assert.ok(before < 40e6, `${before} bytes were taken`);
  let received = 0;
  socket.on('message', (data: Buffer) => {
    assert.equal(data[0], received++ & 255);
  });
  raw.resume();
  await until(() => received === count, 'all messages are back');
});

test('when one side dies the other one learns it', async (t) => {
  const app = await startEcho(t);
  const edge = await startEdge(t, tableOf({ pools: { web: { targets: app.targets } } }));
  const dying = await open(t, edge.port);
  dying.terminate();
  await until(() => app.closes.length === 1, 'the app knows');
  const left = await open(t, edge.port);
  const closed = once(left, 'close');
  for (const client of app.clients) client.terminate();
  assert.equal((await closed)[0], 1006);
  assert.equal((await ask(edge.port, '/')).body, 'plain');
});
