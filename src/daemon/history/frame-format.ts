/**
 * How frames are written: `length crc body`, all numbers little-endian. Body: tier (u8), number (u32), rows (u16), and of each row its name
 * (u8 length, UTF-8), a bit for each measure that it has (u16), and these (f32 each).
 */
import { crc32 } from 'node:zlib';
import type { Measure } from '../../protocol/history.ts';
import { MEASURES, type Row } from './measures.ts';
import type { Frame } from './recorder.ts';

const HEAD_BYTES = 8;
/** More than all series together can have. */
const MOST_BODY_BYTES = 1024 * 1024;

export function encodeFrame({ tier, number, rows }: Frame): Buffer {
  const parts: Buffer[] = [];
  for (const [name, row] of rows) {
    const text = Buffer.from(name).subarray(0, 255);
    const has = MEASURES.filter((measure) => Number.isFinite(row[measure] ?? Number.NaN));
    const part = Buffer.alloc(1 + text.length + 2 + 4 * has.length);
    part.writeUInt8(text.length, 0);
    text.copy(part, 1);
    part.writeUInt16LE(
      has.reduce((bits, measure) => bits | (1 << MEASURES.indexOf(measure)), 0),
      1 + text.length,
    );
    for (const [i, measure] of has.entries()) part.writeFloatLE(row[measure] ?? 0, 3 + text.length + 4 * i);
    parts.push(part);
  }
  const head = Buffer.alloc(7);
  head.writeUInt8(tier, 0);
  head.writeUInt32LE(number, 1);
  head.writeUInt16LE(rows.size, 5);
  const body = Buffer.concat([head, ...parts]);
  const frame = Buffer.alloc(HEAD_BYTES);
  frame.writeUInt32LE(body.length, 0);
  frame.writeUInt32LE(crc32(body), 4);
  return Buffer.concat([frame, body]);
}

export interface Decoded {
  readonly frames: readonly Frame[];
  /** What comes after these is none. A frame that is cut short at the end is not damage: whoever wrote it was killed. */
  readonly isDamaged: boolean;
}

export function decodeFrames(bytes: Buffer): Decoded {
  const frames: Frame[] = [];
  let at = 0;
  while (at + HEAD_BYTES <= bytes.length) {
    const length = bytes.readUInt32LE(at);
    if (length > MOST_BODY_BYTES) return { frames, isDamaged: true };
    const end = at + HEAD_BYTES + length;
    if (end > bytes.length) break;
    const body = bytes.subarray(at + HEAD_BYTES, end);
    const frame = crc32(body) === bytes.readUInt32LE(at + 4) ? decoded(body) : undefined;
    if (!frame) return { frames, isDamaged: true };
    frames.push(frame);
    at = end;
  }
  return { frames, isDamaged: false };
}

function decoded(body: Buffer): Frame | undefined {
  try {
    const rows = new Map<string, Row>();
    let at = 7;
    for (let n = body.readUInt16LE(5); n > 0; n--) {
      const start = at + 1;
      const end = start + body.readUInt8(at);
      const name = body.toString('utf8', start, end);
      const bits = body.readUInt16LE(end);
      at = end + 2;
      const row: { [M in Measure]?: number } = {};
      for (const [i, measure] of MEASURES.entries()) {
        if ((bits & (1 << i)) === 0) continue;
        row[measure] = body.readFloatLE(at);
        at += 4;
      }
      rows.set(name, row);
    }
    return { tier: body.readUInt8(0), number: body.readUInt32LE(1), rows };
  } catch {
    return undefined;
  }
}
