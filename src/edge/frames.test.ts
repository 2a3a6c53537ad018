import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { closeFrame, FrameTracker } from './frames.ts';

function frame(opcode: number, size: number, masked: boolean): Buffer {
  const head = [0x80 | opcode];
  const mask = masked ? 0x80 : 0;
  if (size < 126) head.push(mask | size);
  else if (size < 65_536) head.push(mask | 126, size >> 8, size & 255);
  else head.push(mask | 127, 0, 0, 0, 0, size >>> 24, (size >>> 16) & 255, (size >>> 8) & 255, size & 255);
  if (masked) head.push(1, 2, 3, 4);
  return Buffer.concat([Buffer.from(head), Buffer.alloc(size, 0x88)]);
}

const frames = fc.array(
  fc.record({
    opcode: fc.constantFrom(0, 1, 2, 9, 10),
    size: fc.oneof(fc.nat(130), fc.constantFrom(125, 126, 127, 65_535, 65_536)),
    masked: fc.boolean(),
  }),
  { minLength: 1, maxLength: 6 },
);

test('the borders of frames are found, in whatever pieces the bytes come', () => {
  fc.assert(
    fc.property(frames, fc.array(fc.integer({ min: 1, max: 70_000 }), { minLength: 1 }), (list, sizes) => {
      const bytes = Buffer.concat(list.map(({ opcode, size, masked }) => frame(opcode, size, masked)));
      const borders = new Set([0]);
      let end = 0;
      for (const { opcode, size, masked } of list) {
        end += frame(opcode, size, masked).length;
        borders.add(end);
      }
      const tracker = new FrameTracker();
      for (let at = 0, i = 0; at < bytes.length; i++) {
        const to = Math.min(bytes.length, at + (sizes[i % sizes.length] as number));
        assert.equal(tracker.feed(bytes, at, to), to);
        assert.equal(tracker.atBoundary, borders.has(to));
        at = to;
      }
      assert.equal(tracker.closed, false);
    }),
  );
});

test('with `stop` it goes to the end of the frame that has begun, and no further', () => {
  const bytes = Buffer.concat([frame(1, 10, true), frame(8, 2, true)]);
  const tracker = new FrameTracker();
  tracker.feed(bytes, 0, 5);
  assert.equal(tracker.feed(bytes, 5, bytes.length, true), 16);
  assert.equal(tracker.feed(bytes, 16, bytes.length, true), 16);
  tracker.feed(bytes, 16, bytes.length);
  assert.equal(tracker.closed, true);
});

test('a Close frame is one, masked or not', () => {
  for (const masked of [false, true]) {
    const bytes = Buffer.from(closeFrame(1012, masked), 'latin1');
    const tracker = new FrameTracker();
    tracker.feed(bytes, 0, bytes.length);
    assert.deepEqual([tracker.closed, tracker.atBoundary], [true, true]);
    assert.equal(bytes.readUInt16BE(bytes.length - 2), 1012);
  }
});
