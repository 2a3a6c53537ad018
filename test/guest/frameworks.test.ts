/** Programs as people write them, unchanged, on the edge's socket and on a door: whom do they see? */
import assert from 'node:assert/strict';
import { on, once } from 'node:events';
import { request } from 'node:http';
import { test } from 'node:test';
import { cleanup, type Test } from '../support/cleanup.ts';
import { freePort } from '../support/ports.ts';
import { app as fixture } from '../support/root.ts';
import { asClient, ask } from './ask.ts';
import { type AppOptions, Daemon, holdDoor } from './play-daemon.ts';

/** Starts it as a routed app. */
async function routed(t: Test, options: AppOptions): Promise<Daemon> {
  const daemon = await Daemon.start(t);
  const port = await freePort();
  daemon.run({ orders: { socket: daemon.socket }, ...options, env: { PORT: String(port), ...options.env } });
  const { via } = await daemon.hears('listening');
  assert.equal(via, 'socket');
  return daemon;
}

async function clientSeen(daemon: Daemon, scheme: 'http' | 'https'): Promise<Record<string, unknown>> {
  const headers = asClient('203.0.113.7', 51234, scheme);
  return JSON.parse((await ask({ socketPath: daemon.socket, path: '/client', headers })).body);
}

const expressModule = `import express from 'express';
  const app = express();
  app.get('/client', (req, res) => res.json({ ip: req.ip, protocol: req.protocol, secure: req.secure }));
  app.listen(process.env.PORT);`;

for (const [name, options] of [
  ['Express', { file: fixture('express.js') }],
  ['Express in an ES module', { esm: expressModule }],
  ['Koa', { file: fixture('koa.js') }],
] as const) {
  test(`${name} knows the client`, async (t) => {
    const daemon = await routed(t, options);
    assert.deepEqual(await clientSeen(daemon, 'https'), {
      ip: '203.0.113.7',
      protocol: 'https',
      secure: true,
    });
    assert.deepEqual(await clientSeen(daemon, 'http'), {
      ip: '203.0.113.7',
      protocol: 'http',
      secure: false,
    });
  });
}

for (const host of ['0.0.0.0', '127.0.0.1', 'localhost']) {
  test(`Fastify on ${host} knows the client`, async (t) => {
    const daemon = await routed(t, { file: fixture('fastify.js'), env: { HOST: host } });
    const seen = await clientSeen(daemon, 'https');
    assert.deepEqual([seen.ip, seen.protocol], ['203.0.113.7', 'https']);
  });
}

test('Fastify on localhost finds its door, and listens on nothing else that a second instance would miss', async (t) => {
  const daemon = await Daemon.start(t);
  const door = await holdDoor(t);
  const env = { PORT: String(door.port), HOST: 'localhost' };
  for (const count of [1, 2]) {
    daemon.run({ file: fixture('fastify.js'), doors: [door], env });
    const { via } = await daemon.hears('listening', count);
    assert.equal(via, 'door');
  }
  for (const host of ['127.0.0.1', '::1']) {
    assert.equal((await ask({ port: door.port, host, path: '/client' })).status, 200);
  }
});

test('NestJS', async (t) => {
  const daemon = await routed(t, { file: fixture('nest.js') });
  const answer = await ask({ socketPath: daemon.socket, path: '/a/b', headers: asClient() });
  assert.match(answer.body, /^nest pid \d+ GET \/a\/b/);
});

test('ws: the handshake’s client, and an echo', async (t) => {
  const daemon = await routed(t, { file: fixture('echo-ws.js') });
  const { WebSocket } = await import('ws');
  const ws = new WebSocket(`ws+unix://${daemon.socket}:/?who`, {
    headers: asClient('203.0.113.7', 51234, 'https'),
  });
  cleanup(t, () => ws.terminate());
  const [first] = await once(ws, 'message');
  assert.match(String(first), /^pid \d+ for 203\.0\.113\.7$/);
  const sent = Buffer.alloc(10_000_000, 'holdfast');
  ws.send(sent);
  const [echo] = await once(ws, 'message');
  assert.ok(sent.equals(echo));
});

test('Socket.IO: the handshake’s address, by polling and by WebSocket', async (t) => {
  const daemon = await routed(t, { file: fixture('socketio.js') });
  const path = '/socket.io/?EIO=4&transport=polling';
  const open = await ask({ socketPath: daemon.socket, path, headers: asClient() });
  const { sid } = JSON.parse(open.body.slice(1));
  const session = { socketPath: daemon.socket, path: `${path}&sid=${sid}`, headers: asClient() };
  assert.equal((await ask({ ...session, method: 'POST', body: '40' })).body, 'ok');
  const welcome = await ask(session);
  assert.match(welcome.body, /"address":"203\.0\.113\.7"/);

  const { WebSocket } = await import('ws');
  const url = `ws+unix://${daemon.socket}:/socket.io/?EIO=4&transport=websocket`;
  const ws = new WebSocket(url, { headers: asClient('2001:db8::9') });
  cleanup(t, () => ws.terminate());
  ws.on('open', () => ws.send('40'));
  let text = '';
  for await (const [message] of on(ws, 'message', { signal: AbortSignal.timeout(15_000) })) {
    text += message;
    if (text.includes('welcome')) break;
  }
  assert.match(text, /"address":"2001:db8::9"/);
});

test('a body of any size streams through, and trailers arrive', async (t) => {
  const daemon = await Daemon.start(t);
  const port = await freePort();
  daemon.run({
    orders: { socket: daemon.socket },
    code: `
      require('node:http').createServer(async (req, res) => {
        let bytes = 0;
        for await (const chunk of req) bytes += chunk.length;
        res.end(JSON.stringify({ bytes, trailers: req.trailers, raw: req.rawTrailers, headers: Object.keys(req.headers) }));
      }).listen(${port});`,
  });
  await daemon.hears('listening');
  const answer = await new Promise<string>((resolve, reject) => {
    const headers = { ...asClient(), Trailer: 'X-Sum', 'Transfer-Encoding': 'chunked' };
    const call = request({ socketPath: daemon.socket, method: 'POST', headers, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('end', () => resolve(text));
    });
    call.on('error', reject);
    for (let i = 0; i < 50; i++) call.write(Buffer.alloc(100_000));
    call.addTrailers({ 'X-Sum': '7' });
    call.end();
  });
  const seen = JSON.parse(answer);
  assert.equal(seen.bytes, 5_000_000);
  assert.deepEqual([seen.trailers, seen.raw], [{ 'x-sum': '7' }, ['X-Sum', '7']]);
  assert.deepEqual(seen.headers, ['host', 'trailer', 'transfer-encoding', 'connection']);
});

test('more fields than Node reads at once, and a limit of the app’s', async (t) => {
  const daemon = await Daemon.start(t);
  const port = await freePort();
  daemon.run({
    orders: { socket: daemon.socket },
    code: `
      const server = require('node:http').createServer((req, res) => {
        res.end(JSON.stringify({ raw: req.rawHeaders.length, parsed: Object.keys(req.headers).length }));
      });
      server.maxHeadersCount = 60;
      server.listen(${port});`,
  });
  await daemon.hears('listening');
  const many = Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`X-Field-${i}`, 'x'.repeat(100)]));
  const headers = { ...asClient(), ...many };
  const answer = JSON.parse((await ask({ socketPath: daemon.socket, headers })).body);
  assert.deepEqual(answer, { raw: 104, parsed: 52 }); // 50, Host, Connection
});
