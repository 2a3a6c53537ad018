/** What costs a client of HTTP/2 nothing must not cost the edge much; and whoever only leaves a page is no attacker. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import type http from 'node:http';
import http2 from 'node:http2';
import { type TestContext, test } from 'node:test';
import { Flag, FrameType, Setting } from '../../src/edge/http2/codes.ts';
import { startEdge, type TableParts, tableOf, targetOf } from './edge-process.ts';
import {
  data,
  frame,
  getFields,
  Http2Client,
  headers,
  opening,
  ping,
  reset,
  settings,
  widen,
} from './http2-client.ts';
import { startApp, until } from './support.ts';

const CALM = /^GOAWAY ENHANCE_YOUR_CALM /;
const GET = headers(1).slice(9);
const get = (stream: number, flags = Flag.endStream | Flag.endHeaders) =>
  frame(FrameType.headers, flags, stream, GET);

async function start(t: TestContext, listener: http.RequestListener, parts: TableParts = {}) {
  const app = await startApp(t, listener);
  const pools = { web: { targets: [targetOf('web.0#1', app.address)] } };
  return startEdge(t, tableOf({ pools, ...parts, http2: { cleartext: true } }));
}

function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, i) => 2 * i + 1);
}

test('floods end with ENHANCE_YOUR_CALM', async (t) => {
  const edge = await start(t, (_, response) => response.end('ok'));
  const floods: Readonly<Record<string, string>> = {
    'rapid reset': numbers(4000)
      .map((id) => get(id) + reset(id))
      .join(''),
    'streams that we have to reset (MadeYouReset)': numbers(400)
      .map((id) => opening(id) + widen(id, 0))
      .join(''),
    'malformed requests': numbers(400)
      .map((id) => headers(id, []))
      .join(''),
    'more streams than agreed on': numbers(4000)
      .map((id) => opening(id))
      .join(''),
    PING: ping().repeat(3000),
    SETTINGS: settings([]).repeat(200),
    'SETTINGS that change windows': (settings([[4, 1]]) + settings([[4, 9]])).repeat(100),
    PRIORITY: frame(FrameType.priority, 0, 1, '\0\0\0\0\x10').repeat(3000),
    'unknown frames': frame(99, 0, 0, 'x').repeat(3000),
    WINDOW_UPDATE: widen(0, 1).repeat(20_000),
    'WINDOW_UPDATE of a stream': opening(1) + widen(1, 1).repeat(20_000),
    'empty DATA': opening(1) + data(1, '').repeat(500),
    CONTINUATION: frame(FrameType.headers, 0, 1, GET) + frame(FrameType.continuation, 0, 1, 'x').repeat(1000),
  };
  await Promise.all(
    Object.entries(floods).map(async ([name, bytes]) => {
      const client = new Http2Client(t, edge.port).greet();
      await assert.doesNotReject(client.write(bytes).hears(CALM), name);
    }),
  );
});

test('who cancels a page of requests is served on', async (t) => {
  const edge = await start(t, (request, response) => {
    if (request.url === '/after') response.end('still here');
  });
  const client = http2.connect(`http://127.0.0.1:${edge.port}`);
  t.after(() => client.destroy());
  client.on('error', () => {});
  await once(client, 'remoteSettings');
  // Ten maps of a hundred tiles each, all left before they are there.
  for (let page = 0; page < 10; page++) {
    const tiles = Array.from({ length: 100 }, () =>
      client.request({ ':path': '/tile' }).on('error', () => {}),
    );
    await new Promise(setImmediate);
    for (const tile of tiles) tile.close(http2.constants.NGHTTP2_CANCEL);
    await Promise.all(tiles.map((tile) => tile.closed || once(tile, 'close')));
  }
  const after = client.request({ ':path': '/after' }).setEncoding('utf8');
  let text = '';
  for await (const piece of after) text += piece;
  assert.equal(text, 'still here');
});

test('a client whose windows stay shut gets its end, and holds little memory until then', async (t) => {
  let sent = 0;
  let begun = 0;
  const piece = Buffer.alloc(16_384);
  const edge = await start(
    t,
    (request, response) => {
      if (request.url === '/small') return void response.end('ok');
      begun++;
      const more = () => {
        while (response.write(piece)) sent += piece.length;
        sent += piece.length;
      };
      response.on('drain', more).on('error', () => {});
      more();
    },
    { limits: { upstreamTimeoutMs: 600 } },
  );
  const client = new Http2Client(t, edge.port).greet(settings([[Setting.initialWindowSize, 1000]]));
  client.write(
    numbers(50)
      .map((id) => headers(id, getFields({ ':path': '/endless' })))
      .join(''),
  );
  await until(() => begun === 50, 'all requests are at the app');
  for (const id of numbers(50)) await client.hears(new RegExp(`^RST_STREAM ${id} `));
  // What is between the app and us, for each: the buffers of the kernel, and one read.
  assert.ok(sent < 50 * 1_000_000, `${sent} bytes`);
  await client.write(headers(1001, getFields({ ':path': '/small' }))).hears('END 1001');
});

test('a client that stops reading is cut off, and so is one that begins and goes no further', async (t) => {
  const edge = await start(
    t,
    (request, response) => {
      if (request.url !== '/') return;
      // However fast the client is before it stops: there is always more.
      const more = () => {
        while (response.write(Buffer.alloc(65_536)));
      };
      response.on('drain', more).on('error', () => {});
      more();
    },
    { limits: { upstreamTimeoutMs: 400, headTimeoutMs: 400, keepAliveMs: 600, bodyIdleMs: 400 } },
  );
  const deaf = new Http2Client(t, edge.port).greet(settings([[Setting.initialWindowSize, 2 ** 31 - 1]]));
  deaf.write(widen(0, 2 ** 30) + headers(1));
  await deaf.hears(/^DATA/);
  deaf.socket.pause();
  const half = [
    '',
    'PRI * HTTP/2.0\r\n\r\n',
    frame(FrameType.headers, Flag.endStream, 1, GET),
    headers(1).slice(0, 20),
  ].map((bytes, i) => {
    const client = new Http2Client(t, edge.port);
    return i < 2 ? client.write(bytes) : client.greet().write(bytes);
  });
  const silent = new Http2Client(t, edge.port).greet();
  const unsettled = new Http2Client(t, edge.port).write(`PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n${settings([])}`);
  const slow = new Http2Client(t, edge.port)
    .greet()
    .write(opening(1, getFields({ ':path': '/slow', ':method': 'POST' })) + data(1, 'x'));
  await Promise.all([...half, silent, unsettled].map((client) => client.ends()));
  await slow.hears('HEADERS 1 408');
  assert.deepEqual(unsettled.heard.at(-2), 'GOAWAY SETTINGS_TIMEOUT 0');
  assert.deepEqual(silent.heard.at(-2), 'GOAWAY NO_ERROR 0');
  deaf.socket.resume();
  await deaf.ends();
  assert.ok((deaf.bodies.get(1)?.length ?? 0) > 0);
  assert.ok(!deaf.heard.includes('END 1'), 'it did not get all of it');
});

test('who does not read its answers cannot ask for more and more', async (t) => {
  let asked = 0;
  const edge = await start(t, (_, response) => {
    asked++;
    response.writeHead(204, { 'X-Large': 'x'.repeat(7_000) }).end();
  });
  const client = new Http2Client(t, edge.port).greet();
  client.socket.pause();
  let before = -1;
  let sent = 0;
  // Until nothing moves any more.
  for (let still = 0; still < 60; still = asked === before ? still + 1 : 0) {
    before = asked;
    if (asked === sent) {
      client.write(
        numbers(50)
          .map((id) => get(sent * 2 + id))
          .join(''),
      );
      sent += 50;
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
    assert.ok(asked < 3_000, 'the edge goes on and on');
  }
});

test('no stream waits for another that has a long answer', async (t) => {
  const edge = await start(t, (request, response) =>
    response.end(Buffer.alloc(request.url === '/long' ? 20_000_000 : 5)),
  );
  const client = new Http2Client(t, edge.port).greet(settings([[Setting.initialWindowSize, 2 ** 31 - 1]]));
  client.write(widen(0, 2 ** 30) + headers(1, getFields({ ':path': '/long' })));
  await client.hears(/^DATA 1/);
  await client.write(headers(3, getFields({ ':path': '/short' }))).hears('END 3');
  assert.equal(client.heard.includes('END 1'), false);
});

test('a request in the smallest pieces is a few pieces for its app', async (t) => {
  let pieces = 0;
  const edge = await start(t, (request, response) => {
    request.on('data', () => pieces++).on('end', () => response.end(String(pieces)));
  });
  const client = new Http2Client(t, edge.port).greet();
  client.write(opening(1) + data(1, 'x').repeat(20_000) + data(1, '', Flag.endStream));
  await client.hears('END 1');
  assert.ok(pieces < 200, `${pieces} pieces`);
});
