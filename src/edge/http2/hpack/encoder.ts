/**
 * Writes header fields (RFC 7541), their bytes as latin1, from the static table and as literals, without a dynamic table: so the
 * bytes of a field are the same on every connection, and heads that come again need not be written again.
 */
import { encodeHuffman, huffmanLength } from './huffman.ts';
import { staticFields, staticNames } from './static-table.ts';

/** The first thing that a peer has to be told: its table may go (section 4.2), whatever size it has allowed. */
export const NO_TABLE = '\x20';

/** Longer ones are seldom the same again. */
const REMEMBERED_LENGTH = 100;
const REMEMBERED_MAX = 1000;
/** Never to be remembered by anybody on the way (section 7.1.3). */
const secret = new Set(['set-cookie', 'cookie', 'authorization', 'proxy-authorization']);

let remembered = new Map<string, string>();

/** @param name in lower case */
export function encodeField(name: string, value: string): string {
  if (name.length + value.length > REMEMBERED_LENGTH || secret.has(name)) return encode(name, value);
  const key = `${name} ${value}`;
  let bytes = remembered.get(key);
  if (bytes === undefined) {
    bytes = encode(name, value);
    if (remembered.size === REMEMBERED_MAX) remembered = new Map();
    remembered.set(key, bytes);
  }
  return bytes;
}

function encode(name: string, value: string): string {
  const whole = staticFields.get(`${name} ${value}`);
  if (whole !== undefined) return number(whole, 7, 0x80);
  const flag = secret.has(name) ? 0x10 : 0;
  const index = staticNames.get(name);
  return (index === undefined ? number(0, 4, flag) + text(name) : number(index, 4, flag)) + text(value);
}

/** Section 5.1. */
function number(value: number, bits: number, flags: number): string {
  const mask = (1 << bits) - 1;
  if (value < mask) return String.fromCharCode(flags | value);
  let bytes = String.fromCharCode(flags | mask);
  let rest = value - mask;
  for (; rest >= 128; rest >>>= 7) bytes += String.fromCharCode((rest & 127) | 128);
  return bytes + String.fromCharCode(rest);
}

/** Section 5.2: in whichever way is shorter. */
function text(value: string): string {
  const coded = huffmanLength(value);
  if (coded >= value.length) return number(value.length, 7, 0) + value;
  return number(coded, 7, 0x80) + encodeHuffman(value);
}
