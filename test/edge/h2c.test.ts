/** Apps that speak HTTP/2 without TLS, as gRPC servers do. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import http2, { constants } from 'node:http2';
import type net from 'node:net';
import { type TestContext, test } from 'node:test';
import { accessLogDefaults, upstreamDefaults } from '../../src/config/traffic-defaults.ts';
import type { EdgeTarget } from '../../src/protocol/edge-table.ts';
import { startEdge, tableOf, targetOf } from './edge-process.ts';
import { ask, RawClient, startApp, startRawApp, until } from './support.ts';

type Handler = (stream: http2.ServerHttp2Stream, headers: http2.IncomingHttpHeaders, body: Buffer) => void;

const rules = { ...upstreamDefaults, protocol: 'h2c' } as const;

function pool(...targets: EdgeTarget[]) {
  return { pools: { web: { targets, rules, hold: { timeoutMs: 400, maxWaiting: 100 } } } };
}

interface App {
  readonly target: EdgeTarget;
  readonly sessions: http2.ServerHttp2Session[];
  /** Reset codes of streams that did not end well. */
  readonly resets: number[];
  readonly server: http2.Http2Server;
}

/** `whole`: the handler gets the body; else it reads that itself. */
async function startH2(
  t: TestContext,
  handler: Handler,
  { whole = true, settings = {} as http2.Settings, id = 'web.0#1', port = 0 } = {},
): Promise<App> {
  const server = http2.createServer({ settings });
  const sessions: http2.ServerHttp2Session[] = [];
  const resets: number[] = [];
  server.on('session', (session) => {
    sessions.push(session);
    session.on('error', () => {});
  });
  server.on('stream', (stream, headers) => {
    stream.on('error', () => {});
    stream.on(
      'close',
      () => stream.rstCode !== constants.NGHTTP2_NO_ERROR && resets.push(stream.rstCode ?? -1),
    );
    if (!whole) handler(stream, headers, Buffer.alloc(0));
    else
      void stream.toArray().then(
        (parts) => handler(stream, headers, Buffer.concat(parts)),
        () => {},
      );
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    for (const session of sessions) session.destroy();
  });
  const address = { host: '127.0.0.1', port: (server.address() as net.AddressInfo).port };
  return { server, sessions, resets, target: targetOf(id, address) };
}

test('a request becomes a stream, and its answer an answer', async (t) => {
  const seen: http2.IncomingHttpHeaders[] = [];
  const app = await startH2(t, (stream, headers, body) => {
    seen.push(headers);
    if (headers[':path'] === '/empty') stream.respond({ ':status': 204 }, { endStream: true });
    else if (headers[':path'] === '/hints') {
      stream.additionalHeaders({ ':status': 103, link: '</a>' });
      stream.respond();
      stream.end('hints');
    } else {
      stream.respond({ 'set-cookie': ['a=1', 'b=2'], 'x-body': `${headers[':method']} ${body.length}` });
      stream.end(body);
    }
  });
  const edge = await startEdge(t, tableOf(pool(app.target)));
  const body = 'y'.repeat(1_000_000);
  const answer = await ask(edge.port, '/a?b', {
    method: 'POST',
    body,
    headers: {
      Host: 'shop.test:81',
      Cookie: ['a=1', 'b=2'],
      'User-Agent': ['one', 'two'],
      Connection: 'keep-alive, X-Private',
      'X-Private': '1',
      'X-Forwarded-For': '6.6.6.6',
      __proto__x: 'y',
    },
  });
  assert.equal(answer.status, 200);
  assert.deepEqual(answer.headers['set-cookie'], ['a=1', 'b=2']);
  assert.equal(answer.headers['x-body'], 'POST 1000000');
  assert.ok(answer.body === body);
  assert.deepEqual(Object.fromEntries(Object.entries(seen[0] ?? {})), {
    ':method': 'POST',
    ':scheme': 'http',
    ':path': '/a?b',
    ':authority': 'shop.test:81',
    cookie: 'a=1; b=2',
    'user-agent': 'one, two',
    'content-length': '1000000',
    'x-forwarded-for': '127.0.0.1',
    'x-forwarded-proto': 'http',
    'x-forwarded-host': 'shop.test:81',
    'x-forwarded-port': String(edge.port),
    'x-real-ip': '127.0.0.1',
    forwarded: 'for=127.0.0.1;host="shop.test:81";proto=http',
  });
  assert.equal((await ask(edge.port, '/empty')).status, 204);
  const head = await ask(edge.port, '/', { method: 'HEAD' });
  assert.deepEqual([head.status, head.headers['x-body'], head.body], [200, 'HEAD 0', '']);
  const client = new RawClient(t, edge.port).write('GET /hints HTTP/1.1\r\nHost: a\r\n\r\n');
  await client.sees(
    /^HTTP\/1\.1 103 Early Hints\r\nlink: <\/a>\r\n\r\nHTTP\/1\.1 200 OK\r\n[\s\S]*hints\r\n0\r\n\r\n$/,
  );
  assert.equal(
    (await ask(edge.port, '/', { headers: { 'Transfer-Encoding': 'chunked' }, method: 'PUT', body: 'c' }))
      .body,
    'c',
  );
  assert.equal(app.sessions.length, 1, 'one session is enough');
});

/** An app as a gRPC server is one: what it is asked for by path. */
const grpc: Handler = (stream, headers) => {
  const respond = (trailers: http2.OutgoingHttpHeaders, waits = true) => {
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: waits });
    stream.on('wantTrailers', () => stream.sendTrailers(trailers));
  };
  switch (headers[':path']) {
    case '/unary':
    case '/bidi':
      respond({ 'grpc-status': '0', 'content-length': '5', 'x-te': String(headers.te) });
      stream.on('data', (bytes: Buffer) => stream.write(bytes));
      stream.on('end', () => stream.end());
      break;
    case '/server-stream':
      respond({ 'grpc-status': '0' });
      for (let i = 0; i < 3; i++) stream.write(`m${i}`);
      stream.end();
      break;
    case '/trailers-only':
      stream.respond({ ':status': 200, 'grpc-status': '12' }, { endStream: true });
      break;
    default:
      respond({});
      stream.write('never ends');
  }
};

test('trailers come behind the body, to those who read them', async (t) => {
  const app = await startH2(t, grpc, { whole: false });
  const edge = await startEdge(t, tableOf(pool(app.target)));
  const exchange = async (path: string, lines: string) => {
    const client = new RawClient(t, edge.port);
    client.write(
      `POST ${path} HTTP/1.1\r\nHost: a\r\n${lines}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n`,
    );
    await client.sees(/\r\n0\r\n(?:.+\r\n)*\r\n$/);
    return client.received;
  };
  const te = 'TE: trailers\r\nConnection: TE\r\n';
  assert.match(
    await exchange('/unary', te),
    /\r\n\r\n5\r\nhello\r\n0\r\ngrpc-status: 0\r\nx-te: trailers\r\n\r\n$/,
  );
  assert.match(await exchange('/unary', ''), /\r\n\r\n5\r\nhello\r\n0\r\n\r\n$/);
  assert.match(await exchange('/server-stream', te), /m0[\s\S]*m1[\s\S]*m2\r\n0\r\ngrpc-status: 0\r\n\r\n$/);
  assert.match(await exchange('/trailers-only', te), /grpc-status: 12\r\n[\s\S]*\r\n\r\n0\r\n\r\n$/);
});

test('messages go both ways while both sides are open, and whoever leaves resets the stream', async (t) => {
  const app = await startH2(t, grpc, { whole: false });
  const edge = await startEdge(t, tableOf(pool(app.target)));
  const client = new RawClient(t, edge.port);
  client.write('POST /bidi HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n');
  for (const message of ['one', 'two', 'six']) {
    client.write(`3\r\n${message}\r\n`);
    await client.sees(`3\r\n${message}\r\n`);
  }
  client.socket.destroy();
  await until(() => app.resets.length === 1, 'the app sees that the client has left');
  const reader = new RawClient(t, edge.port).write(
    'POST /hangs HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n',
  );
  await reader.sees('never ends');
  reader.socket.destroy();
  await until(() => app.resets.length === 2, 'the app sees that the reader has left');
  assert.deepEqual(app.resets, [constants.NGHTTP2_CANCEL, constants.NGHTTP2_CANCEL]);
  assert.equal(app.sessions.length, 1);
  assert.equal((await ask(edge.port, '/server-stream', { method: 'POST' })).body, 'm0m1m2');
});

/** A frame (RFC 9113 section 4.1). */
function frame(type: number, flags: number, stream: number, payload: Buffer | string = ''): Buffer {
  const head = Buffer.alloc(9);
  const body = Buffer.from(payload);
  head.writeUIntBE(body.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, body]);
}

const word = (value: number) => Buffer.from([0, 0, 0, value]);
const [DATA, HEADERS, RST_STREAM, SETTINGS, GOAWAY] = [0, 1, 3, 4, 7];
/** `:status: 200`, from the static table. */
const OK_HEAD = Buffer.from([0x88]);

/** An app that says to each request what `answer` gives, whatever that is. */
async function startFrames(t: TestContext, id: string, answer: (stream: number, asked: number) => Buffer[]) {
  let asked = 0;
  const frames: (readonly [type: number, flags: number])[] = [];
  const app = await startRawApp(t, (socket) => {
    socket.write(frame(SETTINGS, 0, 0));
    let bytes = Buffer.alloc(0);
    let skipped = false;
    socket.on('data', (chunk) => {
      bytes = Buffer.concat([bytes, chunk]);
      if (!skipped && bytes.length >= 24) {
        skipped = true;
        bytes = bytes.subarray(24);
      }
      while (skipped && bytes.length >= 9 && bytes.length >= 9 + bytes.readUIntBE(0, 3)) {
        const type = bytes.readUInt8(3);
        const stream = bytes.readUInt32BE(5);
        if (stream > 0) frames.push([type, bytes.readUInt8(4)]);
        bytes = bytes.subarray(9 + bytes.readUIntBE(0, 3));
        if (type === HEADERS) socket.write(Buffer.concat(answer(stream, ++asked)));
      }
    });
  });
  return { target: targetOf(id, app.address), asked: () => asked, frames };
}

test('a body that breaks off does not look whole to the app', async (t) => {
  const app = await startFrames(t, 'web.0#1', () => []);
  const edge = await startEdge(t, tableOf(pool(app.target)));
  const client = new RawClient(t, edge.port).write(
    'PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhello',
  );
  await until(() => app.frames.some(([type]) => type === DATA), 'the app has the beginning');
  client.socket.destroy();
  await until(() => app.frames.some(([type]) => type === RST_STREAM), 'the app learns that this is all');
  assert.deepEqual(app.frames, [
    [HEADERS, 4],
    [DATA, 0],
    [RST_STREAM, 0],
  ]);
});

test('a request is repeated if the app says that it did not look at it, and only then', async (t) => {
  const good = await startH2(t, (stream) => stream.end('good'), { id: 'good#1' });
  const untouched: readonly [what: string, answer: (stream: number) => Buffer[]][] = [
    ['refused', (stream) => [frame(RST_STREAM, 0, stream, word(constants.NGHTTP2_REFUSED_STREAM))]],
    ['goodbye', () => [frame(GOAWAY, 0, 0, Buffer.concat([word(0), word(0)]))]],
    ['angry goodbye', () => [frame(GOAWAY, 0, 0, Buffer.concat([word(0), word(11)]))]],
  ];
  const edge = await startEdge(t, tableOf(pool()));
  for (const [what, answer] of untouched) {
    const bad = await startFrames(t, `${what}#1`, answer);
    await edge.apply(tableOf(pool(bad.target, good.target)));
    for (let i = 0; i < 3; i++)
      assert.equal((await ask(edge.port, '/', { method: 'POST', body: 'x' })).body, 'good', what);
    assert.ok(bad.asked() > 0, what);
  }
  const dead = targetOf('dead#1', { path: '/nowhere/app.sock' });
  await edge.apply(tableOf(pool(dead, good.target)));
  for (let i = 0; i < 3; i++)
    assert.equal((await ask(edge.port, '/', { method: 'POST', body: 'x' })).body, 'good');
  const perhaps = await startFrames(t, 'perhaps#1', (stream) => [
    frame(RST_STREAM, 0, stream, word(constants.NGHTTP2_INTERNAL_ERROR)),
  ]);
  await edge.apply(tableOf(pool(perhaps.target)));
  assert.equal((await ask(edge.port, '/', { method: 'POST', body: 'x' })).status, 502);
  assert.equal(perhaps.asked(), 1);
  // It is gone while it has the request.
  const mute = await startFrames(t, 'mute#1', () => []);
  await edge.apply(tableOf(pool(mute.target)));
  const asking = ask(edge.port, '/', { method: 'POST', body: 'x' });
  await until(() => mute.asked() === 1, 'the app has the request');
  await edge.apply(tableOf(pool(good.target)));
  assert.equal((await asking).status, 502);
});

test('an answer that breaks off looks broken to the client', async (t) => {
  const head = (stream: number) => frame(HEADERS, 4, stream, OK_HEAD);
  const length = (stream: number) => frame(HEADERS, 4, stream, Buffer.from([0x88, 0x5c, 2, 0x31, 0x30]));
  const hello = (stream: number) => frame(DATA, 0, stream, 'hello');
  const reset = (stream: number, code: number) => frame(RST_STREAM, 0, stream, word(code));
  const broken: Readonly<Record<string, (stream: number) => Buffer[]>> = {
    reset: (stream) => [head(stream), hello(stream), reset(stream, constants.NGHTTP2_INTERNAL_ERROR)],
    short: (stream) => [length(stream), frame(DATA, 1, stream, 'hello')],
    'reset without an error': (stream) => [length(stream), hello(stream), reset(stream, 0)],
    goodbye: (stream) => [
      head(stream),
      hello(stream),
      frame(GOAWAY, 0, 0, Buffer.concat([word(stream), word(2)])),
    ],
  };
  const edge = await startEdge(t, tableOf(pool()));
  for (const [what, answer] of Object.entries(broken)) {
    const app = await startFrames(t, `${what}#1`, answer);
    await edge.apply(tableOf(pool(app.target)));
    const asking = ask(edge.port, '/', { method: 'POST' });
    await assert.rejects(
      asking.then(({ status }) => assert.equal(status, 502)),
      { code: 'ECONNRESET' },
      what,
    );
    assert.equal(app.asked(), 1, what);
  }
});

test('what speaks no HTTP/2 is told apart from what is down, and WebSockets are refused in words', async (t) => {
  const old = await startApp(t, (_, response) => response.end('old'));
  const edge = await startEdge(
    t,
    tableOf({ ...pool(targetOf('old#1', old.address)), accessLog: accessLogDefaults }),
  );
  assert.equal((await ask(edge.port, '/')).status, 502);
  await until(
    () => /No request is sent to old#1: it does not speak HTTP\/2/.test(edge.stderr()),
    'it is told',
  );
  edge.forgive();
  const app = await startH2(t, grpc);
  await edge.apply(tableOf({ ...pool(app.target), accessLog: accessLogDefaults }));
  const client = new RawClient(t, edge.port).write(
    'GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n',
  );
  await client.sees('HTTP/1.1 502 ');
  await until(() => /WebSockets are not carried/.test(edge.stdout()), 'the reason is in the access log');
});

test('large bodies go both ways whole, and nobody is read faster than the other side reads', async (t) => {
  const app = await startH2(t, (stream) => stream.pipe(stream), { whole: false });
  const edge = await startEdge(t, tableOf(pool(app.target)));
  const size = 30_000_000;
  const request = http.request({ port: edge.port, method: 'POST', headers: { 'Content-Length': size } });
  const answered = once(request, 'response') as Promise<[http.IncomingMessage]>;
  const piece = Buffer.alloc(100_000, 'z');
  let sent = 0;
  const send = () => {
    while (sent < size) {
      sent += piece.length;
      if (!request.write(piece)) return;
    }
    request.end();
  };
  request.on('drain', send);
  send();
  const [response] = await answered;
  // Until here nothing was read: what the app, the edge and the kernel hold is bounded.
  const other = { method: 'POST', body: 'x' };
  let last = -1;
  while (sent !== last) {
    last = sent;
    // All on the way has had its turn when others were answered meanwhile.
    for (let n = 0; n < 20; n++) assert.equal((await ask(edge.port, '/', other)).body, 'x');
  }
  assert.ok(sent < 20_000_000, `${sent} bytes were taken from the client`);
  let got = 0;
  for await (const bytes of response as AsyncIterable<Buffer>) got += bytes.length;
  assert.equal(got, size);
});

test('an app takes as many streams as it says, and no more; the others get sessions of their own', async (t) => {
  const open: http2.ServerHttp2Stream[] = [];
  let most = 0;
  const app = await startH2(
    t,
    (stream) => {
      open.push(stream);
      const per = app.sessions.map((session) => open.filter((one) => one.session === session).length);
      most = Math.max(most, ...per);
    },
    { settings: { maxConcurrentStreams: 2 } },
  );
  const edge = await startEdge(t, tableOf(pool(app.target)));
  const answers = Array.from({ length: 5 }, () => ask(edge.port, '/'));
  await until(() => open.length === 5, 'all requests have come');
  for (const stream of open.splice(0)) stream.end('ok');
  for (const answer of await Promise.all(answers)) assert.equal(answer.body, 'ok');
  assert.deepEqual([most, app.sessions.length], [2, 3]);
});

test('a session that says goodbye gets no more requests, and finishes those that it has', async (t) => {
  const held: http2.ServerHttp2Stream[] = [];
  const app = await startH2(t, (stream, headers) => {
    if (headers[':path'] === '/held') held.push(stream);
    else stream.end('ok');
  });
  const edge = await startEdge(t, tableOf(pool(app.target)));
  const first = ask(edge.port, '/held');
  await until(() => held.length === 1, 'the first request has come');
  const [session] = app.sessions;
  session?.goaway(constants.NGHTTP2_NO_ERROR);
  await new Promise((resolve) => session?.ping(resolve));
  assert.equal((await ask(edge.port, '/')).body, 'ok');
  held[0]?.end('late');
  assert.equal((await first).body, 'late');
  await until(() => session?.destroyed === true, 'the old session has ended');
  assert.equal(app.sessions.length, 2);
});

/** A message of gRPC: not compressed, its length, its bytes. */
function message(text: string): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(text.length, 1);
  return Buffer.concat([head, Buffer.from(text)]);
}

function messagesOf(bytes: Buffer): string[] {
  const texts: string[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = at + 5 + bytes.readUInt32BE(at + 1);
    texts.push(String(bytes.subarray(at + 5, end)));
    at = end;
  }
  return texts;
}

/** The methods of a gRPC service; what it got last is in `seen`. */
function service(seen: { headers?: http2.IncomingHttpHeaders }): Handler {
  return (stream, headers) => {
    seen.headers = headers;
    const name = headers[':path']?.split('/').at(-1);
    if (name === 'Silent') return;
    if (name === 'Unknown') {
      const status = { 'grpc-status': '12', 'grpc-message': 'no such method' };
      stream.respond({ ':status': 200, 'content-type': 'application/grpc', ...status }, { endStream: true });
      return;
    }
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0', 'details-bin': 'AAA' }));
    if (name === 'Never') return;
    let all = Buffer.alloc(0);
    stream.on('data', (bytes: Buffer) => {
      all = Buffer.concat([all, bytes]);
      if (name === 'Bidi') stream.write(bytes);
    });
    stream.on('end', () => {
      if (name === 'Unary') stream.write(message(`you said ${messagesOf(all).join()}`));
      if (name === 'Collect') stream.write(message(`${messagesOf(all).length} messages`));
      if (name === 'Stream') for (let i = 0; i < 100; i++) stream.write(message(`number ${i}`));
      stream.end();
    });
  };
}

test('gRPC passes: unary, streams in both directions, errors, deadlines', async (t) => {
  const seen: { headers?: http2.IncomingHttpHeaders } = {};
  const app = await startH2(t, service(seen), { whole: false });
  const limits = { bodyIdleMs: 300, upstreamTimeoutMs: 300 };
  const edge = await startEdge(t, tableOf({ ...pool(app.target), http2: { cleartext: true }, limits }));
  const client = http2.connect(`http://127.0.0.1:${edge.port}`);
  client.on('error', () => {});
  t.after(() => client.destroy());
  const call = (name: string) => {
    const stream = client.request({
      ':method': 'POST',
      ':path': `/chat.Chat/${name}`,
      'content-type': 'application/grpc',
      te: 'trailers',
      'grpc-timeout': '5S',
    });
    const got = {
      head: {} as http2.IncomingHttpHeaders,
      trailers: {} as http2.IncomingHttpHeaders,
      bytes: Buffer.alloc(0),
    };
    stream.on('error', () => {});
    stream.on('response', (head) => {
      got.head = head;
    });
    stream.on('trailers', (trailers) => {
      got.trailers = trailers;
    });
    stream.on('data', (bytes: Buffer) => {
      got.bytes = Buffer.concat([got.bytes, bytes]);
    });
    return { stream, got, ended: once(stream, 'end') };
  };
  const unary = call('Unary');
  unary.stream.end(message('hello'));
  await unary.ended;
  assert.deepEqual(messagesOf(unary.got.bytes), ['you said hello']);
  assert.deepEqual(
    [unary.got.head['content-type'], unary.got.trailers['grpc-status'], unary.got.trailers['details-bin']],
    ['application/grpc', '0', 'AAA'],
  );
  assert.deepEqual([seen.headers?.te, seen.headers?.['grpc-timeout']], ['trailers', '5S']);

  const collect = call('Collect');
  for (const text of ['a', 'b', 'c']) collect.stream.write(message(text));
  collect.stream.end();
  await collect.ended;
  assert.deepEqual(
    [messagesOf(collect.got.bytes), collect.got.trailers['grpc-status']],
    [['3 messages'], '0'],
  );

  const stream = call('Stream');
  stream.stream.end(message('go'));
  await stream.ended;
  assert.deepEqual([messagesOf(stream.got.bytes).length, stream.got.trailers['grpc-status']], [100, '0']);

  const bidi = call('Bidi');
  for (const text of ['one', 'two']) {
    bidi.stream.write(message(text));
    await until(() => messagesOf(bidi.got.bytes).at(-1) === text, `the app has echoed ${text}`);
    // A call may be silent for longer than others.
    const silent = call('Silent');
    silent.stream.end();
    await silent.ended;
    assert.equal(silent.got.head[':status'], 504);
  }
  bidi.stream.end();
  await bidi.ended;
  assert.equal(bidi.got.trailers['grpc-status'], '0');

  const unknown = call('Unknown');
  unknown.stream.end(message('?'));
  await unknown.ended;
  assert.deepEqual([unknown.got.head['grpc-status'], unknown.got.bytes.length], ['12', 0]);

  // A client whose deadline has passed resets its stream, and so learns the app.
  const never = call('Never');
  never.stream.write(message('?'));
  await once(never.stream, 'response');
  never.stream.close(constants.NGHTTP2_CANCEL);
  await until(() => app.resets.includes(constants.NGHTTP2_CANCEL), 'the app learns of it');
  assert.equal(app.sessions.length, 1);
});
