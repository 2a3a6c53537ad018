/** Writes PROXY headers, version 1 and 2, for servers that want to know the client. Pure. */
import { isIPv4, isIPv6 } from 'node:net';
import type { Client } from '../forwarded.ts';
import type { Ends } from './ends.ts';
import { SIGNATURE_V2 } from './read.ts';

/**
 * The header as latin1.
 * @param ends undefined, or with addresses that are none: the edge speaks for itself
 */
export function proxyHeader(version: 'v1' | 'v2', ends: Ends | undefined): string {
  const isKnown = ends !== undefined && isIp(ends.ip) && isIp(ends.localIp);
  if (version === 'v1') return isKnown ? lineOf(ends) : 'PROXY UNKNOWN\r\n';
  return (isKnown ? binaryOf(ends) : Buffer.concat([SIGNATURE_V2, Buffer.from([0x20, 0, 0, 0])])).toString(
    'latin1',
  );
}

/** The client of a request, as a PROXY header tells of it: its port is known only if it is connected to us. */
export function endsOfClient({ ip, peer }: Client): Ends {
  const { port, localIp = '', localPort } = peer;
  return { ip, port: ip === peer.ip ? port : 0, localIp, localPort };
}

function isIp(text: string): boolean {
  return isIPv4(text) || isIPv6(text);
}

/** Both addresses must be of one family: where they are not, the one of IPv4 is written as one of IPv6 (RFC 4291 section 2.5.5.2). */
function inOneFamily({ ip, localIp }: Ends): readonly [ip: string, localIp: string, family: 4 | 6] {
  if (isIPv4(ip) && isIPv4(localIp)) return [ip, localIp, 4];
  const wide = (text: string) => (isIPv4(text) ? `::ffff:${text}` : text);
  return [wide(ip), wide(localIp), 6];
}

function lineOf(ends: Ends): string {
  const [ip, localIp, family] = inOneFamily(ends);
  return `PROXY TCP${family} ${ip} ${localIp} ${ends.port} ${ends.localPort}\r\n`;
}

function binaryOf(ends: Ends): Buffer {
  const [ip, localIp, family] = inOneFamily(ends);
  const addresses = [bytesOf(ip), bytesOf(localIp)];
  const tail = Buffer.alloc(4);
  tail.writeUInt16BE(ends.port, 0);
  tail.writeUInt16BE(ends.localPort, 2);
  const head = Buffer.from([0x21, family === 4 ? 0x11 : 0x21, 0, family === 4 ? 12 : 36]);
  return Buffer.concat([SIGNATURE_V2, head, ...addresses, tail]);
}

function bytesOf(ip: string): Buffer {
  if (isIPv4(ip)) return Buffer.from(ip.split('.').map(Number));
  // A scope (`fe80::1%eth0`) is of no use to others.
  const groups = new URL(`http://[${ip.replace(/%.*$/, '')}]`).hostname.slice(1, -1);
  const [before = '', after] = groups.split('::');
  const front = before === '' ? [] : before.split(':');
  const back = after ? after.split(':') : [];
  const middle = Array.from({ length: 8 - front.length - back.length }, () => '0');
  const bytes = Buffer.alloc(16);
  [...front, ...middle, ...back].forEach((group, i) => {
    bytes.writeUInt16BE(Number.parseInt(group, 16), 2 * i);
  });
  return bytes;
}
