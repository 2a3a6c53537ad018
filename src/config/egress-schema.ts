/** What apps may connect to. */
import { isIP, isIPv4, isIPv6 } from 'node:net';
import { isAbsolute, normalize } from 'node:path';
import { domainToASCII } from 'node:url';
import { z } from 'zod';
import { described, optional, withDefault } from './describe.ts';
import { flag, isText, kind, port, Refusal } from './kinds.ts';
import { appName } from './names.ts';
import type { EgressPlan, EgressRule } from './plan.ts';
import type { Problem } from './problems.ts';
import { show } from './show.ts';
import { didYouMean } from './suggest.ts';

/**
 * `api.example.com:443`, `*.example.com`, `*:443`, `10.0.0.0/8:5432`, `[2001:db8::/32]:443`. Without a port: every port. An
 * address alone is a network of one.
 */
export function parseEgressRule(text: string): EgressRule | Refusal {
  const got = `got ${show(text)}`;
  if (text.includes('://')) {
    return new Refusal(
      `must be a host and a port without "http://" and path, such as "api.example.com:443": ${got}`,
    );
  }
  const match = /^(?:\[([^\]]+)\]|([^[\]]*?))(?::([0-9*]{1,5}))?$/.exec(text);
  const whole = isIPv6(text.replace(/\/\d+$/, ''));
  const written = whole ? text : (match?.[1] ?? match?.[2] ?? '');
  const port = whole || match?.[3] === undefined || match[3] === '*' ? null : Number(match[3]);
  if (port !== null && !(port >= 1 && port <= 65_535)) {
    return new Refusal(`must have a port from 1 to 65535: ${got}`);
  }
  const network = parseNetwork(written);
  if (network) return { ...network, port };
  if (written === '*') return { kind: 'host', host: '*', port };
  const wildcard = written.startsWith('*.') ? '*.' : '';
  const host = canonicalName(written.slice(wildcard.length));
  if (host !== undefined) return { kind: 'host', host: wildcard + host, port };
  return new Refusal(
    `must be a host such as "api.example.com:443", "*.example.com" or "*", or a network such as "10.0.0.0/8": ${got}`,
  );
}

function parseNetwork(text: string): Omit<EgressRule & { kind: 'network' }, 'port'> | undefined {
  const [address = '', bits, ...rest] = text.split('/');
  const most = isIPv4(address) ? 32 : 128;
  if (isIP(address) === 0 || address.includes('%') || rest.length > 0) return undefined;
  if (bits !== undefined && !/^\d{1,3}$/.test(bits)) return undefined;
  const length = bits === undefined ? most : Number(bits);
  return length > most ? undefined : { kind: 'network', address: address.toLowerCase(), bits: length };
}

/** As the proxy compares names: ASCII, lower case, no dot at the end. The last label of a name is never a number. */
function canonicalName(text: string): string | undefined {
  if (/[\s/\\?#@%*:[\]]/.test(text)) return undefined;
  const ascii = domainToASCII(text).toLowerCase().replace(/\.$/, '');
  const labels = ascii.split('.');
  if (ascii.length > 253 || /^(?:\d+|0x[0-9a-f]*)$/.test(labels.at(-1) ?? '')) return undefined;
  return labels.every((label) => /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/.test(label)) ? ascii : undefined;
}

export const egressRule = kind<string, EgressRule>({
  title: 'host:port',
  expected: 'a host such as "api.example.com:443", or a network such as "10.0.0.0/8"',
  json: { type: 'string', minLength: 1 },
  read: (input) => (typeof input === 'string' ? parseEgressRule(input) : undefined),
});

/** Beside it, another one is made with a longer name; see `man 7 unix` for the length of both. */
const LONGEST_SOCKET = 90;

const socket = kind<string | boolean, string | true | null>({
  title: 'true or path',
  expected: 'true, or the absolute path of a socket such as "/run/shop/egress.sock"',
  json: { anyOf: [{ type: 'boolean' }, { type: 'string', pattern: '^/' }] },
  read: (input) => {
    if (typeof input === 'boolean') return input || null;
    if (!isText(input) || !isAbsolute(input) || input.endsWith('/')) return undefined;
    const path = normalize(input);
    if (Buffer.byteLength(path) <= LONGEST_SOCKET) return path;
    return new Refusal(
      `must have at most ${LONGEST_SOCKET} bytes, which is what sockets can: got ${show(input)}`,
    );
  },
});

const egressShape = z.strictObject({
  observe: withDefault(flag, false, {
    says: 'Allow everything, and count it: `"observe"` with other settings beside it',
  }),
  port: optional(port, {
    says: 'Port of the proxy at 127.0.0.1, for programs that are told by hand where it is. Left out: one that is free, and then stays the same. Another port reloads the apps',
    example: 3128,
  }),
  socket: optional(socket, {
    says: 'A unix socket at which the proxy is found, too, by programs of the same user that can use one: `true` for `run/egress.sock` in the home, or an absolute path',
    example: true,
  }),
  allow: withDefault(z.array(egressRule), [], {
    says:
      'What every app of this file may connect to: `host:port`, `*.example.com` for everything below it, `*` for every name, ' +
      'an address or a network. Without a port: every port. Addresses that are not public (private networks, this machine, ' +
      'the metadata of clouds) must be named as an address or a network, also when a name leads there',
    example: ['api.stripe.com:443', '*.amazonaws.com:443', '10.0.3.0/24:5432'],
  }),
  apps: withDefault(
    z.record(appName, z.array(egressRule)),
    {},
    { says: 'What one app may connect to besides, by its name', example: { web: ['hooks.slack.com:443'] } },
  ),
});

const word = kind<'observe'>({
  title: '"observe"',
  expected: '"observe" or { allow: ["api.example.com:443"] }',
  json: { const: 'observe' },
  read: (input) => (input === 'observe' ? input : undefined),
});

export const egressSettings = described(z.union([word, egressShape]), {
  says:
    'What apps may connect to, through a proxy that counts it: `hold egress` shows who talks to where. ' +
    '`"observe"` allows everything. Left out: apps connect by themselves',
  example: { allow: ['api.stripe.com:443'] },
});

export type EgressSettings = z.output<typeof egressSettings>;

/** @param apps the names of all apps of the file */
export function completeEgress(
  settings: EgressSettings | undefined,
  apps: readonly string[],
  problems: Problem[],
): EgressPlan | null {
  if (settings === undefined) return null;
  if (settings === 'observe') return { observe: true, allow: [], apps: {}, port: null, socket: null };
  for (const name of Object.keys(settings.apps)) {
    if (apps.includes(name)) continue;
    const text = `must be the name of an app: there is none named ${show(name)}${didYouMean(name, apps)}`;
    problems.push({ path: ['egress', 'apps', name], text });
  }
  const { observe, allow, port = null, socket = null } = settings;
  if (observe && (allow.length > 0 || Object.keys(settings.apps).length > 0))
    problems.push({
      path: ['egress', 'observe'],
      text: 'allows everything: leave out allow and apps, or this',
    });
  return { observe, allow, apps: settings.apps, port, socket };
}
