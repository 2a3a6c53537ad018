/** Against apps that say frames of HTTP/2 which no library would say. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { type TestContext, test } from 'node:test';
import { FakeClock } from '../../kit/clock.ts';
import type { Caller, Carriage } from '../carriage.ts';
import { Connections } from '../connections.ts';
import { Forwarder, Trust } from '../forwarded.ts';
import { RequestWriter } from '../headers.ts';
import { parseRequestHead } from '../http1/request-head.ts';
import type { ResponseHead } from '../http1/response-head.ts';
import { Sweeper } from '../sweeper.ts';

const SETTINGS = 4;
const HEADERS = 1;
const DATA = 0;
const RST_STREAM = 3;
const END_HEADERS = 4;
const END_STREAM = 1;

function frame(type: number, flags: number, stream: number, payload = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** `:status: 200` of the static table. */
const ok = (stream: number) => frame(HEADERS, END_HEADERS, stream, Buffer.from([0x88]));

/** An app that is given each stream that a client opens, and the connections to it. */
async function appOf(t: TestContext, onStream: (id: number, socket: net.Socket) => void) {
  const open = new Set<net.Socket>();
  const server = net.createServer((socket) => {
    open.add(socket);
    socket.on('error', () => {}).on('close', () => open.delete(socket));
    socket.write(Buffer.concat([frame(SETTINGS, 0, 0), frame(SETTINGS, 1, 0)]));
    let bytes = Buffer.alloc(0);
    let at = 24;
    socket.on('data', (more) => {
      bytes = Buffer.concat([bytes, more]);
      while (bytes.length >= at + 9) {
        const [length, type, id] = [bytes.readUIntBE(at, 3), bytes[at + 3], bytes.readUInt32BE(at + 5)];
        if (bytes.length < at + 9 + length) return;
        at += 9 + length;
        if (type === HEADERS) onStream(id, socket);
      }
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const plan = (port: number) =>
    ({ id: 'x', address: { host: '127.0.0.1', port }, guest: false, state: 'ready' }) as never;
  const sweeper = new Sweeper(new FakeClock(), () => {}, assert.ifError);
  const first = plan((server.address() as net.AddressInfo).port);
  const connections = new Connections(first, sweeper);
  connections.follow(first, 'h2c');
  t.after(() => {
    connections.cut();
    sweeper.close();
    server.close();
    for (const socket of open) socket.destroy();
  });
  return { connections, leave: () => connections.follow(plan(1), 'http/1.1'), open };
}

function deferred<T>() {
  let resolve: (value: T) => void = () => {};
  const promise = new Promise<T>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

interface Outcome {
  readonly head: ResponseHead | undefined;
  readonly text: string;
  /** undefined: it ended well. */
  readonly failed: string | undefined;
}

function ask(connections: Connections): {
  carriage: Carriage;
  outcome: Promise<Outcome>;
  head: Promise<void>;
} {
  const text = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
  const request = parseRequestHead(text, text.length - 4);
  assert.ok(typeof request === 'object' && 'fields' in request);
  const peer = { ip: '127.0.0.1', port: 1, scheme: 'http', localPort: 80 } as const;
  const client = new Forwarder(peer, new Trust([])).describe(request);
  const told = deferred<Outcome>();
  const begun = deferred<void>();
  let head: ResponseHead | undefined;
  let body = '';
  const send = () => carriage.open(new RequestWriter(), request, client, false, Buffer.alloc(0), true);
  const caller: Caller = {
    onConnected: send,
    onInterim() {},
    onAnswer(said) {
      head = said;
      begun.resolve();
    },
    onAnswerBytes(buffer, from, to, done) {
      body += buffer.toString('latin1', from, to);
      if (done) told.resolve({ head, text: body, failed: undefined });
    },
    onSwitch() {},
    onUpstreamDrain() {},
    onFailure: ({ cause }) => told.resolve({ head, text: body, failed: cause }),
  };
  const there = connections.takeIdle(caller);
  const carriage = there ?? connections.connect(caller);
  if (there) send();
  return { carriage, outcome: told.promise, head: begun.promise };
}

test('an answer that breaks off is not whole, and of one that may have broken off nobody says that it is', async (t) => {
  const ends: ((id: number, socket: net.Socket) => void)[] = [
    (id, socket) => socket.write(frame(DATA, END_STREAM, id)),
    (id, socket) => socket.write(frame(RST_STREAM, 0, id, Buffer.alloc(4))),
    (_, socket) => socket.end(),
  ];
  for (const [i, end] of ends.entries()) {
    const { connections } = await appOf(t, (id, socket) => {
      socket.write(Buffer.concat([ok(id), frame(DATA, 0, id, Buffer.from('half'))]));
      setImmediate(() => end(id, socket));
    });
    const { outcome } = ask(connections);
    const { head, text, failed } = await outcome;
    assert.deepEqual([text, head?.endUnsure], ['half', true]);
    if (i === 0) assert.equal(failed, undefined);
    if (i === 2) assert.match(failed ?? '', /cut off/);
  }
});

test('a session that was idle is doubted until something comes on it', async (t) => {
  const held: [number, net.Socket][] = [];
  const { connections } = await appOf(t, (id, socket) => void held.push([id, socket]));
  const answer = async () => {
    const [id, socket] = held.shift() as [number, net.Socket];
    socket.write(Buffer.concat([ok(id), frame(DATA, END_STREAM, id)]));
  };
  const come = async (count: number) => {
    while (held.length < count) await new Promise((resolve) => setImmediate(resolve));
  };
  const first = ask(connections);
  await come(1);
  await answer();
  await first.outcome;
  // The stream is closed a moment after its end.
  for (let i = 0; i < 10; i++) await new Promise((resolve) => setImmediate(resolve));
  const second = ask(connections);
  const third = ask(connections);
  assert.deepEqual(
    [first, second, third].map(({ carriage }) => carriage.reused),
    [false, true, true],
  );
  await come(2);
  await answer();
  await second.outcome;
  assert.equal(ask(connections).carriage.reused, false);
});

test('sessions of before a change are cut with the app', async (t) => {
  const { connections, leave, open } = await appOf(t, (id, socket) => void socket.write(ok(id)));
  const { outcome, head } = ask(connections);
  await head;
  leave();
  assert.equal(open.size, 1);
  connections.cut();
  assert.match((await outcome).failed ?? '', /cut off: the instance is gone/);
});
