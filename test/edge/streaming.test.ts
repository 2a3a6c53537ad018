/** Nothing is buffered whole, and nobody is overrun. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import { test } from 'node:test';
import { startEdge, tableOf, targetOf } from './edge-process.ts';
import { RawClient, startApp, until } from './support.ts';

const MB = 2 ** 20;

/** Resident memory of a process, in bytes. */
function memoryOf(pid: number | undefined): number {
  const pages = readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1];
  return Number(pages) * 4096;
}

/** Pseudo-random pieces of different sizes, `total` bytes. */
function* pieces(total: number): Generator<Buffer> {
  let left = total;
  for (let i = 1; left > 0; i++) {
    const piece = Buffer.alloc(Math.min(left, 1 + ((i * 48_271) % 150_000)), `${i} `);
    left -= piece.length;
    yield piece;
  }
}

test('a large upload comes back whole, with flat memory', { timeout: 120_000 }, async (t) => {
  const app = await startApp(t, (request, response) => void request.pipe(response));
  const edge = await startEdge(t, tableOf({ pools: { web: { targets: [targetOf('w#1', app.address)] } } }));
  for (const framing of ['length', 'chunked']) {
    const total = 200 * MB;
    const before = memoryOf(edge.child.pid);
    let highest = before;
    const headers = framing === 'length' ? { 'Content-Length': total } : {};
    const request = http.request({ port: edge.port, method: 'POST', headers });
    const sent = createHash('md5');
    const writing = (async () => {
      for (const piece of pieces(total)) {
        sent.update(piece);
        if (!request.write(piece)) await once(request, 'drain');
      }
      request.end();
    })();
    const [response] = (await once(request, 'response')) as [http.IncomingMessage];
    const received = createHash('md5');
    let bytes = 0;
    for await (const chunk of response) {
      received.update(chunk);
      bytes += chunk.length;
      highest = Math.max(highest, memoryOf(edge.child.pid));
    }
    await writing;
    assert.equal(bytes, total);
    assert.equal(received.digest('hex'), sent.digest('hex'));
    assert.ok(highest - before < 48 * MB, `the edge grew by ${Math.round((highest - before) / MB)} MB`);
  }
});

test('an app is not read faster than its client reads', async (t) => {
  let written = 0;
  const app = await startApp(t, async (_, response) => {
    response.setHeader('Content-Length', 100 * MB);
    for (const piece of pieces(100 * MB)) {
      if (response.destroyed) return;
      const more = response.write(piece);
      written += piece.length;
      if (!more) await once(response, 'drain').catch(() => {});
    }
  });
  const edge = await startEdge(t, tableOf({ pools: { web: { targets: [targetOf('w#1', app.address)] } } }));
  const client = new RawClient(t, edge.port);
  client.socket.pause();
  client.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  await standsStill(() => written);
  assert.ok(written > 0 && written < 30 * MB, `${written} bytes were taken from the app`);
  let received = 0;
  client.socket.removeAllListeners('data').on('data', (text: string) => {
    received += text.length;
  });
  client.socket.resume();
  await until(() => received > 100 * MB, 'the client has it all');
});

test('a client is not read faster than the app reads', async (t) => {
  let request: http.IncomingMessage | undefined;
  const app = await startApp(t, (incoming, response) => {
    request = incoming;
    incoming.on('end', () => response.end('ok'));
  });
  const edge = await startEdge(t, tableOf({ pools: { web: { targets: [targetOf('w#1', app.address)] } } }));
  const total = 100 * MB;
  const client = new RawClient(t, edge.port).write(
    `PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: ${total}\r\n\r\n`,
  );
  const writing = (async () => {
    for (const piece of pieces(total)) if (!client.socket.write(piece)) await once(client.socket, 'drain');
  })();
  await until(() => request !== undefined, 'the app has the request');
  await standsStill(() => client.socket.bytesWritten - client.socket.writableLength);
  const taken = client.socket.bytesWritten - client.socket.writableLength;
  assert.ok(taken < 30 * MB, `${taken} bytes were taken from the client`);
  request?.resume();
  await writing;
  await client.sees('\r\n\r\nok');
});

test('a client that is slow to read gets all of an answer that ends its connection', async (t) => {
  const app = await startApp(t, (request, response) => {
    response.end(Buffer.alloc(Number(request.url?.slice(1)), 'x'));
  });
  const table = tableOf({ pools: { web: { targets: [targetOf('w#1', app.address)] } } });
  // A unix socket, because the kernel takes little of what its client does not read: a part is left in the edge.
  const edge = await startEdge(t, table, true);
  const sizes = Array.from({ length: 12 }, (_, i) => 160_000 + i * 16_000);
  const clients = sizes.map((size) => {
    const client = new RawClient(t, edge.socketPath).write(`GET /${size} HTTP/1.0\r\n\r\n`);
    client.socket.pause();
    return client;
  });
  // Longer than the edge waits for a client to leave.
  await edge.heard('traffic', ({ sites }) => sites['*']?.requests === sizes.length);
  await new Promise((resolve) => setTimeout(resolve, 3_000));
  for (const [i, client] of clients.entries()) {
    client.socket.resume();
    await client.sawEnd();
    const body = client.received.length - client.received.indexOf('\r\n\r\n') - 4;
    assert.equal(body, sizes[i]);
  }
});

test('a client that sends requests and reads no answers is not read for ever', async (t) => {
  let requests = 0;
  const app = await startApp(t, (_, response) => {
    requests++;
    response.end(Buffer.alloc(50_000, 'x'));
  });
  const edge = await startEdge(t, tableOf({ pools: { web: { targets: [targetOf('w#1', app.address)] } } }));
  const client = new RawClient(t, edge.port);
  client.socket.pause();
  client.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(5_000));
  await standsStill(() => requests);
  assert.ok(requests < 1_000, `${requests} requests went to the app`);
  client.socket.resume();
  await until(() => requests === 5_000, 'all are answered');
});

test('events arrive as they are sent', async (t) => {
  let send: ((text: string) => void) | undefined;
  const app = await startApp(t, (_, response) => {
    response.writeHead(200, { 'Content-Type': 'text/event-stream' }).flushHeaders();
    send = (text) => response.write(text);
  });
  const edge = await startEdge(t, tableOf({ pools: { web: { targets: [targetOf('w#1', app.address)] } } }));
  const client = new RawClient(t, edge.port).write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  await client.sees('text/event-stream');
  for (let i = 0; i < 5; i++) {
    send?.(`data: ${i}\n\n`);
    await client.sees(`data: ${i}\n\n`);
  }
});

async function standsStill(count: () => number): Promise<void> {
  let still = 0;
  let before = -1;
  await until(() => {
    const now = count();
    still = now > 0 && now === before ? still + 1 : 0;
    before = now;
    return still > 20;
  }, 'everything stands still');
}
