import assert from 'node:assert/strict';
import { Duplex } from 'node:stream';
import { test } from 'node:test';
import { FakeClock } from '../kit/clock.ts';
import type { Caller } from './carriage.ts';
import { Connections } from './connections.ts';
import type { Dialer } from './dialer.ts';
import type { Failure } from './failure.ts';
import type { Client } from './forwarded.ts';
import { RequestWriter } from './headers.ts';
import { parseRequestHead, type RequestHead } from './http1/request-head.ts';
import { Sweeper } from './sweeper.ts';

type Write = (fails: () => void) => void;

/** What becomes of a request whose connection breaks while it is written. */
async function failureOf(write: Write): Promise<Failure | undefined> {
  const failed = (error: unknown) => assert.ifError(error);
  const sweeper = new Sweeper(new FakeClock(), () => {}, failed);
  const plan = { id: 'web.0#1', address: { path: '/nowhere' }, guest: false, state: 'ready' as const };
  const connections = new Connections(plan, sweeper);
  const socket = new Duplex({
    read() {},
    write: (_bytes, _encoding, done) =>
      write(() => done(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }))),
  });
  const dialer = { readyEvent: 'connect', isSecure: false, dial: () => socket };
  connections.dialer = dialer as unknown as Dialer;
  let failure: Failure | undefined;
  const caller: Partial<Caller> = {
    onConnected() {},
    onFailure(found) {
      failure = found;
    },
  };
  const carriage = connections.connect(caller as Caller);
  socket.emit('connect');
  const text = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n';
  const head = parseRequestHead(text, text.length - 4) as RequestHead;
  const client = { lines: '', guestLine: '' } as Client;
  carriage.open(new RequestWriter(), head, client, false, Buffer.from('hello'), true);
  await new Promise((resolve) => socket.once('close', resolve));
  sweeper.close();
  return failure;
}

test('a request is sent again whatever it is only if the app got nothing of it', async () => {
  const atOnce = await failureOf((fails) => fails());
  assert.equal(atOnce?.retryable, 'always');
  // The kernel has taken a part and waits with the rest: that part may be a request.
  const later = await failureOf((fails) => void setImmediate(fails));
  assert.equal(later?.retryable, 'if-safe');
});
