/** Frames are the same, in whatever pieces they come. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FrameReader } from './frame-reader.ts';
import { frameHead } from './frame-writer.ts';

function read(bytes: Buffer, cuts: readonly number[]): string[] {
  const seen: string[] = [];
  let body = '';
  const reader = new FrameReader({
    onFrame(type, flags, stream, buffer, from, to) {
      seen.push(`${type} ${flags} ${stream} ${buffer.toString('hex', from, to)}`);
      return true;
    },
    onData(stream, size, begins, ends, endStream, buffer, from, to) {
      body = (begins ? '' : body) + buffer.toString('hex', from, to);
      if (ends) seen.push(`data ${stream} ${size} ${endStream} ${body}`);
      return true;
    },
    onTooLarge: () => seen.push('too large'),
  });
  let at = 0;
  for (const cut of [...cuts].sort((a, b) => a - b)) {
    const end = Math.min(cut, bytes.length);
    // In a buffer that is somebody else's behind the call.
    const piece = Buffer.from(bytes.subarray(at, end));
    reader.feed(piece, 0, piece.length);
    piece.fill(0xee);
    at = end;
  }
  return seen;
}

const frames = fc.array(
  fc
    .tuple(
      fc.constantFrom(0, 0, 1, 4, 6, 9, 77),
      fc.nat(255),
      fc.nat(2 ** 31 - 1),
      fc.uint8Array({ maxLength: 60 }),
    )
    .map(([type, flags, stream, payload]) =>
      Buffer.concat([Buffer.from(frameHead(payload.length, type, flags, stream), 'latin1'), payload]),
    ),
  { maxLength: 8 },
);

test('frames may come in any pieces', () => {
  fc.assert(
    fc.property(frames, fc.array(fc.nat(400)), (list, cuts) => {
      const bytes = Buffer.concat(list);
      const whole = read(bytes, [bytes.length]);
      assert.equal(whole.length, list.length);
      assert.deepEqual(read(bytes, [...cuts, bytes.length]), whole);
      assert.deepEqual(
        read(
          bytes,
          Array.from({ length: bytes.length }, (_, i) => i + 1),
        ),
        whole,
      );
    }),
    { numRuns: 300 },
  );
});
