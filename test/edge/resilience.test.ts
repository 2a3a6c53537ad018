/** What happens when clients, apps or the network do not do what they should. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import type net from 'node:net';
import { test } from 'node:test';
import { startEdge, tableOf, targetOf } from './edge-process.ts';
import { ask, RawClient, startApp, startRawApp, until } from './support.ts';

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

test('a request whose target refuses connections goes to another, body and all', async (t) => {
  const app = await startApp(t, (request, response) => void request.pipe(response));
  const targets = [targetOf('web.0#1', { path: '/nowhere/web.0.sock' }), targetOf('web.1#1', app.address)];
  const edge = await startEdge(t, tableOf({ pools: { web: { targets } } }));
  for (let i = 0; i < 6; i++) {
    const { status, body } = await ask(edge.port, '/', { method: 'POST', body: `hello ${i}` });
    assert.deepEqual([status, body], [200, `hello ${i}`]);
  }
});

test('a request that died without an answer is repeated if that is safe, once', async (t) => {
  let deaths = 0;
  const dying = await startRawApp(t, (socket) => {
    socket.on('data', () => {
      deaths++;
      socket.destroy();
    });
  });
  const alive = await startApp(t, (_, response) => response.end('ok'));
  const targets = [targetOf('web.0#1', dying.address), targetOf('web.1#1', alive.address)];
  const edge = await startEdge(t, tableOf({ pools: { web: { targets } } }));
  for (let i = 0; i < 6; i++) assert.equal((await ask(edge.port, '/')).status, 200);
  assert.ok(deaths > 0);
  deaths = 0;
  const statuses = [];
  for (let i = 0; i < 6; i++)
    statuses.push((await ask(edge.port, '/', { method: 'POST', body: 'x' })).status);
  assert.equal(statuses.filter((status) => status === 502).length, deaths, statuses.join());
  assert.ok(deaths > 0 && deaths < 6);
});

test('a repeated request goes to another instance, however busy that is', async (t) => {
  const dying = await startRawApp(t, (socket) => socket.on('data', () => socket.destroy()));
  const release: (() => void)[] = [];
  const busy = await startApp(t, (request, response) => {
    if (request.url === '/slow') release.push(() => response.end());
    else response.end('ok');
  });
  const edge = await startEdge(
    t,
    tableOf({ pools: { web: { targets: [targetOf('web.1#1', busy.address)] } } }),
  );
  const slow = [ask(edge.port, '/slow'), ask(edge.port, '/slow'), ask(edge.port, '/slow')];
  await until(() => release.length === 3, 'the instance is busy');
  const targets = [targetOf('web.0#1', dying.address), targetOf('web.1#1', busy.address)];
  await edge.apply(tableOf({ pools: { web: { targets } } }));
  for (let i = 0; i < 4; i++) assert.equal((await ask(edge.port, '/')).status, 200);
  for (const end of release) end();
  await Promise.all(slow);
});

test('an idle connection that dies as the next request comes is replaced by a new one', async (t) => {
  const sockets: net.Socket[] = [];
  const app = await startRawApp(t, (socket) => {
    sockets.push(socket);
    // The first connection answers once and dies of the second request.
    let requests = 0;
    socket.on('data', () => (sockets.length === 1 && ++requests > 1 ? socket.destroy() : socket.write(OK)));
  });
  const edge = await startEdge(
    t,
    tableOf({ pools: { web: { targets: [targetOf('web.0#1', app.address)] } } }),
  );
  assert.equal((await ask(edge.port, '/')).status, 200);
  assert.equal((await ask(edge.port, '/')).status, 200);
  assert.equal(sockets.length, 2);
});

test('requests wait while no target is ready', async (t) => {
  const app = await startApp(t, (request, response) => void request.pipe(response));
  const edge = await startEdge(t, tableOf({ pools: { web: { targets: [] } } }));
  const waiting = [ask(edge.port, '/'), ask(edge.port, '/', { method: 'POST', body: 'hello' })];
  const upload = http.request({
    port: edge.port,
    method: 'PUT',
    headers: { 'Transfer-Encoding': 'chunked' },
  });
  // From here on: the app answers as soon as it has the first part.
  const answered = once(upload, 'response') as Promise<[http.IncomingMessage]>;
  upload.write('one ');
  await edge.heard('traffic', ({ sites }) => sites['*']?.openRequests === 3);
  await edge.apply(tableOf({ pools: { web: { targets: [targetOf('web.0#1', app.address)] } } }));
  const answers = await Promise.all(waiting);
  assert.deepEqual(
    answers.map(({ status, body }) => [status, body]),
    [
      [200, ''],
      [200, 'hello'],
    ],
  );
  upload.end('two');
  const [response] = await answered;
  assert.equal((await response.setEncoding('utf8').toArray()).join(''), 'one two');
});

test('requests wait while the only instance has crashed and the daemon has not said so yet', async (t) => {
  const app = await startApp(t, (_, response) => response.end('new'));
  const dead = targetOf('web.0#1', { path: '/nowhere/web.0.sock' });
  const edge = await startEdge(t, tableOf({ pools: { web: { targets: [dead] } } }));
  const waiting = ask(edge.port, '/');
  await edge.heard('traffic', ({ sites }) => sites['*']?.openRequests === 1);
  await edge.apply(tableOf({ pools: { web: { targets: [targetOf('web.0#2', app.address)] } } }));
  assert.equal((await waiting).body, 'new');
});

test('waiting ends with 503, is bounded, and a client that leaves frees its place', async (t) => {
  const pools = { web: { targets: [], hold: { timeoutMs: 6_000, maxWaiting: 1 } } };
  const edge = await startEdge(t, tableOf({ pools }));
  const first = ask(edge.port, '/');
  await edge.heard('traffic', ({ sites }) => sites['*']?.openRequests === 1);
  const second = await ask(edge.port, '/');
  assert.equal(second.status, 503);
  assert.equal(second.headers['retry-after'], '1');
  assert.equal((await first).status, 503);
  const leaving = new RawClient(t, edge.port).write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  await edge.heard('traffic', ({ sites }) => sites['*']?.requests === 3 && sites['*'].openRequests === 1);
  leaving.socket.destroy();
  await edge.heard('traffic', ({ sites }) => sites['*']?.requests === 3 && sites['*'].openRequests === 0);
  const third = ask(edge.port, '/');
  await edge.heard('traffic', ({ sites }) => sites['*']?.requests === 4 && sites['*'].openRequests === 1);
  assert.equal((await third).status, 503);
});

test('a request is not repeated when its answer had begun', async (t) => {
  let requests = 0;
  const app = await startRawApp(t, (socket) => {
    socket.on('data', () => {
      requests++;
      socket.end('HTTP/1.1 200 OK\r\nContent-');
    });
  });
  const targets = ['web.0#1', 'web.1#1'].map((id) => targetOf(id, app.address));
  const edge = await startEdge(t, tableOf({ pools: { web: { targets } } }));
  assert.equal((await ask(edge.port, '/')).status, 502);
  assert.equal(requests, 1);
});

test('bytes behind an answer are never an answer to the next request', async (t) => {
  const app = await startRawApp(t, (socket) => {
    socket.on('data', () => socket.write(`${OK}HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil`));
  });
  const edge = await startEdge(t, tableOf({ pools: { web: { targets: [targetOf('w#1', app.address)] } } }));
  let connections = 0;
  app.server.on('connection', () => connections++);
  const agent = new http.Agent({ keepAlive: true });
  t.after(() => agent.destroy());
  for (let i = 0; i < 4; i++) assert.equal((await ask(edge.port, '/', { agent })).body, 'ok');
  assert.equal(connections, 4, 'a connection in doubt is not used again');
});

test('an answer that breaks off looks broken to the client', async (t) => {
  const heads = {
    length: 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello',
    chunked: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n',
    badChunk: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n',
  };
  let breakOff = () => {};
  const app = await startRawApp(t, (socket) => {
    socket.once('data', (bytes) => {
      const name = /GET \/(\w+)/.exec(bytes.toString())?.[1] as keyof typeof heads;
      breakOff = () => (name === 'badChunk' ? socket.write('zz\r\n') : socket.destroy());
      socket.write(heads[name]);
    });
  });
  const edge = await startEdge(t, tableOf({ pools: { web: { targets: [targetOf('w#1', app.address)] } } }));
  for (const name of Object.keys(heads)) {
    const client = new RawClient(t, edge.port).write(`GET /${name} HTTP/1.1\r\nHost: a\r\n\r\n`);
    await client.sees('hello');
    breakOff();
    await client.sawEnd();
    assert.match(client.received, /hello(\r\n)?$/, name);
    const request = http.get({ port: edge.port, path: `/${name}`, agent: false });
    const [response] = (await once(request, 'response')) as [http.IncomingMessage];
    response.once('data', () => breakOff());
    await assert.rejects(once(response, 'end'), { code: 'ECONNRESET' }, name);
  }
  // Without chunks only an RST can tell.
  const old = new RawClient(t, edge.port).write('GET /chunked HTTP/1.0\r\nHost: a\r\n\r\n');
  await old.sees('hello');
  breakOff();
  await until(() => old.closed, 'the connection is closed');
  assert.equal(old.error?.code, 'ECONNRESET');
});

test('an answer that ends with its connection is whole', async (t) => {
  const app = await startRawApp(t, (socket) => {
    socket.once('data', () => {
      socket.write('HTTP/1.0 200 OK\r\n\r\nhel');
      setTimeout(() => socket.end('lo'), 20);
    });
  });
  const edge = await startEdge(t, tableOf({ pools: { web: { targets: [targetOf('w#1', app.address)] } } }));
  assert.equal((await ask(edge.port, '/')).body, 'hello');
  const old = new RawClient(t, edge.port).write('GET / HTTP/1.0\r\n\r\n');
  await old.sawEnd();
  assert.match(old.received, /\r\n\r\nhello$/);
  assert.equal(old.error, undefined);
});

test('an app that is too slow is 504, one that pauses too long is cut off, a stream of events is not', async (t) => {
  const app = await startApp(t, (request, response) => {
    if (request.url === '/silent') return;
    if (request.url === '/events') response.setHeader('Content-Type', 'text/event-stream');
    response.write('data: 1\n\n');
    if (request.url === '/events') setTimeout(() => response.end('data: 2\n\n'), 1_000);
  });
  const pools = { web: { targets: [targetOf('w#1', app.address)] } };
  const edge = await startEdge(t, tableOf({ pools, limits: { upstreamTimeoutMs: 300 } }));
  assert.equal((await ask(edge.port, '/silent')).status, 504);
  await assert.rejects(ask(edge.port, '/pause'), { code: 'ECONNRESET' });
  assert.equal((await ask(edge.port, '/events')).body, 'data: 1\n\ndata: 2\n\n');
});

test('slow clients are told and sent away', async (t) => {
  const app = await startApp(t, (request, response) => void request.pipe(response));
  const pools = { web: { targets: [targetOf('w#1', app.address)] } };
  const limits = { headTimeoutMs: 300, bodyIdleMs: 300, keepAliveMs: 300 };
  const edge = await startEdge(t, tableOf({ pools, limits }));
  const silent = new RawClient(t, edge.port);
  const slowHead = new RawClient(t, edge.port).write('GET / HT');
  const dripping = new RawClient(t, edge.port).write('GET / HTTP/1.1\r\n');
  const drip = setInterval(() => dripping.write('X: y\r\n'), 50);
  t.after(() => clearInterval(drip));
  const slowBody = new RawClient(t, edge.port).write(
    'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhe',
  );
  const idle = new RawClient(t, edge.port).write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  await Promise.all([silent, slowHead, dripping, slowBody, idle].map((client) => client.sawEnd()));
  assert.equal(silent.received, '');
  assert.match(slowHead.received, /^HTTP\/1\.1 408 /);
  assert.match(dripping.received, /^HTTP\/1\.1 408 /);
  assert.match(slowBody.received, /^HTTP\/1\.1 408 |^HTTP\/1\.1 200 [\s\S]*2\r\nhe\r\n$/);
  assert.match(idle.received, /^HTTP\/1\.1 200 [\s\S]*0\r\n\r\n$/);
});

test('bodies and connections have limits', async (t) => {
  const app = await startApp(t, (request, response) => {
    request.resume().on('end', () => response.end('ok'));
  });
  const pools = { web: { targets: [targetOf('w#1', app.address)] } };
  const edge = await startEdge(t, tableOf({ pools, limits: { bodyBytes: 10, connectionsPerIp: 3 } }));
  assert.equal((await ask(edge.port, '/', { method: 'POST', body: '1234567890' })).status, 200);
  assert.equal((await ask(edge.port, '/', { method: 'POST', body: '12345678901' })).status, 413);
  const head = 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n12345\r\n';
  const chunked = new RawClient(t, edge.port).write(head);
  await until(() => chunked.socket.bytesWritten > 0, 'the first chunk is sent');
  setTimeout(() => chunked.write('6\r\n123456\r\n0\r\n\r\n'), 30);
  await chunked.sees('HTTP/1.1 413 ');
  const held = [1, 2, 3].map(() => new RawClient(t, edge.port).write('GET / HTTP/1.1\r\n'));
  await Promise.all(held.map((client) => once(client.socket, 'ready')));
  const refused = new RawClient(t, edge.port);
  await refused.sawEnd();
  assert.match(refused.received, /^HTTP\/1\.1 503 |^$/);
  for (const client of [...held, chunked]) client.socket.destroy();
  await until(() => held.every((client) => client.closed), 'the others have left');
  let status = 0;
  await until(() => {
    ask(edge.port, '/').then(
      (answer) => {
        status = answer.status;
      },
      () => {},
    );
    return status === 200;
  }, 'there is room again');
});

test('a client that leaves ends its request at the app', async (t) => {
  let left = 0;
  const app = await startApp(t, (request, response) => {
    response.on('close', () => left++);
    if (request.url === '/stream') response.write('x');
  });
  const edge = await startEdge(t, tableOf({ pools: { web: { targets: [targetOf('w#1', app.address)] } } }));
  const stream = new RawClient(t, edge.port).write('GET /stream HTTP/1.1\r\nHost: a\r\n\r\n');
  await stream.sees('\r\nx\r\n');
  stream.socket.destroy();
  await until(() => left === 1, 'the app notices');
  const waiting = new RawClient(t, edge.port).write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  await edge.heard('traffic', ({ sites }) => sites['*']?.requests === 2);
  waiting.socket.destroy();
  await until(() => left === 2, 'the app notices');
});
