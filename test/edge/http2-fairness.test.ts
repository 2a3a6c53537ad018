/** What one stream of HTTP/2, or one client, must not do to others; against the edge as a process. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import http2 from 'node:http2';
import { describe, test } from 'node:test';
import { accessLogDefaults } from '../../src/config/traffic-defaults.ts';
import { Flag, FrameType } from '../../src/edge/http2/codes.ts';
import { startEdge, tableOf, targetOf } from './edge-process.ts';
import { data, frame, getFields, Http2Client, headers, opening } from './http2-client.ts';
import { ask, RawClient, startApp, startRawApp, until } from './support.ts';

const cleartext = { http2: { cleartext: true } };

describe('clients', { concurrency: true }, () => {
  test('a GET with the fields of a WebSocket handshake before it is a GET', async (t) => {
    const heads: string[] = [];
    const app = await startRawApp(t, (socket) => {
      socket.setEncoding('latin1').on('data', (head: string) => {
        heads.push(head);
        const key = /sec-websocket-key: (.*)\r\n/i.exec(head)?.[1];
        if (key === undefined) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
        else {
          const accept = createHash('sha1')
            .update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
            .digest('base64');
          const lines = ['Upgrade: websocket', 'Connection: Upgrade', `Sec-WebSocket-Accept: ${accept}`];
          socket.write(`HTTP/1.1 101 Switching Protocols\r\n${lines.join('\r\n')}\r\n\r\n`);
        }
      });
    });
    const pools = { web: { targets: [targetOf('web.0#1', app.address)] } };
    const edge = await startEdge(t, tableOf({ pools, http2: { cleartext: true, webSockets: true } }));
    const client = new Http2Client(t, edge.port).greet();
    const more = { 'x-a': 'b' };
    client.write(opening(1, getFields({ ':method': 'CONNECT', ':protocol': 'websocket', ...more })));
    await client.hears('HEADERS 1 200');
    client.write(headers(3, getFields({ ':path': '/plain', ...more })));
    await client.hears(/^HEADERS 3/);
    assert.ok(client.heard.includes('HEADERS 3 200'), client.heard.join(', '));
    assert.doesNotMatch(heads.at(-1) ?? '', /upgrade|websocket/i);
  });

  test('uploads that wait take nothing of the room of others', async (t) => {
    const app = await startApp(t, (request, response) => {
      request.resume().on('end', () => response.end('ok'));
    });
    const sites = [
      { host: 'held.test', routes: [{ prefix: '/', pool: 'none' }] },
      { host: '*', routes: [{ prefix: '/', pool: 'web' }] },
    ];
    const pools = { web: { targets: [targetOf('web.0#1', app.address)] }, none: {} };
    const edge = await startEdge(t, tableOf({ sites, pools, limits: { bodyIdleMs: 1_000 }, ...cleartext }));
    const client = http2.connect(`http://127.0.0.1:${edge.port}`);
    client.on('error', () => {});
    t.after(() => client.destroy());
    const post = (host: string, bytes: number) => {
      const stream = client.request({ ':method': 'POST', ':authority': host, ':path': '/' });
      stream.on('error', () => {});
      stream.write(Buffer.alloc(bytes));
      return stream;
    };
    // As much as their windows take.
    for (let i = 0; i < 6; i++) post('held.test', 400_000);
    const status = await new Promise((resolve) => {
      const stream = post('ok.test', 300_000);
      stream.on('response', (fields) => resolve(fields[':status']));
      stream.on('close', () => resolve('closed'));
      stream.end();
    });
    assert.equal(status, 200);
  });

  test('DATA for a stream that was reset is no error of the connection, however many ended meanwhile', async (t) => {
    const app = await startApp(t, (_request, response) => response.end('ok'));
    const pools = { web: { targets: [targetOf('web.0#1', app.address)] } };
    const edge = await startEdge(t, tableOf({ pools, ...cleartext }));
    const client = new Http2Client(t, edge.port).greet();
    client.write(opening(1));
    await client.hears('RST_STREAM 1 NO_ERROR');
    for (let id = 3; id < 653; id += 2) {
      client.write(headers(id));
      if (id % 50 === 1) await client.hears(`END ${id}`);
    }
    client.write(data(1, 'late') + headers(653));
    await client.hears('HEADERS 653 200');
  });

  test('padding is no DATA, and a stream that is idle is not reset', async (t) => {
    const app = await startApp(t, (_request, response) => response.end('ok'));
    const pools = { web: { targets: [targetOf('web.0#1', app.address)] } };
    const edge = await startEdge(t, tableOf({ pools, ...cleartext }));
    const idle = new Http2Client(t, edge.port).greet();
    idle.write(frame(FrameType.priority, 0, 5, '\0\0\0\x05\0') + headers(7));
    await idle.hears('HEADERS 7 200');
    assert.ok(!idle.heard.some((line) => line.startsWith('RST_STREAM')), idle.heard.join(', '));
    const padder = new Http2Client(t, edge.port).greet();
    padder.write(opening(1) + data(1, '\x03\0\0\0', Flag.padded).repeat(150));
    await padder.hears(/^GOAWAY ENHANCE_YOUR_CALM/);
  });

  test('who leaves in the middle of a request that waits leaves its place in the queue', async (t) => {
    const hold = { timeoutMs: 30_000, maxWaiting: 1 };
    const sites = [{ host: 'a.test', routes: [{ prefix: '/', pool: 'web' }] }];
    const accessLog = { ...accessLogDefaults, format: 'json' as const };
    const edge = await startEdge(t, tableOf({ sites, pools: { web: { hold } }, accessLog }));
    const turn = async () => assert.equal((await ask(edge.port, '/')).status, 404);
    const leaver = new RawClient(t, edge.port);
    leaver.write('POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 100\r\n\r\n');
    for (let i = 0; i < 3; i++) await turn();
    leaver.write('some of it');
    for (let i = 0; i < 3; i++) await turn();
    leaver.socket.end();
    await until(() => edge.stdout().includes('client left'), 'the edge sees it');
  });
});
