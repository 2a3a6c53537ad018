/** HTTP/2 at the edge's own doors, with clients that others have written. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import type http from 'node:http';
import http2 from 'node:http2';
import { type TestContext, test } from 'node:test';
import type { EdgeTable } from '../../src/protocol/edge-table.ts';
import { startEdge, type TableParts, tableOf, targetOf } from './edge-process.ts';
import { startApp } from './support.ts';

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
