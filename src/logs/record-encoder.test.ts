import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { encodeRecord, type LogRecord, MAX_TEXT_BYTES, parseRecord } from './record.ts';
import { RecordEncoder } from './record-encoder.ts';

const time = '2026-11-23T12:34:08.123Z';
const head = Buffer.from(`${time} web.0 out `);
const partialHead = Buffer.from(`${time} web.0 out+ `);

/** The bytes of the stream that these records stand for. */
function decode(file: Buffer): Buffer {
  const parts: Buffer[] = [];
  for (let start = 0; start < file.length; ) {
    const end = file.indexOf(10, start);
    assert.notEqual(end, -1, 'the last record has an end');
    const line = file.subarray(start, end);
    const partial = line.subarray(0, partialHead.length).equals(partialHead);
    assert.ok(
      partial || line.subarray(0, head.length).equals(head),
      `a record: ${line.toString('latin1', 0, 60)}`,
    );
    const text = line.subarray(partial ? partialHead.length : head.length);
    assert.ok(text.length <= MAX_TEXT_BYTES);
    parts.push(text, partial ? Buffer.alloc(0) : Buffer.from('\n'));
    start = end + 1;
  }
  return Buffer.concat(parts);
}

function encode(chunks: readonly Buffer[]): Buffer {
  const encoder = new RecordEncoder('web.0', 'out');
  const records = chunks.map((chunk) => Buffer.from(encoder.encode(chunk, time)));
  return Buffer.concat([...records, encoder.end(time)]);
}

/** What the app wrote, as if it had ended its last line. */
function ended(bytes: Buffer): Buffer {
  return bytes.length === 0 || bytes.at(-1) === 10 ? bytes : Buffer.concat([bytes, Buffer.from('\n')]);
}

function cut(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const places = [
    0,
    ...cuts.map((place) => Math.min(place, bytes.length)).sort((a, b) => a - b),
    bytes.length,
  ];
  return places.slice(1).map((end, index) => bytes.subarray(places[index], end));
}

const junk = fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes));
const words = fc
  .array(fc.constantFrom('\n', '\r\n', '\0', '', 'é', '€', '🙂', 'plain text', '\x1b[31m', '$&', '$1'), {
    maxLength: 60,
  })
  .map((parts) => Buffer.from(parts.join('')));

test('every byte comes back, however the stream is divided', () => {
  fc.assert(
    fc.property(fc.oneof(junk, words), fc.array(fc.nat(300), { maxLength: 20 }), (bytes, cuts) => {
      assert.deepEqual(decode(encode(cut(bytes, cuts))), ended(bytes));
    }),
    { numRuns: 1000 },
  );
});

test('a chunk of one kind encodes like the same bytes one by one', () => {
  fc.assert(
    fc.property(fc.oneof(junk, words), (bytes) => {
      const single = Array.from(bytes, (_, index) => bytes.subarray(index, index + 1));
      assert.deepEqual(encode([bytes]), encode(single));
    }),
  );
});

test('text divided at every byte is never broken within a character', () => {
  const text = 'aé€🙂\n🙂€é\n';
  const bytes = Buffer.from(text);
  for (let place = 0; place <= bytes.length; place++) {
    const records = encode([bytes.subarray(0, place), bytes.subarray(place)]).toString();
    assert.equal(records, `${head}aé€🙂\n${head}🙂€é\n`);
  }
});

test('long lines are cut into records between characters, and nothing is lost', () => {
  fc.assert(
    fc.property(
      fc.constantFrom('x', 'é', '€', '🙂', 'a🙂'),
      fc.integer({ min: 1, max: 3 }),
      fc.integer({ min: -3, max: 3 }),
      fc.integer({ min: 1000, max: 65_536 }),
      (unit, pieces, extra, chunkSize) => {
        const size = Buffer.byteLength(unit);
        const line = unit.repeat(Math.floor((MAX_TEXT_BYTES * pieces) / size) + extra);
        const bytes = Buffer.from(`short\n${line}\nafter\n`);
        const cuts = Array.from({ length: Math.ceil(bytes.length / chunkSize) }, (_, n) => n * chunkSize);
        const file = encode(cut(bytes, cuts));
        assert.ok(decode(file).equals(bytes));
        assert.ok(!file.toString('utf8').includes('\ufffd'), 'no character is broken');
        const marked = file
          .toString('latin1')
          .split('\n')
          .filter((record) => record.startsWith(`${time} web.0 out+`));
        const length = Buffer.byteLength(line);
        assert.ok(marked.length >= Math.ceil(length / MAX_TEXT_BYTES) - 1);
        assert.ok(marked.length <= Math.ceil(length / (MAX_TEXT_BYTES - 3)) - 1);
      },
    ),
    { numRuns: 100 },
  );
});

test('a line of 10 MB in one chunk', () => {
  const bytes = Buffer.concat([Buffer.alloc(10 * 1024 * 1024, 'x'), Buffer.from('\nafter\n')]);
  const file = encode([bytes]);
  assert.ok(decode(file).equals(bytes));
  assert.equal(file.toString('latin1').split('\n').length - 1, 161);
});

test('only newlines: every one is an empty line', () => {
  const file = encode([Buffer.alloc(65_536, '\n')]);
  assert.ok(file.equals(Buffer.concat(Array.from({ length: 65_536 }, () => Buffer.from(`${head}\n`)))));
});

test('a begun line is flushed as partial, without a broken character, and then goes on', () => {
  const encoder = new RecordEncoder('web.0', 'out');
  const euro = Buffer.from('€');
  encoder.encode(Buffer.concat([Buffer.from('prompt '), euro.subarray(0, 2)]), time);
  assert.equal(encoder.flush(time).toString(), `${partialHead}prompt \n`);
  assert.equal(encoder.pending, 2);
  assert.equal(encoder.flush(time).length, 0);
  assert.equal(
    encoder.encode(Buffer.concat([euro.subarray(2), Buffer.from(' yes\n')]), time).toString(),
    `${head}€ yes\n`,
  );
  assert.equal(encoder.end(time).length, 0);
});

test('the end of the stream ends a line that was flushed', () => {
  const encoder = new RecordEncoder('web.0', 'out');
  encoder.encode(Buffer.from('prompt'), time);
  encoder.flush(time);
  assert.equal(encoder.end(time).toString(), `${head}\n`);
});

test('who leaves writes down all that it has', () => {
  const encoder = new RecordEncoder('web.0', 'out');
  const euro = Buffer.from('€');
  encoder.encode(euro.subarray(0, 2), time);
  assert.deepEqual(encoder.leave(time), Buffer.concat([partialHead, euro.subarray(0, 2), Buffer.from('\n')]));
});

test('records are read as they were written', () => {
  const texts = fc.string({ unit: 'grapheme' }).filter((text) => !text.includes('\n'));
  fc.assert(
    fc.property(
      texts,
      fc.constantFrom('out' as const, 'err' as const),
      fc.boolean(),
      (text, stream, partial) => {
        const record: LogRecord = { time, instance: 'web.0', stream, partial, text };
        const line = Buffer.from(encodeRecord(record));
        assert.deepEqual(parseRecord(line.subarray(0, -1)), record);
      },
    ),
  );
});

test('what is not a record is not read as one', () => {
  const lines = [
    '',
    'hello',
    time,
    `${time} web.0`,
    `${time} web.0 out`,
    `${time} web.0 oops x`,
    `${time} web.0 out! x`,
    `x${time} web.0 out x`,
  ];
  for (const line of lines) assert.equal(parseRecord(Buffer.from(line)), undefined, line);
});
