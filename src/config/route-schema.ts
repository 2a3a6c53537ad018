/** Where the requests of a route go, and what holds for them. */
import { z } from 'zod';
import type { CheckRules } from '../protocol/traffic-rules.ts';
import { filesTarget } from './content-schema.ts';
import { described, optional, withDefault } from './describe.ts';
import { destination, destinationKey, parseDestination, type WrittenDestination } from './destination.ts';
import { choice, duration, flag, kind, Refusal, share, text, wholeNumber } from './kinds.ts';
import { loadShape } from './load-schema.ts';
import { probePath } from './probe-schema.ts';
import { upstreamRules } from './upstream-schema.ts';

const weight = kind<number>({
  title: 'weight',
  expected: 'a weight, a whole number from 0 to 1000000',
  json: { type: 'integer', minimum: 0, maximum: 1_000_000 },
  read: (input) => wholeNumber(0, 1_000_000).safeParse(input).data,
});

/** Somebody means weights who writes a number for one. Other objects are something else, and are told what. */
const withNumbers = kind<Readonly<Record<string, number>>>({
  title: 'object of weights',
  expected:
    'the name of an app, an address such as "http://host:port", or weights such as { web: 90, next: 10 }',
  json: {
    type: 'object',
    additionalProperties: { type: 'integer', minimum: 0, maximum: 1_000_000, title: 'weight' },
  },
  read(input) {
    if (typeof input !== 'object' || input === null || Array.isArray(input)) return undefined;
    return Object.values(input).some((value) => typeof value === 'number')
      ? (input as Record<string, number>)
      : undefined;
  },
});

export interface WrittenSplit {
  readonly kind: 'split';
  readonly parts: readonly {
    readonly to: WrittenDestination;
    readonly weight: number;
    readonly written: string;
  }[];
}

const weights = withNumbers
  .pipe(z.record(destinationKey, weight))
  .transform((record, context): WrittenSplit => {
    const parts = Object.entries(record).flatMap(([written, weight]) => {
      const to = parseDestination(written);
      return to === undefined || to instanceof Refusal ? [] : [{ to, weight, written }];
    });
    if (parts.every((part) => part.weight === 0)) {
      const message = 'must be more than 0, or one of the others: nothing would be sent anywhere';
      context.issues.push({ code: 'custom', message, path: [parts[0]?.written ?? ''], input: 0 });
    }
    return { kind: 'split', parts };
  });

const checkSettings = z
  .strictObject({
    path: described(probePath, {
      says: 'A request for this path is answered with a status from 200 to 399',
      example: '/healthz',
    }),
    every: withDefault(duration, '10s', { says: 'How often' }),
    timeout: withDefault(duration, '5s', { says: 'How long an answer may take' }),
    failures: withDefault(wholeNumber(1, 1000), 3, {
      says: 'Failures in a row after which nothing is sent to it',
    }),
    successes: withDefault(wholeNumber(1, 1000), 2, { says: 'Successes in a row after which it is back' }),
  })
  .transform(
    ({ path, every, timeout, failures, successes }): CheckRules => ({
      path,
      everyMs: Math.max(every, 1),
      timeoutMs: Math.max(timeout, 1),
      failures,
      successes,
    }),
  );

const checkPath = kind<string>({
  title: 'path',
  expected: 'a path such as "/healthz", or an object with settings',
  json: { type: 'string', pattern: '^/' },
  read: (input) => probePath.safeParse(input).data,
});

const file = text('file', 'the path of a file with certificates (PEM)');

const serverName = kind<string>({
  title: 'host',
  expected: 'a host such as "cluster.internal"',
  json: { type: 'string', minLength: 1 },
  read: (input) =>
    typeof input === 'string' && /^[A-Za-z0-9._:-]+$/.test(input) ? input.toLowerCase() : undefined,
});

/** A route with rules of its own. */
const routeShape = z
  .strictObject({
    to: described(z.union([destination, weights]), {
      says: 'Where requests go: an app, an address, or several of them by weight',
      example: { web: 90, next: 10 },
    }),
    ...loadShape,
    cache: optional(flag, { says: "Whether answers are kept. Left out: as the site's `cache` says" }),
    sticky: optional(flag, {
      says: 'Of several by weight: a client that was at one of them comes back to it, by a cookie. Left out: true',
    }),
    mirror: optional(
      z.union([
        destination.transform((to) => ({ to, share: 1 })),
        z.strictObject({
          to: described(destination, { says: 'Where the copies go', example: 'next' }),
          share: withDefault(share, '100%', { says: 'Copy only this part of the requests' }),
        }),
      ]),
      {
        says: 'Send a copy of the requests there, too; what it answers goes nowhere. An app or an address, or `{ to, share }`',
        example: { to: 'next', share: '10%' },
      },
    ),
    check: optional(z.union([checkPath.transform((path) => checkSettings.parse({ path })), checkSettings]), {
      says: 'Of an address: look now and then whether it is well. A path is short for `{ path }`',
      example: '/healthz',
    }),
    ca: optional(file, {
      says: 'Of an `https://` address: certificates (PEM) that its own may be signed by, besides those that Node trusts',
      example: 'certs/internal-ca.pem',
    }),
    serverName: optional(serverName, {
      says: 'Of an `https://` address: the host that its certificate names. Left out: the host of the address',
    }),
    proxyProtocol: optional(choice('v1', 'v2'), {
      says: 'Of an address: begin each connection with a PROXY header, which tells it who the client is',
    }),
    upstream: optional(upstreamRules, {
      says: 'Of an address: how requests are sent to it, as `upstream` of an app. A word is short for `{ protocol }`',
    }),
  })
  .transform((settings) => ({ kind: 'rules' as const, isShort: false, ...settings }));

export type RouteRules = z.output<typeof routeShape>;

const shortTarget = kind<string, WrittenDestination>({
  title: 'app name, "http://host:port", "https://host:port" or "unix:/path"',
  expected: 'the name of an app, "http://host:port", { files } or { to }',
  json: { type: 'string', minLength: 1 },
  read: (input) => (typeof input === 'string' ? parseDestination(input) : undefined),
});

/** All that a route can be. */
export const routeTarget = z.union([
  shortTarget.transform((to): RouteRules => ({ kind: 'rules', isShort: true, to })),
  routeShape,
  filesTarget,
  weights.transform((to): RouteRules => ({ kind: 'rules', isShort: true, to })),
]);

export type RouteSettings = z.output<typeof routeTarget>;
