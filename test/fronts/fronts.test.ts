/** What every front does with the configuration that was exported for it: the same as the edge. */
import assert from 'node:assert/strict';
import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { after, before, describe, type TestContext, test } from 'node:test';
import { io, type Socket } from 'socket.io-client';
import WebSocket from 'ws';
import { cleanup, type Test } from '../support/cleanup.ts';
import { app, root } from '../support/root.ts';
import {
  type Answer,
  ask,
  type Front,
  type FrontApp,
  frontNames,
  startApp,
  startFront,
} from './front-world.ts';
import { growthOf } from './memory.ts';

const MB = 1_000_000;

/** Of the whole file: the apps are the same behind all fronts. */
const ends: (() => Promise<void>)[] = [];
const file: Test = { after: (hook) => void ends.push(hook), skip: () => {} };
let apps: Readonly<Record<string, FrontApp>> = {};
before(async () => {
  const [everything, chat] = await Promise.all([
    startApp(file, app('everything.js'), 3),
    startApp(file, join(root, 'examples/chat/server.js'), 3),
  ]);
  apps = { app: everything, chat };
});
after(async () => {
  for (const end of ends) await end();
});

for (const name of frontNames) {
  describe(`${name}, as exported,`, () => {
    // One for all of them: a front takes a while to start.
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
      const sites = {
        'example.test': { routes: { '/': 'app', '/small/': { to: 'app', body: '1KB' } } },
        'chat.test': { routes: { '/': 'chat' } },
        // Socket.IO's client says the host that it connects to, over polling.
        '127.0.0.1': { routes: { '/': 'chat' } },
      };
      front = await startFront(suite, name, { apps, sites });
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

    test('the chat of the examples works on three instances: pages, WebSockets, Socket.IO over both transports', async (t) => {
      const front = started(t);
      if (!front) return;
      const page = await front.get('/', { host: 'chat.test' });
      assert.match(page.body, /<!doctype html>/i);
      const sockets = await Promise.all([1, 2, 3].map(() => wsapp(front, t)));
      const heard = sockets.map((socket) => heardBy(socket, 'broadcast'));
      sockets[0]?.send(JSON.stringify({ type: 'broadcast', text: 'hello' }));
      assert.deepEqual(await Promise.all(heard), ['hello', 'hello', 'hello']);
      const people = [await chatter(front, 'polling', t), await chatter(front, 'websocket', t)];
      for (const [who, other] of [people, people.toReversed()] as [Socket, Socket][]) {
        const id = randomUUID();
        const received = new Promise<void>((resolve) => {
          other.on('message', (message) => {
            if (message.id === id) resolve();
          });
        });
        await who.emitWithAck('say', { id, text: 'is anybody there?' });
        await received;
      }
    });

    test('WebSockets carry what they are given, and event streams are not held back', async (t) => {
      const front = started(t);
      if (!front) return;
      const socket = new WebSocket(`ws://127.0.0.1:${front.port}/wsapp/`, {
        headers: { host: 'example.test' },
      });
      cleanup(t, () => socket.terminate());
      const [greeting] = await once(socket, 'message');
      assert.match(String(greeting), /^port \d+$/);
      const bytes = randomBytes(300_000);
      socket.send(bytes);
      assert.ok(bytes.equals((await once(socket, 'message'))[0]));
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

    test('100 MB go up and down in little memory', async (t) => {
      const front = started(t);
      if (!front) return;
      const bytes = 100 * MB;
      const grown = await growthOf(front.pid, async () => {
        assert.equal(await upload(front, '/upload', bytes), `200 ${bytes}`);
        assert.equal(await download(front, bytes), bytes);
      });
      assert.ok(grown < 40 * MB, `it took ${Math.round(grown / MB)} MB more`);
    });

    test('a body that is too large is refused', async (t) => {
      const front = started(t);
      if (!front) return;
      const { status } = await ask(
        front.port,
        '/small/',
        { host: 'example.test', 'content-length': 2000 },
        { method: 'POST', body: Buffer.alloc(2000) },
      );
      assert.equal(status, 413);
    });

    test('what a client sends wrongly is no failure of an instance', async (t) => {
      const front = started(t);
      if (!front) return;
      for (let n = 0; n < 20; n++) assert.doesNotMatch(await brokenBody(front), /^HTTP\/1.1 (?:2|503)/);
      assert.equal((await front.get('/echo')).status, 200);
    });

    test('connections to the apps are kept', async (t) => {
      const front = started(t);
      if (!front) return;
      const { seen } = await front.get('/echo');
      assert.notEqual(seen.headers.connection, 'close');
    });
  });
}

async function wsapp({ port }: Front, t: TestContext): Promise<WebSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/wsapp/`, { headers: { host: 'chat.test' } });
  cleanup(t, () => socket.terminate());
  await heardBy(socket, 'welcome');
  return socket;
}

function heardBy(socket: WebSocket, wanted: string): Promise<string> {
  return new Promise((resolve, reject) => {
    socket.on('error', reject);
    socket.on('message', (data) => {
      const { type, text } = JSON.parse(String(data));
      if (type === wanted) resolve(text);
    });
  });
}

/** Somebody who has been welcomed. */
async function chatter({ port }: Front, transport: string, t: TestContext): Promise<Socket> {
  // The client says as Host what it asks for, and fronts know no others.
  const agent = new http.Agent({
    keepAlive: true,
    lookup: (_, __, found) => found(null, [{ address: '127.0.0.1', family: 4 }]),
  });
  const socket = io(`http://chat.test:${port}`, {
    transports: [transport],
    upgrade: false,
    forceNew: true,
    reconnection: false,
    withCredentials: true,
    agent: agent as never,
    auth: { name: transport },
  });
  cleanup(t, () => {
    socket.close();
    agent.destroy();
  });
  await new Promise((resolve, reject) => {
    socket.once('welcome', resolve);
    socket.once('connect_error', reject);
  });
  return socket;
}

/** Answers the first line that comes back, if one does. */
async function brokenBody({ port }: Front): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  socket.end('POST /upload HTTP/1.1\r\nHost: example.test\r\nTransfer-Encoding: chunked\r\n\r\nnonsense\r\n');
  let text = '';
  for await (const piece of socket) text += piece;
  return text.split('\r\n')[0] ?? '';
}

/** Answers the status, and how many bytes the app says that it has got. */
async function upload({ port }: Front, path: string, bytes: number): Promise<string> {
  const headers = { host: 'example.test', 'content-length': bytes };
  const request = http.request({ host: '127.0.0.1', port, path, method: 'POST', headers, agent: false });
  const response = once(request, 'response') as Promise<[http.IncomingMessage]>;
  const piece = Buffer.alloc(MB, 'x');
  await pipeline(
    Array.from({ length: bytes / MB }, () => piece),
    request,
  );
  const [answer] = await response;
  let text = '';
  for await (const part of answer.setEncoding('utf8')) text += part;
  return `${answer.statusCode} ${JSON.parse(text).bytes}`;
}

async function download({ port }: Front, bytes: number): Promise<number> {
  const headers = { host: 'example.test' };
  const path = `/download?bytes=${bytes}`;
  const [answer] = (await once(
    http.get({ host: '127.0.0.1', port, path, headers, agent: false }),
    'response',
  )) as [http.IncomingMessage];
  let got = 0;
  for await (const part of answer) got += part.length;
  return got;
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
