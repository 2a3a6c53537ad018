/** Host names and addresses as a proxy meets them: in one form, and which of them are public. */
import { BlockList, isIP, isIPv4, isIPv6 } from 'node:net';

/** What is on the public internet ends here: IANA's special-purpose registries (RFC 6890), and multicast. */
const special = new BlockList();
for (const network of [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/3',
  '2001::/23',
  '2001:db8::/32',
  // 6to4 carries an IPv4 address, which nobody has looked at.
  '2002::/16',
  '3fff::/20',
]) {
  const [address = '', bits] = network.split('/');
  special.addSubnet(address, Number(bits), familyOf(address));
}

/** Global unicast, RFC 4291. All other IPv6 is local in some way. */
const globalV6 = new BlockList();
globalV6.addSubnet('2000::', 3, 'ipv6');

/** The prefix of RFC 6052, behind which IPv6-only networks see IPv4. */
const nat64 = new BlockList();
nat64.addSubnet('64:ff9b::', 96, 'ipv6');

export function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIPv6(address) ? 'ipv6' : 'ipv4';
}

/** `::ffff:10.0.0.1` is 10.0.0.1 to the kernel, and so to us; other addresses in the short lower-case form. */
export function canonicalAddress(address: string): string {
  if (!isIPv6(address)) return address;
  const bare = address.replace(/%.*$/, '');
  const short = new URL(`http://[${bare}]`).hostname.slice(1, -1);
  const mapped = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(short);
  return mapped ? lowAddress(mapped[1], mapped[2]) : short;
}

/** A public address that a name may lead to: not this machine, not its network, not the metadata of a cloud. */
export function isPublic(address: string): boolean {
  const canonical = canonicalAddress(address);
  if (isIPv4(canonical)) return !special.check(canonical, 'ipv4');
  if (!isIPv6(canonical)) return false;
  if (nat64.check(canonical, 'ipv6')) {
    const low = /(?:([0-9a-f]{1,4}):)?([0-9a-f]{1,4})$/.exec(canonical.replace(/^64:ff9b::/, ''));
    return low !== null && isPublic(lowAddress(low[1], low[2]));
  }
  return globalV6.check(canonical, 'ipv6') && !special.check(canonical, 'ipv6');
}

/** The last 32 bits of an IPv6 address as an IPv4 address. */
function lowAddress(high = '0', low = '0'): string {
  const [a, b] = [Number.parseInt(high, 16), Number.parseInt(low, 16)];
  return `${a >> 8}.${a & 255}.${b >> 8}.${b & 255}`;
}

const NAME =
  /^(?=.{1,253}$)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/;

export interface Destination {
  /** A name in lower case without a dot at its end, or an address without brackets. */
  readonly host: string;
  readonly port: number;
}

/**
 * `host:port` as CONNECT has it, undefined for what is none. Numbers that only the C library takes for addresses, such as
 * `0x7f.1` or `2130706433`, are none: two readers could take them for different ones.
 */
export function parseAuthority(text: string, defaultPort?: number): Destination | undefined {
  const match = /^(?:\[([0-9A-Fa-f:.]+)\]|([^:[\]/?#@\s]+))(?::([0-9]{1,5}))?$/.exec(text);
  if (!match) return undefined;
  const port = match[3] === undefined ? defaultPort : Number(match[3]);
  if (port === undefined || port < 1 || port > 65_535) return undefined;
  if (match[1] !== undefined)
    return isIPv6(match[1]) ? { host: canonicalAddress(match[1]), port } : undefined;
  const host = (match[2] ?? '').toLowerCase().replace(/\.$/, '');
  if (isIPv4(host)) return { host, port };
  // A name's last label is never a number (RFC 3696 section 2).
  if (!NAME.test(host) || /(?:^|\.)(?:[0-9]+|0x[0-9a-f]*)$/.test(host)) return undefined;
  return { host, port };
}

export function describeDestination({ host, port }: Destination): string {
  return isIP(host) === 6 ? `[${host}]:${port}` : `${host}:${port}`;
}
