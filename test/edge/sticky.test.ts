/** Clients stay with the instance that knows them. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import { type TestContext, test } from 'node:test';
import { Server } from 'socket.io';
import { io, type Socket } from 'socket.io-client';
import { startEdge, tableOf, targetOf } from './edge-process.ts';
import { ask, startApp, until } from './support.ts';

async function startChat(t: TestContext, name: string) {
  const app = await startApp(t, (_, response) => response.writeHead(404).end());
  const server = new Server(app.server, { pingInterval: 300, pingTimeout: 5_000 });
  server.on('connection', (socket) => {
    socket.on('who', (answer: (name: string) => void) => answer(name));
  });
  let strangers = 0;
  server.engine.on('connection_error', () => strangers++);
  t.after(() => server.close());
  /** How many requests of sessions that live elsewhere came here. */
  return { ...app, strangers: () => strangers };
}

async function connect(t: TestContext, port: number, transports: string[]): Promise<Socket> {
  const socket = io(`http://127.0.0.1:${port}`, { transports, reconnection: false, forceNew: true });
  t.after(() => socket.disconnect());
  await Promise.race([
    once(socket as unknown as NodeJS.EventEmitter, 'connect'),
    once(socket as unknown as NodeJS.EventEmitter, 'connect_error').then(([error]) => {
      throw error;
    }),
  ]);
  return socket;
}

const names = ['web.0', 'web.1', 'web.2'];

async function startChats(t: TestContext) {
  const apps = await Promise.all(names.map((name) => startChat(t, name)));
  const targets = apps.map((app, i) => targetOf(`${names[i]}#1`, app.address));
  return { apps, targets };
}

test('Socket.IO works by polling over several instances', async (t) => {
  const { apps, targets } = await startChats(t);
  const edge = await startEdge(t, tableOf({ pools: { web: { sticky: 'auto', targets } } }));
  const clients = [];
  for (let i = 0; i < 6; i++) clients.push(await connect(t, edge.port, ['polling']));
  const seen = new Set<string>();
  for (const client of clients) {
    const name = await client.emitWithAck('who');
    seen.add(name);
    for (let i = 0; i < 5; i++) assert.equal(await client.emitWithAck('who'), name);
  }
  assert.equal(seen.size, 3, 'new sessions are spread');
  assert.deepEqual(
    apps.map((app) => app.strangers()),
    [0, 0, 0],
  );
});

test('Socket.IO upgrades from polling to WebSocket on the same instance', async (t) => {
  const { targets } = await startChats(t);
  const edge = await startEdge(t, tableOf({ pools: { web: { sticky: 'auto', targets } } }));
  for (let i = 0; i < 4; i++) {
    const client = await connect(t, edge.port, ['polling', 'websocket']);
    const name = await client.emitWithAck('who');
    await until(() => client.io.engine.transport.name === 'websocket', 'the client has upgraded');
    assert.equal(await client.emitWithAck('who'), name);
  }
});

test('a session outlives the edge that saw its handshake', async (t) => {
  const { targets } = await startChats(t);
  const table = () => tableOf({ pools: { web: { sticky: 'auto', targets } } });
  const first = await startEdge(t, table());
  const second = await startEdge(t, table());
  const handshake = await ask(first.port, '/socket.io/?EIO=4&transport=polling');
  const sid = JSON.parse(handshake.body.slice(1)).sid;
  const path = `/socket.io/?EIO=4&transport=polling&sid=${sid}`;
  assert.deepEqual((await ask(second.port, path, { method: 'POST', body: '40' })).body, 'ok');
  assert.match((await ask(second.port, path)).body, /^40\{"sid"/);
  const unknown = await ask(second.port, '/socket.io/?EIO=4&transport=polling&sid=nobody');
  assert.deepEqual([unknown.status, JSON.parse(unknown.body).code], [400, 1]);
});

test('a session stays on its draining instance until that is gone', async (t) => {
  const { targets } = await startChats(t);
  const edge = await startEdge(t, tableOf({ pools: { web: { sticky: 'auto', targets } } }));
  const client = await connect(t, edge.port, ['polling']);
  const home = await client.emitWithAck('who');
  const id = `${home}#1`;
  const draining = targets.map((target) =>
    target.id === id ? { ...target, state: 'draining' as const } : target,
  );
  await edge.apply(tableOf({ pools: { web: { sticky: 'auto', targets: draining } } }));
  assert.equal(await client.emitWithAck('who'), home);
  for (let i = 0; i < 5; i++) {
    const other = await connect(t, edge.port, ['polling']);
    assert.notEqual(await other.emitWithAck('who'), home);
    other.disconnect();
  }
  assert.equal(await client.emitWithAck('who'), home);
  assert.equal(
    edge.said.some((message) => message.type === 'retired'),
    false,
  );
  client.disconnect();
  await edge.heard('retired', ({ target }) => target === id);
});

test('a cookie keeps a client on its instance, and gives it another when that is gone', async (t) => {
  const apps = await Promise.all(names.map((name) => startApp(t, (_, response) => response.end(name))));
  const targets = apps.map((app, i) => targetOf(`${names[i]}#1`, app.address));
  const edge = await startEdge(t, tableOf({ pools: { web: { sticky: 'cookie', targets } } }));
  const first = await ask(edge.port, '/');
  const given = first.headers['set-cookie']?.[0] ?? '';
  assert.match(given, /^holdfast-[\w-]{8}=[\w-]{22}; Path=\/; HttpOnly; SameSite=Lax$/);
  const cookie = given.split(';')[0] as string;
  const again = (value: string) => ask(edge.port, '/', { headers: { cookie: `a=1; ${value}; b=2` } });
  for (let i = 0; i < 6; i++) {
    const { body, headers } = await again(cookie);
    assert.deepEqual([body, headers['set-cookie']], [first.body, undefined]);
  }
  const others = targets.filter(({ id }) => !id.startsWith(first.body));
  await edge.apply(tableOf({ pools: { web: { sticky: 'cookie', targets: others } } }));
  const moved = await again(cookie);
  assert.notEqual(moved.body, first.body);
  assert.notEqual(moved.headers['set-cookie']?.[0]?.split(';')[0], cookie);
});

test('an address keeps a client on its instance', async (t) => {
  const apps = await Promise.all(names.map((name) => startApp(t, (_, response) => response.end(name))));
  const targets = (serial: number) => apps.map((app, i) => targetOf(`${names[i]}#${serial}`, app.address));
  const pool = (serial: number) => tableOf({ pools: { web: { sticky: 'ip', targets: targets(serial) } } });
  const edge = await startEdge(t, pool(1));
  const home = new Map<string, string>();
  for (let i = 1; i < 30; i++) {
    const localAddress = `127.0.0.${i}`;
    home.set(localAddress, (await ask(edge.port, '/', { localAddress })).body);
  }
  assert.equal(new Set(home.values()).size, 3);
  await edge.apply(pool(2));
  for (const [localAddress, name] of home)
    assert.equal((await ask(edge.port, '/', { localAddress })).body, name);
});

test('ordinary requests are spread over all instances, the idle ones first', async (t) => {
  const counts = new Map<string, number>();
  const release: (() => void)[] = [];
  const apps = await Promise.all(
    names.map((name) =>
      startApp(t, (request, response) => {
        counts.set(name, (counts.get(name) ?? 0) + 1);
        if (request.url === '/slow') release.push(() => response.end());
        else response.end(name);
      }),
    ),
  );
  const targets = apps.map((app, i) => targetOf(`${names[i]}#1`, app.address));
  const edge = await startEdge(t, tableOf({ pools: { web: { targets } } }));
  const slow = [ask(edge.port, '/slow'), ask(edge.port, '/slow')];
  await until(() => release.length === 2, 'two instances are busy');
  const idle = names.find((name) => !counts.has(name));
  const agent = new http.Agent();
  t.after(() => agent.destroy());
  for (let i = 0; i < 9; i++) assert.equal((await ask(edge.port, '/', { agent })).body, idle);
  for (const end of release) end();
  await Promise.all(slow);
  counts.clear();
  for (let i = 0; i < 9; i++) await ask(edge.port, '/');
  assert.deepEqual([...counts.values()], [3, 3, 3]);
});
