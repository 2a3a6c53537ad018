/** What a request looks like to the app, and an answer to the client. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import { test } from 'node:test';
import { accessLogDefaults } from '../../src/config/traffic-defaults.ts';
import { startEdge, tableOf, targetOf } from './edge-process.ts';
import { ask, RawClient, startApp, startRawApp, until } from './support.ts';

/** An app that tells what it got. */
const mirror: http.RequestListener = (request, response) => {
  let body = '';
  request.setEncoding('latin1').on('data', (text) => {
    body += text;
  });
  request.on('end', () => {
    const { method, url, rawHeaders, httpVersion } = request;
    response.setHeader('Content-Type', 'application/json');
    response.end(JSON.stringify({ method, url, rawHeaders, httpVersion, body }));
  });
};

interface Seen {
  readonly method: string;
  readonly url: string;
  readonly rawHeaders: string[];
  readonly body: string;
}

/** The values of all fields of a name that the app saw. */
function valuesOf(seen: Seen, name: string): string[] {
  return seen.rawHeaders.filter((_, i, all) => i % 2 === 1 && all[i - 1]?.toLowerCase() === name);
}

test('an app gets method, path, query, fields and body, and who the client is', async (t) => {
  const app = await startApp(t, mirror);
  const edge = await startEdge(
    t,
    tableOf({ pools: { web: { targets: [targetOf('web.0#1', app.address)] } } }),
  );
  const answer = await ask(edge.port, '/a/%7Eb%2fc?q={"x":[1|2]}&%zz', {
    method: 'PUT',
    headers: {
      Host: 'Shop.test:81',
      'X-Thing': ['1', '2'],
      'X-Forwarded-For': '6.6.6.6',
      'X-Real-IP': '6.6.6.6',
      Forwarded: 'for=6.6.6.6',
      X_Forwarded_For: '6.6.6.6',
      'X-Holdfast-Client': '6.6.6.6 1 https',
      Proxy: 'evil',
      'Keep-Alive': 'timeout=1',
      Connection: 'keep-alive, X-Private, Cookie',
      'X-Private': '1',
      Cookie: 'a=1',
      TE: 'trailers',
    },
    body: 'hello',
  });
  const seen: Seen = JSON.parse(answer.body);
  assert.equal(seen.method, 'PUT');
  assert.equal(seen.url, '/a/~b%2Fc?q={"x":[1|2]}&%zz');
  assert.equal(seen.body, 'hello');
  const ip = '127.0.0.1';
  const expected: Record<string, string[]> = {
    host: ['Shop.test:81'],
    'x-thing': ['1', '2'],
    cookie: ['a=1'],
    'x-forwarded-for': [ip],
    'x-real-ip': [ip],
    'x-forwarded-proto': ['http'],
    'x-forwarded-host': ['Shop.test:81'],
    'x-forwarded-port': [String(edge.port)],
    forwarded: [`for=${ip};host="Shop.test:81";proto=http`],
    x_forwarded_for: [],
    'x-holdfast-client': [],
    proxy: [],
    'x-private': [],
    te: [],
    'keep-alive': [],
    'content-length': ['5'],
  };
  for (const [name, values] of Object.entries(expected)) assert.deepEqual(valuesOf(seen, name), values, name);
});

test('what is remembered of a request is never said of another', async (t) => {
  const app = await startApp(t, (request, response) => {
    const { host, 'x-a': a, 'x-forwarded-host': forwarded } = request.headers;
    response.end(`<${request.method} ${host} ${forwarded} ${a} ${request.headers['content-length']}>`);
  });
  const edge = await startEdge(
    t,
    tableOf({ pools: { web: { targets: [targetOf('web.0#1', app.address)] } } }),
  );
  const client = new RawClient(t, edge.port);
  const lines = 'Host: a.test\r\nX-A: 1\r\n';
  const requests: readonly [raw: string, seen: string][] = [
    [`GET / HTTP/1.1\r\n${lines}\r\n`, '<GET a.test a.test 1 undefined>'],
    ['GET / HTTP/1.1\r\nHost: a.test\r\nX-A: 2\r\n\r\n', '<GET a.test a.test 2 undefined>'],
    [`GET / HTTP/1.1\r\n${lines}\r\n`, '<GET a.test a.test 1 undefined>'],
    [`GET http://b.test/ HTTP/1.1\r\n${lines}\r\n`, '<GET b.test b.test 1 undefined>'],
    [`GET http://c.test/ HTTP/1.1\r\n${lines}\r\n`, '<GET c.test c.test 1 undefined>'],
    [`DELETE / HTTP/1.1\r\n${lines}\r\n`, '<DELETE a.test a.test 1 undefined>'],
    [`PUT / HTTP/1.1\r\n${lines}Content-Length: 1\r\n\r\nx`, '<PUT a.test a.test 1 1>'],
    [`GET / HTTP/1.0\r\n${lines}\r\n`, '<GET a.test a.test 1 undefined>'],
  ];
  for (const [raw, seen] of requests) {
    client.received = '';
    await client.write(raw).sees(seen);
  }
});

test('a guest learns the client from the first field', async (t) => {
  const app = await startApp(t, mirror);
  const targets = [targetOf('web.0#1', app.address, { guest: true })];
  const edge = await startEdge(t, tableOf({ pools: { web: { targets } } }));
  const seen: Seen = JSON.parse((await ask(edge.port, '/', { localAddress: '127.0.0.3' })).body);
  assert.equal(seen.rawHeaders[0], 'X-Holdfast-Client');
  assert.match(seen.rawHeaders[1] ?? '', /^127\.0\.0\.3 \d+ http$/);
});

test('a trusted proxy in front is believed, and another is not', async (t) => {
  const app = await startApp(t, mirror);
  const pools = { web: { targets: [targetOf('web.0#1', app.address, { guest: true })] } };
  const edge = await startEdge(t, tableOf({ pools, trust: ['127.0.0.0/30', '10.0.0.0/8'] }));
  const headers = {
    Host: 'a.test',
    'X-Forwarded-For': '6.6.6.6, 9.9.9.9, 10.1.1.1',
    'X-Forwarded-Proto': 'https',
    'X-Forwarded-Host': 'shop.test',
    'X-Forwarded-Port': '443',
    Forwarded: 'for=9.9.9.9',
  };
  const told: Seen = JSON.parse((await ask(edge.port, '/', { headers })).body);
  assert.deepEqual(valuesOf(told, 'x-forwarded-for'), ['6.6.6.6, 9.9.9.9, 10.1.1.1, 127.0.0.1']);
  assert.deepEqual(valuesOf(told, 'x-real-ip'), ['9.9.9.9']);
  assert.deepEqual(valuesOf(told, 'x-forwarded-proto'), ['https']);
  assert.deepEqual(valuesOf(told, 'x-forwarded-host'), ['shop.test']);
  assert.deepEqual(valuesOf(told, 'x-forwarded-port'), ['443']);
  assert.deepEqual(valuesOf(told, 'forwarded'), ['for=9.9.9.9, for=127.0.0.1;host="a.test";proto=http']);
  assert.deepEqual(valuesOf(told, 'x-holdfast-client'), ['9.9.9.9 0 https']);
  const untold: Seen = JSON.parse((await ask(edge.port, '/', { headers, localAddress: '127.0.0.9' })).body);
  assert.deepEqual(valuesOf(untold, 'x-forwarded-for'), ['127.0.0.9']);
  assert.deepEqual(valuesOf(untold, 'x-forwarded-proto'), ['http']);
});

test('requests go to the longest prefix of their host, others get a page', async (t) => {
  const named = (name: string) => startApp(t, (_, response) => response.end(name));
  const [root, api, chat, wild] = await Promise.all([
    named('root'),
    named('api'),
    named('chat'),
    named('wild'),
  ]);
  const pool = (path: string) => ({ targets: [targetOf(path, { path })] });
  const table = tableOf({
    unknownHost: 421,
    pools: { root: pool(root.path), api: pool(api.path), chat: pool(chat.path), wild: pool(wild.path) },
    sites: [
      {
        host: 'a.test',
        routes: [
          { prefix: '/', pool: 'root' },
          { prefix: '/api', pool: 'api' },
          { prefix: '/api/chat/', pool: 'chat' },
        ],
      },
      { host: '*.a.test', routes: [{ prefix: '/wild', pool: 'wild' }] },
    ],
  });
  const edge = await startEdge(t, table);
  const get = async (host: string, path: string) => {
    const { status, body } = await ask(edge.port, path, { headers: { host } });
    return status === 200 ? body : status;
  };
  assert.equal(await get('a.test', '/'), 'root');
  assert.equal(await get('A.TEST:8080', '/apix'), 'root');
  assert.equal(await get('a.test.', '/api'), 'api');
  assert.equal(await get('a.test', '/%61pi/x'), 'api');
  assert.equal(await get('a.test', '/api/chat'), 'chat');
  assert.equal(await get('a.test', '/api/chat/x'), 'chat');
  assert.equal(await get('x.y.a.test', '/wild'), 'wild');
  assert.equal(await get('x.a.test', '/'), 404);
  assert.equal(await get('b.test', '/'), 421);
  const page = await ask(edge.port, '/', { headers: { host: 'b.test', accept: 'text/html' } });
  assert.match(page.body, /^<!doctype html>[\s\S]*421/);
});

test('answers keep their framing, and their hop-by-hop fields to themselves', async (t) => {
  const app = await startApp(t, (request, response) => {
    response.sendDate = false;
    if (request.url === '/length') response.writeHead(200, { 'Content-Length': 5 }).end('hello');
    else if (request.url === '/chunked') response.write('hel', () => response.end('lo'));
    else if (request.url === '/head') response.writeHead(200, { 'Transfer-Encoding': 'chunked' }).end();
    else if (request.url === '/204') response.writeHead(204).end();
    else if (request.url === '/304') response.writeHead(304, { ETag: '"1"', 'Content-Length': 77 }).end();
    else
      response
        .writeHead(299, 'Quite OK', { Connection: 'keep-alive, X-Hop', 'X-Hop': '1', 'X-End': '2' })
        .end();
  });
  const edge = await startEdge(
    t,
    tableOf({ pools: { web: { targets: [targetOf('web.0#1', app.address)] } } }),
  );
  const client = new RawClient(t, edge.port);
  const exchange = async (line: string, end: string) => {
    client.received = '';
    client.write(`${line}\r\nHost: a.test\r\n\r\n`);
    await client.sees(end);
    return client.received;
  };
  assert.equal(
    await exchange('GET /length HTTP/1.1', 'hello'),
    'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello',
  );
  assert.equal(
    await exchange('HEAD /length HTTP/1.1', '\r\n\r\n'),
    'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n',
  );
  const chunked = await exchange('GET /chunked HTTP/1.1', '0\r\n\r\n');
  assert.match(chunked, /^HTTP\/1\.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n/);
  assert.match(await exchange('HEAD /head HTTP/1.1', '\r\n\r\n'), /Transfer-Encoding: chunked\r\n\r\n$/);
  assert.equal(await exchange('GET /204 HTTP/1.1', '\r\n\r\n'), 'HTTP/1.1 204 No Content\r\n\r\n');
  assert.match(await exchange('GET /304 HTTP/1.1', '\r\n\r\n'), /ETag: "1"\r\nContent-Length: 77\r\n\r\n$/);
  assert.match(
    await exchange('GET /hop HTTP/1.1', '\r\n\r\n'),
    /^HTTP\/1\.1 299 Quite OK\r\nX-End: 2\r\nTransfer-Encoding: chunked\r\n\r\n/,
  );
});

test('a client of HTTP/1.0 gets no chunks, and keeps its connection only if it asks', async (t) => {
  const app = await startApp(t, (request, response) => {
    if (request.url === '/chunked') response.write('hel', () => response.end('lo'));
    else response.end('hello');
  });
  const edge = await startEdge(
    t,
    tableOf({ pools: { web: { targets: [targetOf('web.0#1', app.address)] } } }),
  );
  const closed = new RawClient(t, edge.port).write('GET /chunked HTTP/1.0\r\n\r\n');
  await closed.sawEnd();
  assert.match(closed.received, /\r\nConnection: close\r\n\r\nhello$/);
  const kept = new RawClient(t, edge.port).write('GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n');
  await kept.sees(/Content-Length: 5\r\nConnection: keep-alive\r\n\r\nhello$/);
  kept.write('GET / HTTP/1.0\r\n\r\n');
  await kept.sawEnd();
  assert.match(kept.received, /hello[\s\S]*Connection: close\r\n\r\nhello$/);
});

test('pipelined requests are answered in order', async (t) => {
  const app = await startApp(t, (request, response) => {
    setTimeout(() => response.end(`<${request.url}>`), request.url === '/0' ? 30 : 0);
  });
  const edge = await startEdge(
    t,
    tableOf({ pools: { web: { targets: [targetOf('web.0#1', app.address)] } } }),
  );
  const count = 200;
  const requests = Array.from({ length: count }, (_, i) =>
    i % 3 === 0
      ? `POST /${i} HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello`
      : `GET /${i} HTTP/1.1\r\nHost: ${i % 7 === 0 ? 'bad host' : 'a'}\r\n\r\n`.replace('bad host', 'other'),
  );
  const client = new RawClient(t, edge.port).write(requests.join(''));
  await client.sees(`</${count - 1}>`);
  const paths = [...client.received.matchAll(/<\/(\d+)>/g)].map((match) => Number(match[1]));
  assert.deepEqual(
    paths,
    Array.from({ length: count }, (_, i) => i),
  );
});

test('1xx answers pass, and a body waits for 100 Continue', async (t) => {
  const app = await startApp(t, mirror);
  app.server.on('checkContinue', (request: http.IncomingMessage, response: http.ServerResponse) => {
    response.writeEarlyHints({ link: '</style.css>; rel=preload' });
    response.writeContinue();
    mirror(request, response);
  });
  const edge = await startEdge(
    t,
    tableOf({ pools: { web: { targets: [targetOf('web.0#1', app.address)] } } }),
  );
  const client = new RawClient(t, edge.port).write(
    'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-Continue\r\n\r\n',
  );
  await client.sees('HTTP/1.1 100 Continue\r\n\r\n');
  assert.match(client.received, /^HTTP\/1\.1 103 Early Hints\r\nLink: <\/style\.css>; rel=preload\r\n\r\n/);
  client.write('hello');
  await client.sees('"body":"hello"');
});

test('an answer before the body is complete ends the connection', async (t) => {
  const app = await startApp(t, (_, response) => response.writeHead(401).end());
  app.server.on('checkContinue', (_: http.IncomingMessage, response: http.ServerResponse) => {
    response.writeHead(417).end();
  });
  const edge = await startEdge(
    t,
    tableOf({ pools: { web: { targets: [targetOf('web.0#1', app.address)] } } }),
  );
  const waiting = new RawClient(t, edge.port).write(
    'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n',
  );
  await waiting.sawEnd();
  assert.match(waiting.received, /^HTTP\/1\.1 417 [\s\S]*\r\nConnection: close\r\n/);
  const sending = new RawClient(t, edge.port).write(
    'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 500000\r\n\r\nhel',
  );
  await sending.sawEnd();
  assert.match(sending.received, /^HTTP\/1\.1 401 /);
});

test('connections to the app are kept and used again', async (t) => {
  const app = await startApp(t, (_, response) => response.end('ok'));
  let connections = 0;
  app.server.on('connection', () => connections++);
  const edge = await startEdge(
    t,
    tableOf({ pools: { web: { targets: [targetOf('web.0#1', app.address)] } } }),
  );
  for (let i = 0; i < 10; i++) assert.equal((await ask(edge.port, '/')).status, 200);
  assert.equal(connections, 1);
});

test('an app that closes idle connections soon is not asked on one of them', async (t) => {
  const app = await startRawApp(t, (socket) => {
    socket.on('data', () =>
      socket.write('HTTP/1.1 200 OK\r\nKeep-Alive: timeout=1\r\nContent-Length: 2\r\n\r\nok'),
    );
  });
  let connections = 0;
  app.server.on('connection', () => connections++);
  const edge = await startEdge(
    t,
    tableOf({ pools: { web: { targets: [targetOf('web.0#1', app.address)] } } }),
  );
  for (let i = 0; i < 3; i++) assert.equal((await ask(edge.port, '/')).body, 'ok');
  assert.equal(connections, 3);
});

test('an idle connection to the app is closed before the app does it', async (t) => {
  let closed = 0;
  const app = await startRawApp(t, (socket) => {
    socket.on('data', () =>
      socket.write('HTTP/1.1 200 OK\r\nKeep-Alive: timeout=2\r\nContent-Length: 2\r\n\r\nok'),
    );
    socket.on('end', () => closed++);
  });
  const edge = await startEdge(
    t,
    tableOf({ pools: { web: { targets: [targetOf('web.0#1', app.address)] } } }),
  );
  assert.equal((await ask(edge.port, '/')).body, 'ok');
  await until(() => closed === 1, 'the edge closes it');
  assert.equal((await ask(edge.port, '/')).body, 'ok');
});

test('an upstream over TCP by name works', async (t) => {
  const server = http.createServer((_, response) => response.end('tcp'));
  server.listen(0, 'localhost');
  await once(server, 'listening');
  t.after(() => server.close());
  const { port } = server.address() as { port: number };
  const targets = [targetOf(`localhost:${port}`, { host: 'localhost', port })];
  const edge = await startEdge(t, tableOf({ pools: { web: { targets } } }));
  for (let i = 0; i < 3; i++) assert.equal((await ask(edge.port, '/')).body, 'tcp');
});

test('one line a request goes to stdout if it is wanted', async (t) => {
  const app = await startApp(t, (_, response) => response.end('hello'));
  const pools = { web: { targets: [targetOf('web.0#1', app.address)] } };
  const edge = await startEdge(t, tableOf({ accessLog: accessLogDefaults, pools }));
  await ask(edge.port, '/a?b', { headers: { host: 'a.test' } });
  new RawClient(t, edge.port).write('NONSENSE\r\n\r\n');
  await until(() => edge.stdout().split('\n').length > 2, 'two lines are there');
  const [first, second] = edge.stdout().split('\n');
  assert.match(first ?? '', /^127\.0\.0\.1 a\.test GET \/a\?b 200 5 \d+\.\dms web\.0#1$/);
  assert.match(second ?? '', /^127\.0\.0\.1 - - - 400 0 /);
});
