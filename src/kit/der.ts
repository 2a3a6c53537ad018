/** As much of DER (X.690) as certificates and what is asked about them need: written whole, and read one element at a time. */

export type Der = Buffer;

const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  oid: 0x06,
  utf8String: 0x0c,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const;

export function sequence(...parts: readonly Der[]): Der {
  return element(TAG.sequence, ...parts);
}

export function setOf(part: Der): Der {
  return element(TAG.set, part);
}

/** A context-specific tag around its content: `[0]`, `[1]` … */
export function tagged(number: number, ...parts: readonly Der[]): Der {
  return element(0xa0 + number, ...parts);
}

/** An implicit tag of a string, such as the dNSName of a GeneralName. */
export function taggedText(number: number, text: string): Der {
  return element(0x80 + number, Buffer.from(text, 'ascii'));
}

export function boolean(value: boolean): Der {
  return element(TAG.boolean, Buffer.from([value ? 0xff : 0]));
}

/** A number that is not negative, as its bytes with the highest first. */
export function integer(bytes: Uint8Array): Der {
  const first = bytes.findIndex((byte) => byte !== 0);
  const significant = first === -1 ? Buffer.from([0]) : Buffer.from(bytes.subarray(first));
  const isHigh = (significant[0] ?? 0) >= 0x80;
  return element(TAG.integer, isHigh ? Buffer.concat([Buffer.from([0]), significant]) : significant);
}

export function bitString(content: Uint8Array): Der {
  return element(TAG.bitString, Buffer.from([0]), content);
}

export function nothing(): Der {
  return element(TAG.null);
}

export function octetString(content: Uint8Array): Der {
  return element(TAG.octetString, content);
}

export function utf8String(text: string): Der {
  return element(TAG.utf8String, Buffer.from(text, 'utf8'));
}

/** @param ms since the epoch */
export function time(ms: number): Der {
  const text = new Date(ms).toISOString().replace(/[-:T]|\.\d+/g, '');
  return element(TAG.generalizedTime, Buffer.from(text, 'ascii'));
}

/** Such as `2.5.29.17`. */
export function oid(dotted: string): Der {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  return element(TAG.oid, Buffer.from([first * 40 + second, ...rest.flatMap(base128)]));
}

function base128(value: number): number[] {
  const digits = [value & 0x7f];
  for (let left = value >> 7; left > 0; left >>= 7) digits.unshift((left & 0x7f) | 0x80);
  return digits;
}

function element(tag: number, ...parts: readonly Uint8Array[]): Der {
  const content = Buffer.concat(parts);
  return Buffer.concat([Buffer.from([tag]), lengthOf(content.length), content]);
}

function lengthOf(length: number): Buffer {
  if (length < 0x80) return Buffer.from([length]);
  const bytes: number[] = [];
  for (let left = length; left > 0; left >>= 8) bytes.unshift(left & 0xff);
  return Buffer.from([0x80 | bytes.length, ...bytes]);
}

export interface Element {
  readonly tag: number;
  readonly content: Buffer;
  /** With its tag and length: what is signed, or compared as a whole. */
  readonly raw: Buffer;
}

/** The elements that follow one another in `bytes`; a damaged end is left out. */
export function elements(bytes: Buffer): Element[] {
  const found: Element[] = [];
  let at = 0;
  while (at + 2 <= bytes.length) {
    const tag = bytes.readUInt8(at);
    const short = bytes.readUInt8(at + 1);
    const extra = short < 0x80 ? 0 : short & 0x7f;
    // 0x80 has no length at all, which only BER allows.
    if (short === 0x80 || extra > 4 || at + 2 + extra > bytes.length) break;
    const length = extra === 0 ? short : bytes.readUIntBE(at + 2, extra);
    const start = at + 2 + extra;
    if (start + length > bytes.length) break;
    const content = bytes.subarray(start, start + length);
    found.push({ tag, content, raw: bytes.subarray(at, start + length) });
    at = start + length;
  }
  return found;
}

/** The elements of a constructed one; none of nothing. */
export function inside(element: Element | undefined): Element[] {
  return element ? elements(element.content) : [];
}

/** Such as `2.5.29.17`. */
export function isOid(element: Element | undefined, dotted: string): boolean {
  return element?.raw.equals(oid(dotted)) === true;
}

/** In ms since the epoch; undefined for what is no GeneralizedTime in UTC. */
export function readTime(element: Element | undefined): number | undefined {
  if (element?.tag !== TAG.generalizedTime) return undefined;
  const text = element.content.toString('latin1');
  const parts = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/.exec(text);
  if (!parts) return undefined;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts.slice(1).map(Number);
  return Date.UTC(year, month - 1, day, hour, minute, second);
}
