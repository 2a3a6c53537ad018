import assert from 'node:assert/strict';
import type net from 'node:net';
import { Duplex } from 'node:stream';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { FakeClock } from '../../kit/clock.ts';
import { Edge } from '../edge.ts';
import { Code, Flag, FrameType, PREFACE, WINDOW_MAX } from './codes.ts';
import { frameHead, goAwayFrame, pingFrame, SETTINGS_ACK, settingsFrame } from './frame-writer.ts';
import { encodeField } from './hpack/encoder.ts';
import { Session } from './session.ts';

const PATIENCE_MS = 10_000;

function edgeWith(clock: FakeClock): Edge {
  const table = {
    version: 1,
    sites: [],
    pools: {},
    unknownHost: 404 as const,
    trust: [],
    limits: {
      headTimeoutMs: 10_000,
      bodyIdleMs: 10_000,
      keepAliveMs: 30_000,
      upstreamTimeoutMs: PATIENCE_MS,
      connectionsPerIp: 0,
      bodyBytes: 0,
      memoryBytes: 0,
    },
    accessLog: null,
    http2: { tls: true, cleartext: true, webSockets: false, maxStreams: 1 },
    proxyProtocol: false,
  };
  const failed = (error: unknown) => {
    throw error;
  };
  return new Edge(table, { retired() {}, log() {}, notice() {}, failed }, undefined, clock);
}

/** A connection whose client takes all that is written. */
class QuickSocket extends Duplex {
  said = '';

  override _read(): void {}

  override _write(bytes: Buffer, _encoding: string, taken: () => void): void {
    this.said += bytes.toString('latin1');
    taken();
  }

  setNoDelay(): void {}

  async hear(text: string): Promise<void> {
    this.push(Buffer.from(text, 'latin1'));
    await turn();
    await turn();
  }
}

function get(stream: number): string {
  const fields = { ':method': 'GET', ':scheme': 'http', ':path': '/', ':authority': 'a.test' };
  const block = Object.entries(fields).map(([name, value]) => encodeField(name, value));
  const text = block.join('');
  return frameHead(text.length, FrameType.headers, Flag.endStream | Flag.endHeaders, stream) + text;
}

test('streams that are on their way when a client hears that the edge leaves are answered', async (t) => {
  const clock = new FakeClock(1_000_000);
  const edge = edgeWith(clock);
  t.after(() => edge.sweeper.close());
  const socket = new QuickSocket();
  const session = new Session(edge, socket as unknown as net.Socket, '192.0.2.1');
  edge.sweeper.add(session);
  await socket.hear(PREFACE + settingsFrame([]) + SETTINGS_ACK);
  await edge.drain(60_000, false);
  session.drain(false);
  await turn();
  const isAnswered = (stream: number) =>
    socket.said.includes(`\x01\x04${frameHead(0, 0, 0, stream).slice(5)}`);
  const goodbye = (stream: number) => goAwayFrame(stream, Code.noError, '');
  assert.ok(socket.said.includes(goodbye(WINDOW_MAX)));
  // Its library has answered, and does the same itself, as that of Node does.
  await socket.hear(pingFrame(true, 'goodbye\0') + goAwayFrame(0, Code.noError, '') + get(1));
  assert.ok(isAnswered(1));
  clock.advance(200);
  await socket.hear(get(3));
  assert.ok(isAnswered(3) && !socket.destroyed);
  clock.advance(600);
  await turn();
  assert.ok(socket.said.includes(goodbye(3)));
});

/** A connection whose client takes what was written when it is told to. */
class SlowSocket extends Duplex {
  #taken: (() => void) | undefined;

  override _read(): void {}

  override _write(_bytes: Buffer, _encoding: string, taken: () => void): void {
    this.#taken = taken;
  }

  setNoDelay(): void {}

  takeMore(): void {
    const taken = this.#taken;
    this.#taken = undefined;
    taken?.();
  }
}

test('the end of a connection waits for a client that reads slowly, and not for one that has stopped', async (t) => {
  const clock = new FakeClock(1_000_000);
  const edge = edgeWith(clock);
  t.after(() => edge.sweeper.close());
  const socket = new SlowSocket();
  const session = new Session(edge, socket as unknown as net.Socket, '192.0.2.1');
  edge.sweeper.add(session);
  socket.push(Buffer.from(PREFACE + settingsFrame([]) + SETTINGS_ACK, 'latin1'));
  await turn();
  await turn();
  socket.push(Buffer.from(goAwayFrame(0, 0, ''), 'latin1'));
  await turn();
  const before = socket.writableLength;
  clock.advance(5_000);
  assert.equal(socket.destroyed, false);
  socket.takeMore();
  await turn();
  assert.ok(socket.writableLength > 0 && socket.writableLength < before);
  clock.advance(PATIENCE_MS + 1_000);
  assert.equal(socket.destroyed, false);
  clock.advance(PATIENCE_MS + 1_000);
  assert.equal(socket.destroyed, true);
});
