import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ChunkedReader } from './chunked.ts';

/** The payload of bytes that come in one piece, `!` where they are malformed, `…` when more must come. */
function read(text: string): string {
  const reader = new ChunkedReader();
  const buffer = Buffer.from(text, 'latin1');
  if (!reader.feed(buffer, 0, buffer.length)) return '!';
  return buffer.toString('latin1', reader.from, reader.to) + (reader.done ? '' : '…');
}

test('chunks become one piece of payload', () => {
  assert.equal(read('0\r\n\r\n'), '');
  assert.equal(read('5\r\nhello\r\n0\r\n\r\n'), 'hello');
  assert.equal(read('3\r\nhel\r\n002\r\nlo\r\nA;a="\\"\\r"; \r\n'), '!');
  assert.equal(
    read('3\r\nhel\r\n002\r\nlo\r\na;a="\\";"\r\n0123456789\r\n0\r\nX: y\r\n\r\n'),
    'hello0123456789',
  );
  assert.equal(read('5\r\nhel'), 'hel…');
});

test('bytes behind the end are left alone', () => {
  const reader = new ChunkedReader();
  const buffer = Buffer.from('..1\r\na\r\n1\r\nb\r\n0\r\n\r\nGET /');
  assert.ok(reader.feed(buffer, 2, buffer.length));
  assert.deepEqual([reader.done, buffer.toString('latin1', reader.from, reader.to)], [true, 'ab']);
  assert.equal(buffer.toString('latin1', reader.next), 'GET /');
});

test('what is not exactly the chunked coding is malformed', () => {
  const bad = [
    '\r\n',
    ' 5\r\n',
    '0x5\r\n',
    '+5\r\n',
    '5 \r\n',
    '5\n',
    '5\r\r\n',
    '5\r\nhelloX\r\n',
    '5\r\nhello\n',
    '5;\r\n',
    '5;a\n',
    '5;a=\r\n',
    '5;a="x\r\n',
    '5;a="x"y\r\n',
    '10000000000000\r\n',
    'FFFFFFFFFFFFFFFF0\r\n',
    '0\r\nX : y\r\n\r\n',
    '0\r\n X: y\r\n\r\n',
    '0\r\nX: y\n',
    '0\r\nX\r\n\r\n',
    '0\r\n\n',
  ];
  for (const text of bad) assert.equal(read(text), '!', JSON.stringify(text));
});

test('extensions and trailers cost no more than a little', () => {
  assert.equal(read(`1;${'a'.repeat(9_000)}\r\n`), '!');
  assert.equal(read(`${'1;abcdefgh\r\nx\r\n'.repeat(1_000)}`), '!');
  assert.equal(read(`0\r\n${'X: y\r\n'.repeat(3_000)}`), '!');
});
