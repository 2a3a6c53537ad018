/**
 * Headers of tar archives: ustar and pax as in POSIX.1-2001 (pax, "ustar Interchange Format" and "pax Extended Header"), and what GNU
 * tar writes for long names (tar(5) of libarchive). Strict: what is not understood is an error.
 */
import { HoldfastError } from '../../../errors.ts';

export const BLOCK = 512;

export interface TarHeader {
  readonly name: string;
  /** One character; see POSIX. */
  readonly type: string;
  readonly mode: number;
  /** Bytes of what follows, without padding. */
  readonly size: number;
  readonly linkName: string;
}

/** Null for a block of zeros, which ends an archive. */
export function parseHeader(block: Buffer): TarHeader | null {
  const stored = number(block, 148, 8);
  let sum = 0;
  let content = 0;
  for (const [at, byte] of block.entries()) {
    sum += at >= 148 && at < 156 ? 0x20 : byte;
    content |= byte;
  }
  if (content === 0) return null;
  if (sum !== stored) throw damaged('a header has a wrong checksum');
  const ustar = block.toString('latin1', 257, 262) === 'ustar';
  // GNU has other fields in the place of the prefix.
  const prefix = ustar && block[262] === 0 ? text(block, 345, 155) : '';
  const name = text(block, 0, 100);
  return {
    name: prefix === '' ? name : `${prefix}/${name}`,
    type: String.fromCharCode(block[156] ?? 0),
    mode: number(block, 100, 8),
    size: number(block, 124, 12),
    linkName: text(block, 157, 100),
  };
}

/** Records of a pax header: `<length> <key>=<value>\n`, length of all of it in bytes. */
export function parsePax(bytes: Buffer): Map<string, string> {
  const records = new Map<string, string>();
  for (let at = 0; at < bytes.length; ) {
    const space = bytes.indexOf(0x20, at);
    const length = Number(bytes.toString('latin1', at, space));
    const end = at + length;
    const record = bytes.subarray(space + 1, end - 1);
    const equals = record.indexOf(0x3d);
    const whole = space > at && Number.isInteger(length) && end <= bytes.length && bytes[end - 1] === 0x0a;
    if (!whole || equals < 1) throw damaged('a pax header cannot be read');
    records.set(utf8(record.subarray(0, equals)), utf8(record.subarray(equals + 1)));
    at = end;
  }
  return records;
}

/** @throws HoldfastError SOURCE_INVALID when it is not UTF-8 */
export function utf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    const shown = Buffer.from(bytes).toString('latin1');
    throw damaged(`the name ${JSON.stringify(shown)} is not in UTF-8: rename it`);
  }
}

export function damaged(why: string): HoldfastError {
  return new HoldfastError('SOURCE_INVALID', `Cannot read the archive: ${why}`);
}

function text(block: Buffer, from: number, length: number): string {
  const field = block.subarray(from, from + length);
  const end = field.indexOf(0);
  return utf8(end === -1 ? field : field.subarray(0, end));
}

/** Octal digits, or big-endian binary where the first bit is set (GNU, for what is 8 GB and larger). */
function number(block: Buffer, from: number, length: number): number {
  const field = block.subarray(from, from + length);
  const first = field[0] ?? 0;
  if (first >= 0x80) {
    const value = field.subarray(1).reduce((sum, byte) => sum * 256 + byte, first & 0x7f);
    if (!Number.isSafeInteger(value)) throw damaged('a number is too large');
    return value;
  }
  const digits = field
    .toString('latin1')
    .replace(/[\0 ]+$/, '')
    .trimStart();
  if (!/^[0-7]*$/.test(digits)) throw damaged('a number in a header cannot be read');
  return Number.parseInt(digits || '0', 8);
}
