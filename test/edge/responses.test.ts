/** Each answer of http1-responses.json, sent by an app: what the client sees, and whether the app's connection is used again. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type net from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { root } from '../support/root.ts';
import { startEdge, tableOf, targetOf } from './edge-process.ts';
import { RawClient, startRawApp, until } from './support.ts';

interface Case {
  readonly id: string;
  readonly note: string;
  /** latin1, as the app sends it. */
  readonly answer: string;
  /** GET if left out. */
  readonly method?: string;
  /** The app closes its connection behind that. */
  readonly end?: boolean;
  readonly want: {
    readonly status: number;
    /** Left out: the edge's own page. */
    readonly body?: string;
    /** The client must see that this is not all. */
    readonly cut?: boolean;
    /** 1xx answers before; null: any. */
    readonly interim?: readonly number[] | null;
    /** A pattern that must not be in what the client gets. */
    readonly never?: string;
  };
  /** What becomes of the connection to the app. */
  readonly upstream: 'kept' | 'closed';
}

const cases: readonly Case[] = JSON.parse(readFileSync(join(root, 'test/edge/http1-responses.json'), 'utf8'));
const SWITCH =
  'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n';

test('whatever an app answers, its client sees an answer, a broken one or 502, and never that of another', async (t) => {
  const byId = new Map(cases.map((one) => [one.id, one]));
  const sockets: net.Socket[] = [];
  const app = await startRawApp(t, (socket) => {
    let text = '';
    socket.on('data', (bytes) => {
      text += bytes.toString('latin1');
      if (!text.endsWith('\r\n\r\n')) return;
      const found = byId.get(/^[A-Z]+ \/(\w+)/.exec(text)?.[1] ?? '');
      text = '';
      sockets.push(socket);
      socket.write(found?.answer ?? '', 'latin1');
      if (found?.end) socket.end();
    });
  });
  const edge = await startEdge(t, tableOf({ pools: { web: { targets: [targetOf('w#1', app.address)] } } }));
  for (const one of cases) {
    await t.test(`${one.id} ${one.note}`, async (t) => {
      const { method = 'GET', want } = one;
      const client = new RawClient(t, edge.port);
      const lines = method === 'WEBSOCKET' ? SWITCH : '';
      client.write(
        `${method === 'WEBSOCKET' ? 'GET' : method} /${one.id} HTTP/1.1\r\nHost: a\r\n${lines}\r\n`,
      );
      // Behind it, so that the end of the answer shows: the baseline.
      if (want.cut) await until(() => client.ended || client.closed, 'the client sees the end');
      else {
        await client.sees(/HTTP\/1\.1 [2-5]/);
        client.write('GET /RS01 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
        await until(() => client.ended || client.closed, 'the client has both answers');
      }
      check(one, client.received);
      const used = sockets.splice(0);
      if (want.cut) return;
      assert.equal(used.length, 2, 'no request is sent again');
      assert.equal(used[0] === used[1], one.upstream === 'kept', `the connection is ${one.upstream}`);
    });
  }
});

const BASE = /HTTP\/1\.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello$/;

function check({ want, method }: Case, received: string): void {
  if (!want.cut) assert.match(received, BASE);
  let text = received.replace(BASE, '');
  const interim: number[] = [];
  for (let found = /^HTTP\/1\.1 (1\d\d) /.exec(text); found; found = /^HTTP\/1\.1 (1\d\d) /.exec(text)) {
    interim.push(Number(found[1]));
    text = text.slice(text.indexOf('\r\n\r\n') + 4);
  }
  if (want.interim !== null) assert.deepEqual(interim, want.interim ?? []);
  assert.match(text, new RegExp(`^HTTP/1\\.1 ${want.status} `));
  if (want.never) assert.doesNotMatch(text, new RegExp(want.never, 'i'));
  const bodyAt = text.indexOf('\r\n\r\n') + 4;
  const isChunked = /\r\nTransfer-Encoding: chunked\r\n/.test(text.slice(0, bodyAt)) && method !== 'HEAD';
  const body = text.slice(bodyAt);
  if (want.body === undefined) assert.match(body, /The app did not answer properly/);
  else if (!isChunked) assert.equal(body, want.body);
  else
    assert.equal(body, `${want.body.length.toString(16)}\r\n${want.body}\r\n${want.cut ? '' : '0\r\n\r\n'}`);
  if (want.cut && !isChunked) assert.ok(Number(/Content-Length: (\d+)/.exec(text)?.[1]) > body.length);
}
