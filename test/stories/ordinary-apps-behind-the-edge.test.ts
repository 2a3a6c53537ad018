/** Promise 1: programs as people write them, unchanged, with their own clients. */
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import { describe, test } from 'node:test';
import { io } from 'socket.io-client';
import WebSocket from 'ws';
import { startSite } from '../support/site.ts';
import { until } from '../support/until.ts';

describe('as people write them', () => {
  for (const program of ['hello.js', 'hello.mjs', 'express.js', 'fastify.js', 'koa.js', 'nest.js']) {
    test(`${program} answers through the edge from all of its instances`, async (t) => {
      const { home, url } = await startSite(t, program, { instances: 2 });
      const pids = new Set((await home.ready('web', 2)).map(({ pid }) => String(pid)));
      const seen = new Set<string>();
      await until(
        async () => {
          // Two at once, or the one that is idle would always be chosen.
          const texts = await Promise.all([1, 2, 3, 4].map(async () => (await fetch(`${url}/x`)).text()));
          for (const text of texts) seen.add(/pid (\d+)/.exec(text)?.[1] ?? text);
          return seen.size === 2;
        },
        { why: 'both instances have answered' },
      );
      assert.deepEqual(seen, pids);
    });
  }
});

describe('Socket.IO on three instances, without a word about stickiness', () => {
  for (const transports of [['polling'], ['websocket'], ['polling', 'websocket']] as const) {
    test(`over ${transports.join(', then ')}`, async (t) => {
      const { url } = await startSite(t, 'socketio.js');
      const clients = Array.from({ length: 8 }, () =>
        io(url, { transports: [...transports], forceNew: true, reconnection: false }),
      );
      t.after(() => {
        for (const client of clients) client.disconnect();
      });
      const pids = new Set<number>();
      await Promise.all(
        clients.map(async (client, n) => {
          const [welcome] = await Promise.race([
            new Promise<[{ pid: number; address: string }]>((resolve) =>
              client.once('welcome', (...args) => resolve(args as [{ pid: number; address: string }])),
            ),
            new Promise<never>((_, reject) => client.once('connect_error', reject)),
          ]);
          pids.add(welcome.pid);
          assert.equal(welcome.address, '127.0.0.1');
          const disconnected = once(client as never, 'disconnect').then(([why]) =>
            assert.fail(`disconnected: ${why}`),
          );
          for (let message = 0; message < 10; message++) {
            const answer = client.timeout(20_000).emitWithAck('echo', `${n} ${message}`);
            assert.equal(await Promise.race([answer, disconnected]), `${n} ${message}`);
          }
          disconnected.catch(() => undefined);
        }),
      );
      assert.ok(pids.size > 1, 'more than one instance has clients');
    });
  }

  test('a session over polling stays with its instance while that drains, and finds another afterwards', async (t) => {
    const { home, url } = await startSite(t, 'socketio.js', { drain: '1s' });
    const client = io(url, { transports: ['polling'], forceNew: true, reconnectionDelay: 50 });
    t.after(() => client.disconnect());
    let welcomes = 0;
    client.on('welcome', () => welcomes++);
    await until(() => welcomes === 1, { why: 'connected' });
    await home.ok(['reload', 'web']);
    await until(() => welcomes === 2, { why: 'connected again, to a new instance' });
    assert.equal(await client.timeout(20_000).emitWithAck('echo', 'still here'), 'still here');
  });
});

describe('ws', () => {
  for (const perMessageDeflate of [false, true]) {
    test(`echoes 10 MB messages ${perMessageDeflate ? 'with' : 'without'} permessage-deflate`, async (t) => {
      const { url } = await startSite(t, 'echo-ws.js', { instances: 1 });
      const socket = new WebSocket(url, { perMessageDeflate, maxPayload: 64 * 1024 * 1024 });
      t.after(() => socket.terminate());
      await once(socket, 'open');
      assert.equal(socket.extensions.includes('permessage-deflate'), perMessageDeflate);
      const data = randomBytes(10 * 1024 * 1024);
      for (let round = 0; round < 2; round++) {
        socket.send(data);
        const [echo] = (await once(socket, 'message')) as [Buffer];
        assert.ok(echo.equals(data));
      }
      socket.close(4000, 'enough');
      const [code] = await once(socket, 'close');
      assert.equal(code, 4000, 'the app answers the close itself');
    });
  }
});

test('server-sent events arrive one by one', async (t) => {
  const { url } = await startSite(t, 'sse.js', { instances: 1 });
  const response = await fetch(url);
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  const chunks: string[] = [];
  while (!chunks.join('').includes('event 5 ')) {
    const { value, done } = await reader.read();
    assert.equal(done, false);
    chunks.push(Buffer.from(value ?? []).toString());
  }
  await reader.cancel();
  assert.ok(chunks.length >= 4, 'they were not collected before they were sent');
});

describe('1 GB', () => {
  const bytes = 1024 * 1024 * 1024;

  /** The edge's memory may not depend on the size of a body. */
  async function flat(
    home: Awaited<ReturnType<typeof startSite>>['home'],
    transfer: () => Promise<void>,
  ): Promise<void> {
    const memory = async () => {
      const edge = (await home.apps()).find(({ name }) => name === '@edge');
      return edge?.instances[0]?.memoryBytes ?? 0;
    };
    const samples: number[] = [];
    let over = false;
    const watching = (async () => {
      while (!over) samples.push(await memory());
    })();
    await transfer();
    over = true;
    await watching;
    const highest = Math.max(...samples) / 1024 / 1024;
    assert.ok(highest > 0 && highest < 200, `the edge grew to ${highest} MB`);
  }

  test('is downloaded with flat memory', async (t) => {
    const { home, url } = await startSite(t, 'upload.js', { instances: 1 });
    await flat(home, async () => {
      const response = await fetch(`${url}/${bytes}`);
      let count = 0;
      for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) count += chunk.length;
      assert.equal(count, bytes);
    });
  });

  test('is uploaded with flat memory, and arrives as it was', async (t) => {
    const { home, url } = await startSite(t, 'upload.js', { instances: 1 });
    const chunk = randomBytes(1024 * 1024);
    const hash = createHash('sha256');
    await flat(home, async () => {
      const request = http.request(url, { method: 'POST' });
      const answered = once(request, 'response') as Promise<[http.IncomingMessage]>;
      for (let sent = 0; sent < bytes; sent += chunk.length) {
        hash.update(chunk);
        if (!request.write(chunk)) await once(request, 'drain');
      }
      request.end();
      const [response] = await answered;
      let text = '';
      for await (const part of response) text += part;
      assert.deepEqual(JSON.parse(text), { bytes, sha256: hash.digest('hex') });
    });
  });
});
