/** The Host field and the authority of an absolute-form target (RFC 9110 section 7.2), in one strict shape. */
import { isIPv6 } from 'node:net';

const NAME = /^[A-Za-z0-9_-](?:[A-Za-z0-9._-]{0,253})(?::([0-9]{1,5}))?$/;
const ADDRESS = /^\[([0-9A-Fa-f:.]+)\](?::([0-9]{1,5}))?$/;

let lastHost = '';

/** A name, an IPv4 address or an IPv6 address in brackets, with or without a port. */
export function isHost(value: string): boolean {
  // Most requests name the host of the request before.
  if (value === lastHost) return value !== '';
  const valid = hasHostShape(value);
  if (valid) lastHost = value;
  return valid;
}

function hasHostShape(value: string): boolean {
  const name = NAME.exec(value);
  if (name) return name[1] === undefined || Number(name[1]) <= 65_535;
  const address = ADDRESS.exec(value);
  if (!address?.[1] || !isIPv6(address[1])) return false;
  return address[2] === undefined || Number(address[2]) <= 65_535;
}

/** The form by which sites are looked up: lower case, no port, no dot at the end. */
export function siteName(host: string): string {
  const bracket = host.lastIndexOf(']');
  const colon = host.indexOf(':', Math.max(bracket, 0));
  const name = (colon < 0 ? host : host.slice(0, colon)).toLowerCase();
  return name.endsWith('.') ? name.slice(0, -1) : name;
}
