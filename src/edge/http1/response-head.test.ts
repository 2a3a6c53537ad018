import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CHUNKED } from './request-fields.ts';
import { parseResponseHead, type ResponseHead, UNTIL_CLOSE } from './response-head.ts';

function parse(text: string, bodyless = false) {
  return parseResponseHead(`${text}\r\n\r\n`, text.length, bodyless);
}

function accepted(text: string, bodyless = false): ResponseHead {
  const head = parse(text, bodyless);
  assert.ok(typeof head === 'object', `${text}: ${head}`);
  return head;
}

test('the length of a body follows from status, method and fields', () => {
  assert.equal(accepted('HTTP/1.1 200 OK\r\nContent-Length: 5').length, 5);
  assert.equal(accepted('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked').length, CHUNKED);
  assert.equal(accepted('HTTP/1.1 200 OK').length, UNTIL_CLOSE);
  assert.equal(accepted('HTTP/1.1 304 X\r\nContent-Length: 5').length, 0);
  assert.equal(accepted('HTTP/1.1 204 X\r\nContent-Length: 5').length, 0);
  const head = accepted('HTTP/1.1 200 OK\r\nContent-Length: 5', true);
  assert.deepEqual([head.length, head.declaredLength], [0, 5]);
});

test('a connection is kept as its version and fields say, and for how long', () => {
  const kept = (text: string) => [accepted(text).keepAlive, accepted(text).keepAliveSeconds];
  assert.deepEqual(kept('HTTP/1.1 200 OK'), [true, 0]);
  assert.deepEqual(kept('HTTP/1.1 200 OK\r\nConnection: close'), [false, 0]);
  assert.deepEqual(kept('HTTP/1.0 200 OK'), [false, 0]);
  const said = 'Connection: keep-alive\r\nKeep-Alive: timeout=5, max=100';
  assert.deepEqual(kept(`HTTP/1.0 200 OK\r\n${said}`), [true, 5]);
});

test('reasons may be odd or missing', () => {
  assert.equal(accepted('HTTP/1.1 200').reason, '');
  assert.equal(accepted('HTTP/1.1 200 ').reason, '');
  assert.equal(accepted('HTTP/1.1 999 Trös schön').status, 999);
});

test('what is in doubt is no answer', () => {
  const bad = [
    'HTTP/1.1 99 X',
    'HTTP/1.1 2000 X',
    'HTTP/1.1  200 OK',
    'HTTP/1.1 2x0 OK',
    'HTTP/2 200 OK',
    'HTTP/1.1 200 O\0K',
    'HTTP/1.1 200 OK\r\nX : y',
    'HTTP/1.1 200 OK\r\nX: y\r\n z',
    'HTTP/1.1 200 OK\r\nContent-Length: 5, 5',
    'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5',
    'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked',
    'HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked',
  ];
  for (const text of bad) assert.equal(typeof parse(text), 'string', text);
});
