import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Decoded, encodeNdjson, NdjsonDecoder } from './ndjson.ts';

function decodeAll(decoder: NdjsonDecoder, chunks: readonly Buffer[]): Decoded[] {
  return [...chunks.flatMap((chunk) => decoder.push(chunk)), ...decoder.end()];
}

test('any values come back, however the bytes are divided', () => {
  fc.assert(
    fc.property(fc.array(fc.json(), { maxLength: 8 }), fc.array(fc.nat(200)), (texts, cuts) => {
      const values: unknown[] = texts.map((text) => JSON.parse(text));
      const bytes = Buffer.from(values.map(encodeNdjson).join(''));
      const places = [
        0,
        ...cuts.map((cut) => Math.min(cut, bytes.length)).sort((a, b) => a - b),
        bytes.length,
      ];
      const chunks = places.slice(1).map((end, index) => bytes.subarray(places[index], end));
      assert.deepEqual(
        decodeAll(new NdjsonDecoder(), chunks),
        values.map((value) => ({ value })),
      );
    }),
  );
});

test('a chunk may be used again by its owner', () => {
  const decoder = new NdjsonDecoder();
  const buffer = Buffer.from('{"a":');
  decoder.push(buffer);
  buffer.fill('x');
  assert.deepEqual(decoder.push(Buffer.from('1}\n')), [{ value: { a: 1 } }]);
});

test('a line that is not JSON is told, and the next one is read', () => {
  const [bad, good] = decodeAll(new NdjsonDecoder(), [Buffer.from('{oops}\n\r\n\n[1]\n')]);
  assert.ok(bad && 'problem' in bad);
  assert.equal(bad.line, '{oops}');
  assert.deepEqual(good, { value: [1] });
});

test('a line that is too long is told once and skipped to its end', () => {
  const decoder = new NdjsonDecoder({ maxLineBytes: 10 });
  const long = decodeAll(decoder, [
    Buffer.from('"12345'),
    Buffer.from('6789012'),
    Buffer.from('34567'),
    Buffer.from('8"\n7\n'),
  ]);
  assert.equal(long.length, 2);
  assert.ok(long[0] && 'problem' in long[0]);
  assert.match(long[0].problem, /longer than 10 bytes/);
  assert.deepEqual(long[1], { value: 7 });
});

test('a last line without newline counts', () => {
  assert.deepEqual(decodeAll(new NdjsonDecoder(), [Buffer.from('1\n2')]), [{ value: 1 }, { value: 2 }]);
});
