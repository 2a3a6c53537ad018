/** Where requests come in: listen addresses, hosts, path prefixes, trusted peers. */
import { isIP, isIPv6 } from 'node:net';
import { domainToASCII } from 'node:url';
import { isWholeNumber, kind, Refusal } from './kinds.ts';
import type { ListenPlan } from './plan.ts';
import { show } from './show.ts';

/** How an address to listen at is written. */
export const listenForm = {
  title: 'port or "host:port"',
  expected: 'a port from 1 to 65535, or "host:port"',
  json: {
    anyOf: [
      { type: 'integer', minimum: 1, maximum: 65535 },
      { type: 'string', pattern: ':\\d{1,5}$' },
    ],
  },
} as const;

/** `80`, `"127.0.0.1:8080"`, `"[::1]:80"`, `"*:80"`. */
export const listenAddress = kind<number | string, ListenPlan>({
  ...listenForm,
  read(input) {
    if (isWholeNumber(input, 1, 65535)) return { host: null, port: input };
    const match =
      typeof input === 'string' ? /^(?:(\*|[^:[\]\s]+|\[[^\]]+\]):)?(\d{1,5})$/.exec(input) : null;
    const port = Number(match?.[2]);
    if (!match || !isWholeNumber(port, 1, 65535)) return undefined;
    const host = match[1]?.replace(/^\[|\]$/g, '');
    if (host === undefined || host === '*') return { host: null, port };
    return isHost(host) ? { host: host.toLowerCase(), port } : undefined;
  },
});

function isHost(text: string): boolean {
  return isIP(text) !== 0 || isDomain(text);
}

function isDomain(text: string): boolean {
  const label = /^(?!-)[a-z0-9_-]{1,63}(?<!-)$/i;
  return text.length <= 253 && text.split('.').every((part) => label.test(part));
}

/**
 * A site's host as requests name it: lower case, in its ASCII form, no port. `*` is every host that no other site
 * names, `*.example.com` every host below example.com.
 */
export function canonicalHost(text: string): string | Refusal {
  const bare = text.replace(/^[a-z]+:\/\//i, '').replace(/\/.*$/, '');
  if (bare !== text) return new Refusal(`must be a host without scheme and path, such as ${show(bare)}`);
  if (text === '*') return text;
  const wildcard = text.startsWith('*.') ? '*.' : '';
  const rest = text.slice(wildcard.length);
  const address = rest.replace(/^\[|\]$/g, '');
  if (isIPv6(address)) return wildcard === '' ? `[${address.toLowerCase()}]` : refuseHost(text);
  const withPort = /^(.+):\d+$/.exec(text);
  if (withPort) {
    return new Refusal(
      `must be a host without a port, such as ${show(withPort[1])}: the port belongs in listen.http`,
    );
  }
  // domainToASCII tolerates what no Host field may carry (such as blanks, which it encodes), hence the look before.
  const ascii = /[\s/\\?#@%*:[\]]/.test(rest) ? '' : domainToASCII(rest).toLowerCase();
  return ascii !== '' && isDomain(ascii) ? wildcard + ascii : refuseHost(text);
}

function refuseHost(text: string): Refusal {
  return new Refusal(`must be a host such as "example.com", "*.example.com" or "*": got ${show(text)}`);
}

export const siteHost = kind<string>({
  title: 'host',
  expected: 'a host such as "example.com"',
  json: { type: 'string', minLength: 1 },
  read(input) {
    const host = canonicalHost(String(input));
    return host instanceof Refusal ? host : String(input);
  },
});

/**
 * The one form in which the edge compares paths (RFC 3986, 6.2.2): escapes in upper case, unreserved characters not
 * escaped; no dot segments, no empty ones.
 */
export function canonicalPrefix(text: string): string | Refusal {
  const got = `got ${show(text)}`;
  if (!text.startsWith('/')) return new Refusal(`must be a path that starts with "/": ${got}`);
  if (/[?#]/.test(text)) return new Refusal(`must be a path without query and fragment: ${got}`);
  if (/%(?![0-9a-f]{2})/i.test(text) || /\p{Surrogate}/u.test(text)) {
    return new Refusal(`must be a path with valid escapes: ${got}`);
  }
  const unescaped = text.replace(/%([0-9a-f]{2})/gi, (escaped, hex: string) => {
    const character = String.fromCharCode(Number.parseInt(hex, 16));
    return /[A-Za-z0-9._~-]/.test(character) ? character : escaped.toUpperCase();
  });
  if (unescaped.split(/\/|%2F|%5C/).some((segment) => /^\.\.?(;|%3B|$)/.test(segment))) {
    return new Refusal(`must be a path without "." and ".." in it: ${got}`);
  }
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  if (/\/\/|\\|[\x00-\x1f\x7f]|%00/.test(unescaped)) {
    return new Refusal(`must be a path without "//", "\\" and control characters: ${got}`);
  }
  // What browsers send unescaped, the edge leaves so.
  return unescaped.replace(/[^A-Za-z0-9\-._~!$&'()*+,;=:@/%[\]|^]+/g, encodeURIComponent);
}

export const routePrefix = kind<string>({
  title: 'path prefix',
  expected: 'a path such as "/"',
  json: { type: 'string', pattern: '^/' },
  read(input) {
    const prefix = canonicalPrefix(String(input));
    return prefix instanceof Refusal ? prefix : String(input);
  },
});

/** An IP address or a network in CIDR notation (RFC 4632). */
export const peer = kind<string>({
  title: 'IP address or CIDR',
  expected: 'an IP address or a network such as "10.0.0.0/8"',
  json: { type: 'string', minLength: 1 },
  read(input) {
    if (typeof input !== 'string') return undefined;
    const [address = '', bits, ...rest] = input.split('/');
    const version = isIP(address);
    if (version === 0 || address.includes('%') || rest.length > 0) return undefined;
    if (bits === undefined) return input;
    const isBits = /^\d{1,3}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128);
    return isBits ? input : undefined;
  },
});
