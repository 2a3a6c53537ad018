import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CHUNKED } from './request-fields.ts';
import { parseRequestHead, type RequestHead, refuseEarly } from './request-head.ts';

function parse(text: string) {
  return parseRequestHead(`${text}\r\n\r\n`, text.length);
}

function accepted(text: string): RequestHead {
  const head = parse(text);
  assert.ok(!('reason' in head), `${text} is accepted`);
  return head;
}

function refusedWith(text: string): number {
  const head = parse(text);
  assert.ok('reason' in head, `${text} is refused`);
  return head.status;
}

const GET = 'GET / HTTP/1.1\r\nHost: a';

test('a head is read', () => {
  const head = accepted(
    'POST /a%2e?b HTTP/1.1\r\nhost:\t a.test:81 \r\nX-A:\r\nx-a: 1 2\r\nContent-Length: 12',
  );
  assert.deepEqual([head.method, head.target, head.path, head.query], ['POST', '/a.?b', '/a.', '?b']);
  assert.deepEqual([head.host, head.length, head.framed, head.keepAlive], ['a.test:81', 12, true, true]);
  assert.deepEqual(head.fields.names, ['host', 'X-A', 'x-a', 'Content-Length']);
  assert.deepEqual(head.fields.values, ['a.test:81', '', '1 2', '12']);
});

test('what is not a request of HTTP/1.x is refused with the status that says why', () => {
  const cases: Record<string, number> = {
    'GET /': 400,
    ' GET / HTTP/1.1': 400,
    'GET  / HTTP/1.1\r\nHost: a': 400,
    'GET / HTTP/1.1 \r\nHost: a': 400,
    'GET / HTTP/01.1\r\nHost: a': 400,
    'GET / HTTP/1.2\r\nHost: a': 505,
    'PRI * HTTP/2.0': 505,
    'CONNECT a:80 HTTP/1.1\r\nHost: a': 405,
    'BREW / HTTP/1.1\r\nHost: a': 501,
    'G(T / HTTP/1.1\r\nHost: a': 400,
    'GET * HTTP/1.1\r\nHost: a': 400,
    'GET https://a/ HTTP/1.1\r\nHost: a': 400,
    'GET http://u@a/ HTTP/1.1\r\nHost: a': 400,
    'GET http:///x HTTP/1.1\r\nHost: a': 400,
    'GET / HTTP/1.1': 400,
    [`${GET}\r\nHost: a`]: 400,
    [`${GET}\r\nContent-Length: 1\r\nContent-Length: 1`]: 400,
    [`${GET}\r\nContent-Length: 9007199254740993`]: 400,
    [`${GET}\r\nContent-Length: 1\r\nTransfer-Encoding: chunked`]: 400,
    [`${GET}\r\nTransfer-Encoding: chunked\r\nContent-Length: 1`]: 400,
    [`${GET}\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked`]: 400,
    'POST / HTTP/1.0\r\nTransfer-Encoding: chunked': 400,
    [`${GET}\r\nConnection: a b`]: 400,
    [`${GET}\r\nExpect: 200-ok`]: 417,
    [`${GET}\r\nX: a\r\n b`]: 400,
    [`${GET}${'\r\nX: 1'.repeat(100)}`]: 431,
  };
  for (const [text, status] of Object.entries(cases)) assert.equal(refusedWith(text), status, text);
});

test('an absolute target brings its own host', () => {
  const head = accepted('GET HTTP://B.test:81?x HTTP/1.1\r\nHost: a.test');
  assert.deepEqual([head.host, head.target], ['B.test:81', '/?x']);
});

test('OPTIONS may ask the whole server', () => {
  const head = accepted('OPTIONS * HTTP/1.1\r\nHost: a');
  assert.deepEqual([head.target, head.path], ['*', '/']);
});

test('the length of a body is a number or in its chunks, and 100 Continue is for bodies', () => {
  assert.equal(accepted(`${GET}\r\nTransfer-Encoding: Chunked`).length, CHUNKED);
  assert.equal(accepted(GET).framed, false);
  assert.equal(accepted(`${GET}\r\nContent-Length: 0`).framed, true);
  assert.equal(accepted(`${GET}\r\nContent-Length: 5\r\nExpect: 100-Continue`).expectsContinue, true);
  assert.equal(accepted(`${GET}\r\nExpect: 100-continue`).expectsContinue, false);
});

test('a connection is kept as its version and its Connection fields say', () => {
  const kept = (text: string) => accepted(text).keepAlive;
  assert.equal(kept(`${GET}\r\nConnection: x\r\nConnection: , Close`), false);
  assert.equal(kept('GET / HTTP/1.0'), false);
  assert.equal(kept('GET / HTTP/1.0\r\nConnection: Keep-Alive'), true);
  assert.equal(kept('GET / HTTP/1.0\r\nConnection: keep-alive, close'), false);
});

test('Connection names fields of this hop, and cannot take end-to-end fields away', () => {
  const named = accepted(
    `${GET}\r\nConnection: X-Hop, Cookie, Host, Content-Length, X-Forwarded-For, close, Authorization, Sec-Fetch-Mode`,
  );
  assert.deepEqual(named.hopNames, ['x-hop']);
});

test('a WebSocket handshake is one only if all of it is there', () => {
  const key = 'dGhlIHNhbXBsZSBub25jZQ==';
  const fields = `Upgrade: WebSocket\r\nConnection: keep-alive, Upgrade\r\nSec-WebSocket-Key: ${key}\r\nSec-WebSocket-Version: 13`;
  assert.equal(accepted(`${GET}\r\n${fields}`).webSocketKey, key);
  assert.equal(accepted(`${GET}\r\n${fields}\r\nSec-WebSocket-Key: ${key}`).webSocketKey, '');
});

test('a head that can never be complete is refused early', () => {
  assert.equal(refuseEarly('GET / HTT'), undefined);
  assert.equal(refuseEarly('GET / HTTP/1.1\r\nHost: a\r'), undefined);
  assert.equal(refuseEarly('\x16\x03\x01')?.status, 400);
  assert.equal(refuseEarly('GET / HTTP/1.1\n')?.status, 400);
  assert.equal(refuseEarly(`GET /${'a'.repeat(16_384)}`)?.status, 414);
  assert.equal(refuseEarly(`GET / HTTP/1.1\r\nX: ${'a'.repeat(16_384)}`)?.status, 431);
});
