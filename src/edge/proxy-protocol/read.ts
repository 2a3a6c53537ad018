/**
 * Reads a PROXY header, version 1 or 2, as HAProxy's "The PROXY protocol" specifies it (sections 2.1 and 2.2), strictly. Pure.
 */
import { isIPv4, isIPv6 } from 'node:net';
import { plainIp } from '../forwarded.ts';
import type { Ends } from './ends.ts';

export interface ProxyHeader {
  /** Undefined: the sender speaks for itself (LOCAL), or does not know (UNKNOWN); the peer is the client then. */
  readonly ends: Ends | undefined;
  /** Bytes of the header; what follows is the client's. */
  readonly size: number;
}

/** "\r\n\r\n\0\r\nQUIT\n", which no other protocol begins with. */
export const SIGNATURE_V2 = Buffer.from('0d0a0d0a000d0a515549540a', 'hex');
/** The specification's own limit of a line, CRLF included. */
const V1_MAX = 107;
const V2_HEAD = 16;
/** Addresses of unix sockets are 216 bytes; the rest is for what senders add (TLVs), which nobody here reads. */
const V2_MAX = 4096;
const V1_START = Buffer.from('PROXY ', 'latin1');

/** @param bytes of the connection, from its first one on */
export function readProxyHeader(bytes: Buffer): ProxyHeader | 'more' | 'malformed' {
  if (startsLike(bytes, SIGNATURE_V2)) return bytes.length < V2_HEAD ? 'more' : readV2(bytes);
  if (startsLike(bytes, V1_START)) return readV1(bytes);
  return 'malformed';
}

function startsLike(bytes: Buffer, start: Buffer): boolean {
  const size = Math.min(bytes.length, start.length);
  return bytes.compare(start, 0, size, 0, size) === 0;
}

function readV1(bytes: Buffer): ProxyHeader | 'more' | 'malformed' {
  const text = bytes.toString('latin1', 0, V1_MAX);
  const end = text.indexOf('\r\n');
  if (end < 0) return text.length === V1_MAX || text.includes('\n') ? 'malformed' : 'more';
  const line = text.slice(0, end);
  const size = end + 2;
  if (line === 'PROXY UNKNOWN' || line.startsWith('PROXY UNKNOWN ')) return { ends: undefined, size };
  const [, family, ip = '', localIp = '', port = '', localPort = '', ...more] = line.split(' ');
  const isIp = family === 'TCP4' ? isIPv4 : family === 'TCP6' ? isIPv6 : undefined;
  if (!isIp?.(ip) || !isIp(localIp) || !isPort(port) || !isPort(localPort) || more.length > 0)
    return 'malformed';
  return {
    ends: {
      ip: plainIp(ip.toLowerCase()),
      port: Number(port),
      localIp: plainIp(localIp.toLowerCase()),
      localPort: Number(localPort),
    },
    size,
  };
}

function isPort(text: string): boolean {
  return /^(?:0|[1-9][0-9]{0,4})$/.test(text) && Number(text) <= 65_535;
}

const LOCAL = 0x20;
const PROXY = 0x21;
/** Address family and transport, in one byte. */
const UNSPECIFIED = 0x00;
const TCP4 = 0x11;
const TCP6 = 0x21;
const UNIX_STREAM = 0x31;

function readV2(bytes: Buffer): ProxyHeader | 'more' | 'malformed' {
  const command = bytes.readUInt8(12);
  const kind = bytes.readUInt8(13);
  const length = bytes.readUInt16BE(14);
  const size = V2_HEAD + length;
  if ((command !== LOCAL && command !== PROXY) || size > V2_MAX) return 'malformed';
  const isKnown = kind === UNSPECIFIED || kind === TCP4 || kind === TCP6 || kind === UNIX_STREAM;
  if (command === PROXY && (!isKnown || length < addressBytes(kind))) return 'malformed';
  if (bytes.length < size) return 'more';
  if (command === LOCAL || (kind !== TCP4 && kind !== TCP6)) return { ends: undefined, size };
  const width = kind === TCP4 ? 4 : 16;
  const ports = V2_HEAD + 2 * width;
  const ends = {
    ip: address(bytes.subarray(V2_HEAD, V2_HEAD + width)),
    port: bytes.readUInt16BE(ports),
    localIp: address(bytes.subarray(V2_HEAD + width, ports)),
    localPort: bytes.readUInt16BE(ports + 2),
  };
  return { ends, size };
}

function addressBytes(kind: number): number {
  if (kind === TCP4) return 12;
  if (kind === TCP6) return 36;
  return kind === UNIX_STREAM ? 216 : 0;
}

/** The text of an address, the way Node writes those of sockets. */
function address(bytes: Buffer): string {
  if (bytes.length === 4) return bytes.join('.');
  const groups = Array.from({ length: 8 }, (_, i) => bytes.readUInt16BE(2 * i).toString(16)).join(':');
  const mapped = /^0:0:0:0:0:ffff:/.test(groups);
  // The URL parser knows the canonical form (RFC 5952).
  return mapped ? bytes.subarray(12).join('.') : new URL(`http://[${groups}]`).hostname.slice(1, -1);
}
