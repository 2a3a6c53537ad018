import assert from 'node:assert/strict';
import type net from 'node:net';
import { Duplex } from 'node:stream';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { FakeClock } from '../../kit/clock.ts';
import { Edge } from '../edge.ts';
import { PREFACE } from './codes.ts';
import { goAwayFrame, SETTINGS_ACK, settingsFrame } from './frame-writer.ts';
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
