/** What every front does with the configuration that was exported for it: the same as the edge. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import { connect } from 'node:net';
import { after, before, describe, type TestContext, test } from 'node:test';
import { io } from 'socket.io-client';
import WebSocket from 'ws';
import { cleanup, type Test } from '../support/cleanup.ts';
import { type Answer, ask, type Front, frontNames, startFront } from './front-world.ts';

for (const name of frontNames) {
  describe(`${name}, as exported,`, () => {
    // One for all of them: a front and three apps take a second to start.
    let front: Front | undefined;
    let missing = '';
    const ends: (() => Promise<void>)[] = [];
    const suite: Test = {
      after: (hook) => void ends.push(hook),
      skip: (message = '') => {
        missing = message;
      },
    };
    before(async () => {
      front = await startFront(suite, name, {
        site: { routes: { '/': 'app', '/small/': { to: 'app', body: '1KB' } } },
      });
    });
    after(async () => {
      for (const end of ends) await end();
    });
    const started = (t: TestContext): Front | undefined => {
      if (!front) t.skip(missing);
      return front;
    };

    test('passes requests on, and lets nobody pretend to be somebody else', async (t) => {
      const front = started(t);
      if (!front) return;
      const { seen } = await front.get('/echo?a=1', {
        'x-forwarded-for': '6.6.6.6',
        'x-forwarded-proto': 'https',
        'x-forwarded-host': 'evil.test',
        'x-real-ip': '6.6.6.6',
        forwarded: 'for=6.6.6.6',
        'x-holdfast-client': '6.6.6.6 1 https',
        'x-client-cert-subject': 'CN=6.6.6.6',
        x_forwarded_for: '6.6.6.6',
        proxy: 'evil',
        connection: 'x-hop',
        'x-hop': '1',
        cookie: 'a=b',
      });
      assert.equal(seen.url, '/echo?a=1');
      assert.equal(seen.headers['x-forwarded-for'], '127.0.0.1');
      assert.equal(seen.headers['x-forwarded-proto'], 'http');
      assert.equal(seen.headers['x-forwarded-host'], 'example.test');
      assert.equal(seen.headers.host, 'example.test');
      assert.equal(seen.headers.cookie, 'a=b');
      assert.ok(!JSON.stringify(seen.headers).includes('6.6.6.6'), JSON.stringify(seen.headers));
      assert.equal(seen.headers.proxy, undefined);
    });

    test('keeps a client on its instance, and gives others to all', async (t) => {
      const front = started(t);
      if (!front) return;
      const first = await front.get('/echo');
      const cookie = String(first.headers['set-cookie']?.[0]).split(';')[0];
      assert.match(cookie ?? '', /=/);
      for (let n = 0; n < 6; n++) {
        const again: Answer = await front.get('/echo', { cookie });
        assert.equal(again.seen.port, first.seen.port);
        assert.equal(again.headers['set-cookie'], undefined, 'it has one');
      }
      const ports = new Set<number>();
      for (let n = 0; n < 60 && ports.size < 3; n++) ports.add((await front.get('/echo')).seen.port);
      assert.equal(ports.size, 3);
    });

    test('WebSockets, Socket.IO over both transports, and event streams come through', async (t) => {
      const front = started(t);
      if (!front) return;
      const socket = new WebSocket(`ws://127.0.0.1:${front.port}/wsapp/`, {
        headers: { host: 'example.test' },
      });
      cleanup(t, () => socket.terminate());
      const [greeting] = await once(socket, 'message');
      assert.match(String(greeting), /^port \d+$/);
      socket.send('hello');
      assert.equal(String((await once(socket, 'message'))[0]), 'hello');
      for (const transport of ['websocket', 'polling']) await chatOver(front, transport, t);
      await firstEvent(front);
    });

    test('an upgrade to h2c is not passed on', async (t) => {
      const front = started(t);
      if (!front) return;
      const { seen } = await front.get('/echo', {
        connection: 'Upgrade, HTTP2-Settings',
        upgrade: 'h2c',
        'http2-settings': 'AAMAAABkAAQAAP__',
      });
      assert.equal(seen.headers.upgrade, undefined);
      assert.equal(seen.headers['http2-settings'], undefined);
    });

    test('a large upload comes through, and what is too large does not', async (t) => {
      const front = started(t);
      if (!front) return;
      const body = Buffer.alloc(20_000_000, 'x');
      const post = (path: string, body: Buffer) =>
        ask(
          front.port,
          path,
          { host: 'example.test', 'content-length': body.length },
          { method: 'POST', body },
        );
      const { body: answer } = await post('/upload', body);
      assert.equal(JSON.parse(answer).bytes, body.length);
      assert.equal((await post('/small/', Buffer.alloc(2000))).status, 413);
    });

    test('connections to the apps are kept', async (t) => {
      const front = started(t);
      if (!front) return;
      const { seen } = await front.get('/echo');
      assert.notEqual(seen.headers.connection, 'close');
    });
  });
}

async function chatOver(front: Front, transport: string, t: Parameters<typeof cleanup>[0]): Promise<void> {
  // The client says as Host what it asks for, and fronts know no others.
  const agent = new http.Agent({
    keepAlive: true,
    lookup: (_, __, found) => found(null, [{ address: '127.0.0.1', family: 4 }]),
  });
  const socket = io(`http://example.test:${front.port}`, {
    transports: [transport],
    upgrade: false,
    forceNew: true,
    reconnection: false,
    withCredentials: true,
    agent: agent as never,
  });
  cleanup(t, () => {
    socket.close();
    agent.destroy();
  });
  const welcome = await new Promise<{ port: number }>((resolve, reject) => {
    socket.once('welcome', resolve);
    socket.once('connect_error', reject);
  });
  assert.ok(welcome.port > 0, transport);
}

/** It comes at once, though the answer never ends. */
async function firstEvent({ port }: Front): Promise<void> {
  const socket = connect(port, '127.0.0.1');
  socket.write('GET /events HTTP/1.1\r\nHost: example.test\r\nAccept: text/event-stream\r\n\r\n');
  let text = '';
  for await (const chunk of socket) {
    text += chunk;
    if (text.includes('data: first')) break;
  }
  socket.destroy();
  assert.match(text, /data: first of \d+/);
}
