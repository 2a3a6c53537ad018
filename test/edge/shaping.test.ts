/** Limits, splits, copies and pauses, through the edge as a process. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import type http from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { describe, type TestContext, test } from 'node:test';
import { WebSocket, WebSocketServer } from 'ws';
import { noContent } from '../../src/config/content-defaults.ts';
import { Edge } from '../../src/edge/edge.ts';
import { FakeClock } from '../../src/kit/clock.ts';
import type { EdgePool, EdgeRoute, EdgeSite } from '../../src/protocol/edge-table.ts';
import type { RateRule } from '../../src/protocol/traffic-rules.ts';
import { startEdge, tableOf, targetOf } from './edge-process.ts';
import { ask, RawClient, startApp, until } from './support.ts';

const rate = (requests: number, perMs: number, burst: number, by: RateRule['by']): RateRule => ({
  requests,
  perMs,
  burst,
  by,
});
const site = (routes: readonly EdgeRoute[], more: Partial<EdgeSite> = {}): EdgeSite => ({
  host: '*',
  routes,
  content: noContent,
  ...more,
});
const root = { prefix: '/', pool: 'web' };

/** Apps that answer with their own name, or as told. */
async function apps(
  t: TestContext,
  names: readonly string[],
  listener: (name: string) => http.RequestListener = (name) => (_request, response) => response.end(name),
  more: Partial<EdgePool> = {},
) {
  const servers: http.Server[] = [];
  const pools: Record<string, Partial<EdgePool>> = {};
  for (const name of names) {
    const { server, address } = await startApp(t, listener(name));
    servers.push(server);
    pools[name] = { ...more, targets: [targetOf(`${name}.0#1`, address)] };
  }
  return { pools, servers };
}

describe('limits', () => {
  test('rates of a site and of its routes, by address and by field, kept over tables', async (t) => {
    const { pools } = await apps(t, ['web']);
    const load = { bodyBytes: null, rates: [rate(3, 3_600_000, 3, { kind: 'ip' })] };
    const loginLoad = {
      bodyBytes: null,
      rates: [rate(1, 3_600_000, 1, { kind: 'header', name: 'X-Api-Key' })],
    };
    const login = { prefix: '/login', pool: 'web', load: loginLoad };
    const table = () => tableOf({ pools, sites: [site([root, login], { load })], trust: ['127.0.0.1'] });
    const edge = await startEdge(t, table());
    const get = async (path: string, ip: string, key = '') => {
      const headers = { 'X-Forwarded-For': ip, ...(key && { 'X-Api-Key': key }) };
      return ask(edge.port, path, { headers });
    };
    const status = async (...of: Parameters<typeof get>) => (await get(...of)).status;
    assert.equal(await status('/login', '10.0.0.1', 'a'), 200);
    const second = await get('/login', '10.0.0.1', 'a');
    assert.equal(second.status, 429);
    assert.match(second.headers['retry-after'] ?? '', /^(?:3600|3599)$/);
    assert.equal(await status('/login', '10.0.0.1', 'b'), 200);
    await edge.apply(table());
    assert.equal(await status('/login', '10.0.0.2', 'b'), 429);
    assert.equal(await status('/', '10.0.0.1'), 200);
    assert.equal(await status('/', '10.0.0.1'), 429);
    assert.equal(await status('/', '10.0.0.2'), 200);
    assert.equal(await status('/', '2001:db8::1'), 200);
    for (const ip of ['2001:db8::2', '2001:db8::3']) await status('/', ip);
    assert.equal(await status('/', '2001:db8::4'), 429);
  });

  test('bodies: of the route before the site before the edge, announced or not', async (t) => {
    const { pools } = await apps(t, ['web'], () => (request, response) => {
      request.resume().on('end', () => response.end('ok'));
    });
    const limit = (bodyBytes: number | null) => ({ load: { bodyBytes, rates: [] } });
    const routes = [
      root,
      { prefix: '/upload', pool: 'web', ...limit(5_000) },
      { prefix: '/any', pool: 'web', ...limit(0) },
      { prefix: '/as-site', pool: 'web', ...limit(null) },
    ];
    const { content: _, ...plain } = site(routes, limit(100));
    const edge = await startEdge(
      t,
      tableOf({ pools, sites: [plain, { host: 'other.test', routes: [root] }], limits: { bodyBytes: 10 } }),
    );
    const send = async (path: string, size: number, chunked = false, host = 'x') => {
      const framing = chunked ? { 'Transfer-Encoding': 'chunked' } : { 'Content-Length': String(size) };
      const headers = { Host: host, ...framing };
      return (await ask(edge.port, path, { method: 'POST', headers, body: 'x'.repeat(size) })).status;
    };
    for (const chunked of [false, true]) {
      assert.equal(await send('/', 100, chunked), 200);
      assert.equal(await send('/', 101, chunked), 413);
      assert.equal(await send('/as-site', 101, chunked), 413);
      assert.equal(await send('/upload', 5_000, chunked), 200);
      assert.equal(await send('/upload', 5_001, chunked), 413);
      assert.equal(await send('/any', 50_000, chunked), 200);
      assert.equal(await send('/', 11, chunked, 'other.test'), 413);
    }
  });
});

describe('a split', () => {
  const split = (weights: Record<string, number>, sticky: boolean): EdgeRoute => ({
    prefix: '/shop/',
    split: { parts: Object.entries(weights).map(([pool, weight]) => ({ pool, weight })), sticky },
  });

  test('follows the weights exactly, brings clients back, and leaves out what is down', async (t) => {
    const { pools } = await apps(t, ['old', 'next']);
    const table = (route: EdgeRoute, down: readonly string[] = []) =>
      tableOf({
        pools: { ...pools, ...Object.fromEntries(down.map((name) => [name, {}])) },
        sites: [{ host: '*', routes: [route] }],
      });
    const edge = await startEdge(t, table(split({ old: 3, next: 1 }, false)));
    const get = (Cookie = '') => ask(edge.port, '/shop', { headers: Cookie ? { Cookie } : {} });
    const bodies: string[] = [];
    for (let i = 0; i < 16; i++) bodies.push((await get()).body);
    assert.equal(bodies.filter((body) => body === 'next').length, 4);
    assert.deepEqual(bodies.slice(0, 4).sort(), ['next', 'old', 'old', 'old']);
    await edge.apply(table(split({ old: 1, next: 1 }, true)));
    const seen = new Map<string, string>();
    for (let i = 0; i < 2; i++) {
      const { body, headers } = await get();
      const [line = ''] = headers['set-cookie'] ?? [];
      assert.match(line, /^holdfast-[\w-]{8}=[\w-]{22}; Path=\/shop; HttpOnly; SameSite=Lax$/);
      seen.set(body, line.split(';')[0] ?? '');
    }
    const cookie = seen.get('next') ?? '';
    for (let i = 0; i < 4; i++) {
      const { body, headers } = await get(`a=b; ${cookie}`);
      assert.deepEqual([body, headers['set-cookie']], ['next', undefined]);
    }
    // Of no weight: only those who have been there.
    await edge.apply(table(split({ old: 1, next: 0 }, true)));
    assert.equal((await get(cookie)).body, 'next');
    for (let i = 0; i < 3; i++) assert.equal((await get()).body, 'old');
    await edge.apply(table(split({ old: 1, next: 0 }, true), ['next']));
    const elsewhere = await get(cookie);
    assert.deepEqual([elsewhere.body, elsewhere.headers['set-cookie']], ['old', undefined]);
  });

  test('keeps Engine.IO sessions where they began', async (t) => {
    const made =
      (name: string): http.RequestListener =>
      ({ url = '' }, response) => {
        const sid = /sid=(\w+)/.exec(url)?.[1];
        response.statusCode = sid === undefined || sid === name ? 200 : 400;
        response.end(sid === undefined ? `0{"sid":"${name}","upgrades":[]}` : 'ok');
      };
    const { pools } = await apps(t, ['old', 'next'], made, { sticky: 'auto' });
    const edge = await startEdge(
      t,
      tableOf({ pools, sites: [{ host: '*', routes: [split({ old: 1, next: 1 }, false)] }] }),
    );
    const path = '/shop/socket.io/?EIO=4&transport=polling';
    for (let i = 0; i < 2; i++) {
      const [, sid = ''] = /"sid":"(\w+)"/.exec((await ask(edge.port, path)).body) ?? [];
      for (let n = 0; n < 3; n++) assert.equal((await ask(edge.port, `${path}&sid=${sid}`)).status, 200);
    }
  });
});

describe('a mirror', () => {
  test('copies requests with their bodies, marked, and nothing of what it does is seen', async (t) => {
    const copies: string[] = [];
    const { pools } = await apps(t, ['web'], () => (request, response) => {
      request.resume().on('end', () => response.end('web'));
    });
    const shadow = await startApp(t, (request, response) => {
      let body = '';
      request.setEncoding('latin1').on('data', (text: string) => {
        body += text;
      });
      request.on('end', () => {
        const { 'x-holdfast-mirror': mark, expect } = request.headers;
        copies.push(`${request.method} ${request.url} ${body.length} ${mark} ${expect}`);
        if (request.url === '/broken') request.socket.destroy();
        // The answer never ends: its connection must not be waited for.
        else response.write('no');
      });
    });
    const table = (share: number) =>
      tableOf({
        pools: { ...pools, shadow: { targets: [targetOf('shadow.0#1', shadow.address)] } },
        sites: [site([{ ...root, mirror: { pool: 'shadow', share } }])],
      });
    const edge = await startEdge(t, table(1));
    const post = async (path: string, size: number, headers: http.OutgoingHttpHeaders = {}) =>
      (await ask(edge.port, path, { method: 'POST', headers, body: 'x'.repeat(size) })).body;
    assert.equal((await ask(edge.port, '/a?b')).body, 'web');
    assert.equal(await post('/c', 100_000), 'web');
    assert.equal(await post('/large', 1024 * 1024 + 1), 'web');
    assert.equal(await post('/larger', 1024 * 1024 + 1, { 'Transfer-Encoding': 'chunked' }), 'web');
    assert.equal(await post('/broken', 1), 'web');
    assert.equal((await ask(edge.port, '/copy', { headers: { 'X-Holdfast-Mirror': '1' } })).body, 'web');
    await until(() => copies.length === 3, 'three copies have come');
    assert.deepEqual(copies.sort(), [
      'GET /a?b 0 1 undefined',
      'POST /broken 1 1 undefined',
      'POST /c 100000 1 undefined',
    ]);
    await edge.apply(table(0.25));
    for (let i = 0; i < 8; i++) await ask(edge.port, `/${i}`);
    await until(() => copies.length >= 5, 'two of eight are copied');
    // Their answers never end, and still the app can go.
    await edge.apply(tableOf({ pools, sites: [site([root])] }));
    await edge.heard('retired', ({ target }) => target === 'shadow.0#1');
    assert.equal((await ask(edge.port, '/last')).body, 'web');
    edge.send({ type: 'drain', timeoutMs: 5_000 });
    assert.equal(await edge.exited, 0);
    assert.equal(copies.length, 5, copies.join(', '));
    // That there were no copies of some is said once a minute.
    edge.forgive();
  });
});

describe('a paused site', () => {
  test('lets requests wait, within limits, and then go on in order; WebSockets stay', async (t) => {
    const came: string[] = [];
    const { pools, servers } = await apps(t, ['web'], () => (request, response) => {
      came.push(`${request.url}`);
      request.resume().on('end', () => response.end('web'));
    });
    const [server] = servers;
    assert.ok(server);
    const sockets = new WebSocketServer({ server });
    t.after(() => sockets.close());
    sockets.on('connection', (socket) => socket.on('message', (data) => socket.send(data)));
    const table = (paused?: EdgeSite['paused']) =>
      tableOf({
        pools,
        sites: [site([root], paused ? { paused } : {}), { host: 'other.test', routes: [root] }],
      });
    const edge = await startEdge(t, table());
    const socket = new WebSocket(`ws://127.0.0.1:${edge.port}/ws`);
    t.after(() => socket.terminate());
    await once(socket, 'open');
    await edge.apply(table({ timeoutMs: 30_000, maxWaiting: 4 }));
    const clients: RawClient[] = [];
    for (const path of ['/1', '/2', '/3', '/4']) {
      const client = new RawClient(t, edge.port);
      clients.push(client);
      await once(client.socket, 'connect');
      client.write(`POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n01234`);
    }
    let full = await ask(edge.port, '/5');
    // Those before it may still be on their way.
    while (full.status !== 503) full = await ask(edge.port, '/5');
    assert.equal(full.headers['retry-after'], '5');
    clients[1]?.socket.destroy();
    for (const client of clients) client.write('56789');
    socket.send('still here');
    assert.equal(String((await once(socket, 'message'))[0]), 'still here');
    assert.deepEqual(came, []);
    await edge.apply(table());
    for (const client of [clients[0], clients[2], clients[3]]) await client?.sees('web');
    assert.deepEqual(came, ['/1', '/3', '/4']);
    assert.equal((await ask(edge.port, '/6')).status, 200);
    await edge.apply(table({ timeoutMs: 1, maxWaiting: 4 }));
    const late = await ask(edge.port, '/7');
    assert.deepEqual([late.status, late.headers['retry-after']], [503, '5']);
    // What is malformed is refused while it waits, too.
    await edge.apply(table({ timeoutMs: 30_000, maxWaiting: 4 }));
    const bad = new RawClient(t, edge.port);
    bad.write('POST /8 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n');
    await once(bad.socket, 'connect');
    bad.write('oops\r\n');
    await bad.sees('400 Bad Request');
    // An edge that ends gives an answer.
    const last = new RawClient(t, edge.port).write('GET /9 HTTP/1.1\r\nHost: x\r\n\r\n');
    await once(last.socket, 'connect');
    await ask(edge.port, '/any', { headers: { Host: 'other.test' } });
    edge.send({ type: 'drain', timeoutMs: 100, final: true });
    await last.sees('503 Service Unavailable');
    assert.equal(await edge.exited, 0);
  });
});

test('with too little memory idle connections go first, then requests are turned away, then connections; and then all is well', async (t) => {
  const { pools } = await apps(t, ['web']);
  const clock = new FakeClock(Date.now());
  const notices: string[] = [];
  let mb = 10;
  const events = {
    retired() {},
    log() {},
    failed: assert.fail,
    notice: (text: string) => notices.push(text),
  };
  const table = tableOf({ pools, limits: { memoryBytes: 100 * 1024 * 1024 } });
  const edge = new Edge(table, events, undefined, clock, () => {
    const bytes = mb * 1024 * 1024;
    return { rss: bytes, heapUsed: bytes, external: 0 };
  });
  const server = net.createServer({ pauseOnConnect: true, allowHalfOpen: true }, (one) => edge.accept(one));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(async () => {
    server.close();
    await edge.drain(0, true);
    edge.sweeper.close();
  });
  const { port } = server.address() as AddressInfo;
  const uses = (used: number) => {
    mb = used;
    clock.advance(1_200);
  };
  const idle = new RawClient(t, port).write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  await idle.sees('web');
  uses(86);
  clock.advance(1_200);
  await idle.sawEnd();
  const kept = new RawClient(t, port).write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  await kept.sees('web');
  uses(101);
  kept.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  await kept.sees(/503 Service Unavailable.*Retry-After: 5\r\n.*Connection: close/s);
  const refused = await ask(port, '/');
  assert.deepEqual([refused.status, refused.headers['retry-after']], [503, '5']);
  uses(120);
  const cut = await new RawClient(t, port).sawEnd();
  assert.match(cut.received, /^HTTP\/1\.1 503 .*Content-Length: 0/s);
  uses(20);
  assert.equal((await ask(port, '/')).status, 200);
  assert.equal(notices.length, 2);
  assert.match(notices[0] ?? '', /^101 MB of memory are in use, and the limit is 100 MB/);
  assert.match(notices[1] ?? '', /3 requests and connections were turned away/);
});
