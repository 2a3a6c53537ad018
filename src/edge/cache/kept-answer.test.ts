import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Visit } from '../gate/visit.ts';
import { parseRequestHead } from '../http1/request-head.ts';
import { ownHead } from '../own-head.ts';
import { KeptAnswer } from './kept-answer.ts';
import { stored } from './stored.ts';

const SIZE = 1_000_000;

/** A client that asks for a large answer, and what it has got. */
function client() {
  const written: [bytes: number, done: boolean][] = [];
  const ends: unknown[] = [];
  const answer = {
    status: 200,
    bytes: 0,
    write: (_buffer: Buffer, from: number, to: number, done: boolean) => {
      written.push([to - from, done]);
    },
  };
  const channel = { congested: true, unwritten: 0 };
  const side = {
    channel,
    deadline: 0,
    edge: { sweeper: { now: 5_000 }, limits: { upstreamTimeoutMs: 100 } },
    answer: () => answer,
    finished: (keep: boolean) => ends.push(keep),
    cutOff: () => ends.push('cut off'),
  };
  const text = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n';
  const visit = {
    side,
    head: parseRequestHead(text, text.length - 4),
    lines: '',
    arrived() {},
    left: (...what: unknown[]) => ends.push(what),
  };
  const body = Buffer.alloc(SIZE, 'x');
  const head = ownHead(200, [['Cache-Control', 'max-age=60']], SIZE);
  const given = { key: '', told: '', request: head.fields, head, body, askedAt: 5_000, receivedAt: 5_000 };
  const kept = stored(given);
  assert.ok(kept);
  return {
    answer: new KeptAnswer(visit as unknown as Visit, kept, 'hit', true),
    written,
    ends,
    side,
    channel,
  };
}

test('a client gets the next piece when it has read the one before', () => {
  const { answer, written, ends, side } = client();
  answer.begin();
  assert.deepEqual(written, [[65_536, false]]);
  assert.equal(side.deadline, 5_100);
  while (ends.length === 0) answer.clientDrained();
  assert.equal(written.length, Math.ceil(SIZE / 65_536));
  assert.equal(
    written.reduce((sum, [bytes]) => sum + bytes, 0),
    SIZE,
  );
  assert.deepEqual(written.filter(([, done]) => done).length, 1);
  assert.deepEqual(ends, [[200, 0, 'cache'], true]);
  assert.equal(side.deadline, 0);
});

test('a client that does not read is cut off, one that reads slowly is not', () => {
  const { answer, ends, channel } = client();
  answer.begin();
  channel.unwritten = 10;
  answer.expire();
  assert.deepEqual(ends, []);
  answer.expire();
  assert.deepEqual(ends, [[200, 0, 'the client does not read'], 'cut off']);
});
