/** HTTP/2 at the edge's own doors, with clients that others have written. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import type http from 'node:http';
import http2 from 'node:http2';
import { type TestContext, test } from 'node:test';
import tls from 'node:tls';
import { promisify } from 'node:util';
import { WebSocketServer } from 'ws';
import type { EdgeTable } from '../../src/protocol/edge-table.ts';
import { certificateFor, testCa, tlsFile } from '../support/certificates.ts';
import { requireProgram } from '../support/programs.ts';
import { startEdge, type TableParts, tableOf, targetOf } from './edge-process.ts';
import { Http2Client, headers, settings } from './http2-client.ts';
import { RawClient, startApp, until } from './support.ts';

const run = promisify(execFile);

interface Got {
  readonly status: number;
  readonly headers: http2.IncomingHttpHeaders;
  readonly trailers: http2.IncomingHttpHeaders | undefined;
  readonly body: string;
}

/** An edge whose plain door understands HTTP/2, with one app behind it. */
async function start(t: TestContext, listener: http.RequestListener, parts: TableParts = {}) {
  const app = await startApp(t, listener);
  const targets = [targetOf('web.0#1', app.address)];
  const table = (): EdgeTable =>
    tableOf({ pools: { web: { targets } }, ...parts, http2: { cleartext: true, ...parts.http2 } });
  const edge = await startEdge(t, table());
  return { app, edge, table };
}

function connect(t: TestContext, to: string, options: http2.SecureClientSessionOptions = {}) {
  const client = http2.connect(to, options);
  client.on('error', () => {});
  t.after(() => client.destroy());
  return client;
}

const plain = (t: TestContext, port: number) => connect(t, `http://127.0.0.1:${port}`);

async function get(
  client: http2.ClientHttp2Session,
  fields: http2.OutgoingHttpHeaders,
  body?: string | Buffer,
): Promise<Got> {
  const stream = client.request(fields, { endStream: body === undefined });
  if (body !== undefined) stream.end(body);
  const [headers] = (await once(stream, 'response')) as [http2.IncomingHttpHeaders];
  let trailers: http2.IncomingHttpHeaders | undefined;
  stream.on('trailers', (got: http2.IncomingHttpHeaders) => {
    trailers = got;
  });
  let text = '';
  for await (const piece of stream.setEncoding('latin1')) text += piece;
  return { status: Number(headers[':status']), headers, trailers, body: text };
}

const echo: http.RequestListener = (request, response) => {
  let body = '';
  request.setEncoding('latin1').on('data', (piece: string) => {
    body += piece;
  });
  request.on('end', () => {
    const { method, url, headers } = request;
    response.end(JSON.stringify({ method, url, headers, length: body.length }));
  });
};

test('requests go to the app as HTTP/1.1 would have said them', async (t) => {
  const { edge } = await start(t, echo);
  const client = plain(t, edge.port);
  const got = await get(
    client,
    {
      ':method': 'POST',
      ':path': '/a%7Eb?c=d',
      ':authority': 'example.com:8080',
      cookie: ['a=1', 'b=2'],
      te: 'trailers',
      'x-forwarded-for': '6.6.6.6',
      'x-own': 'mine',
      'content-length': 5,
    },
    'hello',
  );
  const said = JSON.parse(got.body);
  assert.equal(got.status, 200);
  assert.deepEqual([said.method, said.url, said.length], ['POST', '/a~b?c=d', 5]);
  const { host, cookie, te } = said.headers;
  assert.deepEqual([host, cookie, te], ['example.com:8080', 'a=1; b=2', undefined]);
  assert.equal(said.headers['x-own'], 'mine');
  assert.equal(said.headers['x-forwarded-for'], '127.0.0.1');
  assert.equal(said.headers['content-length'], '5');
  assert.equal(got.headers.connection, undefined);
  const large = 'x'.repeat(3_000_000);
  const answers = await Promise.all(
    Array.from({ length: 20 }, (_, i) =>
      get(client, { ':method': 'PUT', ':path': `/${i}` }, i < 3 ? large : 'x'),
    ),
  );
  answers.forEach(({ body }, i) => {
    const { url, length, headers } = JSON.parse(body);
    assert.deepEqual([url, length], [`/${i}`, i < 3 ? large.length : 1]);
    assert.equal(headers['transfer-encoding'], 'chunked');
  });
});

test('large answers come whole, to many streams at a time', async (t) => {
  const large = Buffer.alloc(2_000_000, 'abcdefg').toString('latin1');
  const { edge } = await start(t, (request, response) => {
    if (request.url === '/204') response.writeHead(204).end();
    else {
      const body = large.slice(0, Number(request.url?.slice(1)));
      response.writeHead(200, { 'Set-Cookie': ['a=1', 'b=2'], 'Content-Length': body.length }).end(body);
    }
  });
  const client = plain(t, edge.port);
  const sizes = [0, 1, 16_384, 70_000, 1_000_000, 2_000_000, 2_000_000];
  const answers = await Promise.all(sizes.map((size) => get(client, { ':path': `/${size}` })));
  answers.forEach(({ body, headers }, i) => {
    assert.equal(headers['content-length'], String(sizes[i]));
    assert.deepEqual(headers['set-cookie'], ['a=1', 'b=2']);
    assert.ok(body === large.slice(0, sizes[i]));
  });
  const head = await get(client, { ':path': '/70000', ':method': 'HEAD' });
  assert.deepEqual([head.headers['content-length'], head.body], ['70000', '']);
  assert.equal((await get(client, { ':path': '/204' })).status, 204);
});

test('an app’s 100, its early hints and the end of a client reach the other side', async (t) => {
  let left = false;
  const { app, edge } = await start(t, (request, response) => {
    if (request.url === '/left')
      request.on('close', () => {
        left = true;
      });
    else echo(request, response);
  });
  app.server.on('checkContinue', (request, response) => {
    response.writeEarlyHints({ link: '</a.css>; rel=preload' });
    response.writeContinue();
    echo(request, response);
  });
  const client = plain(t, edge.port);
  const stream = client.request(
    { ':method': 'POST', ':path': '/', expect: '100-continue' },
    { endStream: false },
  );
  const seen: unknown[] = [];
  stream.on('headers', (fields) => seen.push(fields[':status'], fields.link));
  await once(stream, 'continue');
  stream.end('body');
  const [fields] = await once(stream, 'response');
  assert.equal(fields[':status'], 200);
  assert.deepEqual(seen.slice(0, 2), [103, '</a.css>; rel=preload']);
  const leaving = client.request({ ':path': '/left' });
  leaving.on('error', () => {});
  await get(client, { ':path': '/' });
  leaving.close(http2.constants.NGHTTP2_CANCEL);
  await until(() => left, 'the app knows that its client has left');
});

test('the edge’s own answers, and bodies that are too large', async (t) => {
  const { edge } = await start(t, echo, {
    limits: { bodyBytes: 1000 },
    sites: [{ host: 'a.test', routes: [{ prefix: '/a', pool: 'web' }] }],
  });
  const client = plain(t, edge.port);
  const own = { ':authority': 'a.test' };
  assert.match((await get(client, { ...own, ':path': '/b', accept: 'text/html' })).body, /<h1>Not Found/);
  assert.equal((await get(client, { ':authority': 'b.test', ':path': '/a' })).status, 404);
  for (const fields of [{ 'content-length': 1001 }, {}]) {
    const stream = client.request(
      { ...own, ':path': '/a', ':method': 'POST', ...fields },
      { endStream: false },
    );
    stream.on('error', () => {});
    stream.write('x'.repeat(1001));
    const [answer] = await once(stream, 'response');
    assert.equal(answer[':status'], 413);
    stream.resume();
    await once(stream, 'close');
    assert.equal(stream.rstCode, 0);
  }
  assert.equal((await get(client, { ...own, ':path': '/a' })).status, 200);
});

test('an answer that breaks off is a reset of its stream, and of no other', async (t) => {
  const { edge } = await start(t, (request, response) => {
    if (request.url === '/whole') return void response.end('whole');
    response.writeHead(200, { 'Content-Length': 100 });
    response.write('part', () => response.destroy());
  });
  const client = plain(t, edge.port);
  const broken = client.request({ ':path': '/' }).resume();
  const [error] = await once(broken, 'error');
  assert.match((error as Error).message, /NGHTTP2_INTERNAL_ERROR/);
  assert.equal((await get(client, { ':path': '/whole' })).body, 'whole');
});

test('an edge that drains finishes what it has, serves what was on its way, and says goodbye', async (t) => {
  let finish: (() => void) | undefined;
  const { edge } = await start(t, (request, response) => {
    if (request.url === '/slow') finish = () => response.end('finished');
    else response.end('ok');
  });
  const busy = plain(t, edge.port);
  const idle = plain(t, edge.port);
  await get(idle, { ':path': '/' });
  const answer = get(busy, { ':path': '/slow' });
  await until(() => finish !== undefined, 'the request is at the app');
  const goodbyes: number[] = [];
  busy.on('goaway', (code, last) => goodbyes.push(code, last));
  edge.send({ type: 'drain', timeoutMs: 10_000 });
  await once(idle, 'close');
  await until(() => goodbyes.length === 4, 'both goodbyes are there');
  assert.deepEqual(goodbyes, [0, 2 ** 31 - 1, 0, 1]);
  finish?.();
  assert.equal((await answer).body, 'finished');
  assert.equal(await edge.exited, 0);
});

async function startSockets(t: TestContext) {
  const started = await start(t, echo, { http2: { webSockets: true } });
  const server = new WebSocketServer({ server: started.app.server });
  const closes: number[] = [];
  server.on('connection', (socket, { url, headers }) => {
    socket.send(`${url} ${headers.host}`);
    socket.on('message', (data, binary) => socket.send(data, { binary }));
    socket.on('close', (code) => closes.push(code));
  });
  t.after(() => server.close());
  const client = plain(t, started.edge.port);
  await once(client, 'remoteSettings');
  return { ...started, client, closes };
}

function chat(client: http2.ClientHttp2Session) {
  const stream = client.request(
    {
      ':method': 'CONNECT',
      ':protocol': 'websocket',
      ':path': '/chat',
      ':authority': 'a.test',
      'sec-websocket-version': '13',
    },
    { endStream: false },
  );
  let received = '';
  stream.setEncoding('latin1').on('data', (text: string) => {
    received += text;
  });
  return { stream, received: () => received };
}

test('a WebSocket on a stream is one for the app, beside requests', async (t) => {
  const { client, closes } = await startSockets(t);
  assert.equal(client.remoteSettings.enableConnectProtocol, true);
  const { stream, received } = chat(client);
  const [fields] = await once(stream, 'response');
  assert.deepEqual(
    [fields[':status'], fields['sec-websocket-accept'], fields.upgrade],
    [200, undefined, undefined],
  );
  await until(() => received() === '\x81\x0c/chat a.test', 'the app greets');
  const long = 'x'.repeat(300_000);
  stream.write('\x81\x82\0\0\0\0hi', 'latin1');
  stream.write(`\x82\xff\0\0\0\0\0\x04\x93\xe0\0\0\0\0${long}`, 'latin1');
  assert.equal((await get(client, { ':path': '/' })).status, 200);
  await until(() => received().length === 14 + 4 + 10 + 300_000, 'all of it is back');
  assert.ok(received().endsWith(`\x81\x02hi\x82\x7f\0\0\0\0\0\x04\x93\xe0${long}`));
  stream.write('\x88\x82\0\0\0\0\x03\xe8', 'latin1');
  await until(() => received().endsWith('\x88\x02\x03\xe8'), 'the app says goodbye, too');
  await once(stream.end(), 'close');
  await until(() => closes.length === 1, 'the app knows');
  assert.deepEqual([stream.rstCode, closes], [0, [1000]]);
});

test('WebSockets on streams are closed with 1012, and refused ones have an ordinary answer', async (t) => {
  const { edge, client, closes, app } = await startSockets(t);
  const { stream, received } = chat(client);
  await until(() => received() !== '', 'the app greets');
  app.server.removeAllListeners('upgrade').on('upgrade', (_request, socket) => {
    socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno');
  });
  const refused = chat(client);
  assert.equal((await once(refused.stream, 'response'))[0][':status'], 403);
  edge.send({ type: 'drain', timeoutMs: 60_000, final: true });
  await until(() => received().endsWith('\x88\x02\x03\xf4'), 'the client is told to come again');
  stream.end('\x88\x82\0\0\0\0\x03\xf4', 'latin1');
  await until(() => closes.length === 1, 'the app knows');
  assert.deepEqual(closes, [1001]);
  assert.equal(await edge.exited, 0);
});

test('a WebSocket whose client goes away is closed for the app', async (t) => {
  const { client, closes } = await startSockets(t);
  const first = chat(client);
  const second = chat(client);
  await until(() => first.received() !== '' && second.received() !== '', 'the app greets both');
  first.stream.on('error', () => {}).close(http2.constants.NGHTTP2_CANCEL);
  await until(() => closes.length === 1, 'the app knows of the first');
  client.destroy();
  await until(() => closes.length === 2, 'the app knows of the second');
});

/** Two sites with a certificate of both, and one with its own; all with TLS. */
async function startTls(t: TestContext, parts: TableParts = {}) {
  const app = await startApp(t, echo);
  const tls = { redirect: true, hstsSeconds: 60, clients: null };
  const sites = ['a.test', 'b.test', 'c.test'].map((host) => ({
    host,
    tls,
    routes: [{ prefix: '/', pool: 'web' }],
  }));
  const pools = { web: { targets: [targetOf('web.0#1', app.address)] } };
  const table = (more: TableParts = {}) => tableOf({ pools, sites, ...parts, ...more });
  const edge = await startEdge(t, table(), false, {
    certificates: [certificateFor(['a.test', 'b.test'], 'a.test'), certificateFor(['c.test'], 'b.test')],
    clientAuthorities: {},
    ticketKeys: Buffer.alloc(48, 7).toString('base64'),
    challenges: { http: {}, alpn: [] },
  });
  return { edge, table };
}

const secure = (t: TestContext, port: number) =>
  connect(t, `https://127.0.0.1:${port}`, { servername: 'a.test', ca: testCa });

test('clients with TLS agree on h2, and ask for the names of this certificate only', async (t) => {
  const { edge, table } = await startTls(t);
  const client = secure(t, edge.port);
  const got = await get(client, { ':authority': 'a.test' });
  assert.equal(JSON.parse(got.body).headers['x-forwarded-proto'], 'https');
  assert.equal(got.headers['strict-transport-security'], 'max-age=60');
  assert.equal((await get(client, { ':authority': `b.test:${edge.port}` })).status, 200);
  assert.equal((await get(client, { ':authority': 'c.test' })).status, 421);
  assert.equal((await get(client, { ':authority': 'nobody.test' })).status, 404);
  const protocol = async () => {
    const socket = tls.connect({
      port: edge.port,
      host: '127.0.0.1',
      servername: 'a.test',
      ca: testCa,
      ALPNProtocols: ['h2', 'http/1.1'],
    });
    await once(socket, 'secureConnect');
    socket.destroy();
    return socket.alpnProtocol;
  };
  assert.equal(await protocol(), 'h2');
  await edge.apply(table({ http2: { tls: false } }));
  assert.equal(await protocol(), 'http/1.1');
  assert.equal((await get(client, { ':authority': 'a.test' })).status, 200);
});

test('without the setting the preface is no request, nor behind one, nor an upgrade', async (t) => {
  const { edge, table } = await start(t, echo);
  const preface = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';
  const behind = new RawClient(t, edge.port).write(`GET / HTTP/1.1\r\nHost: a\r\n\r\n${preface}`);
  await behind.sees('HTTP/1.1 505 ');
  const upgrade = 'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n';
  const upgrading = new RawClient(t, edge.port).write(`GET / HTTP/1.1\r\nHost: a\r\n${upgrade}\r\n`);
  await upgrading.sees('HTTP/1.1 200 ');
  await edge.apply({ ...table(), http2: { ...table().http2, cleartext: false } });
  await new RawClient(t, edge.port).write(preface).sees('HTTP/1.1 505 ');
});

test('a preface in pieces is understood', async (t) => {
  const { edge } = await start(t, echo);
  const client = new Http2Client(t, edge.port);
  for (const piece of [...`PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n${settings([])}${headers(1)}`]) {
    client.write(piece);
    await new Promise(setImmediate);
  }
  await client.hears('HEADERS 1 200');
});

test('curl and nghttp are content', async (t) => {
  requireProgram(t, 'curl');
  requireProgram(t, 'nghttp');
  const { edge } = await startTls(t);
  const url = `https://a.test:${edge.port}/x?y=1`;
  const { stdout } = await run('curl', [
    ...['-sS', '--http2', '--cacert', tlsFile('ca.pem'), '--resolve', `a.test:${edge.port}:127.0.0.1`],
    ...['-d', 'body', '-w', '\n%{http_code} %{http_version}', url, url],
  ]);
  assert.equal(stdout.match(/\n200 2/g)?.length, 2);
  const { edge: open } = await start(t, echo);
  const nghttp = await run('nghttp', ['-v', '-n', '--multiply=20', `http://127.0.0.1:${open.port}/`]);
  assert.equal(nghttp.stdout.match(/:status: 200/g)?.length, 20);
});
