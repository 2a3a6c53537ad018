/** How the edge sends requests to the instances of an app, or to another server. */
import { z } from 'zod';
import type { OutlierRules, RetryRules, UpstreamRules } from '../protocol/traffic-rules.ts';
import { described, withDefault } from './describe.ts';
import { choice, duration, kind, only, Refusal, share, wholeNumber } from './kinds.ts';
import { upstreamDefaults } from './traffic-defaults.ts';

const protocol = choice('http/1.1', 'h2c');

const someTime = kind<string, number>({
  title: 'duration',
  expected: 'a duration such as "5s"',
  json: { type: 'string', pattern: '^\\s*\\d+(\\.\\d+)?(ms|[smhd])' },
  read(input) {
    const read = duration.safeParse(input);
    if (read.success && read.data > 0) return read.data;
    return read.success ? undefined : new Refusal(read.error.issues[0]?.message ?? '');
  },
});

const most = wholeNumber(1, 1_000_000);

const inFlightMost = kind<number>({
  title: 'number',
  expected: 'a whole number from 1 to 1000000, or { max, queue, wait }',
  json: { type: 'integer', minimum: 1, maximum: 1_000_000 },
  read: (input) => most.safeParse(input).data,
});

const inFlightSettings = z
  .strictObject({
    max: described(most, { says: 'Requests that it has at a time, over all instances', example: 100 }),
    queue: wholeNumber(0, 1_000_000).optional().meta({
      description:
        'How many more may wait for their turn; all others get 503 at once. Left out: as many as `max`',
    }),
    wait: withDefault(duration, '5s', { says: 'How long they wait, before they get 503' }),
  })
  .transform(({ max, queue = max, wait }) => ({ max, maxWaiting: queue, timeoutMs: wait }));

const outliersSettings = z
  .strictObject({
    failures: withDefault(wholeNumber(1, 1000), 5, {
      says: 'Failures in a row: no connection, a broken answer, none in time, 502, 503 or 504',
    }),
    eject: withDefault(someTime, '5s', {
      says: 'How long it is left out the first time; each time after that twice as long. Then one request tries it',
    }),
    maxEject: withDefault(someTime, '60s', { says: 'And no longer than this' }),
    maxShare: withDefault(share, '50%', {
      says: 'No more than this part of the instances is left out at a time, and never the last one',
    }),
  })
  .transform(({ failures, eject, maxEject, maxShare }, context): OutlierRules => {
    if (maxEject < eject)
      context.issues.push({
        code: 'custom',
        message: 'must not be less than "eject"',
        path: ['maxEject'],
        input: maxEject,
      });
    return { failures, ejectMs: eject, maxEjectMs: maxEject, maxShare };
  });

const none: RetryRules = { share: 0, perSecond: 0 };
const { perSecond } = upstreamDefaults.retries;

const retryShare = kind<string | false, RetryRules>({
  title: 'percentage or false',
  expected: 'a percentage such as "20%", false or { share, perSecond }',
  json: { anyOf: [{ type: 'string', pattern: '^\\s*\\d+(\\.\\d+)?\\s*%\\s*$' }, { const: false }] },
  read(input) {
    if (input === false) return none;
    const part = share.safeParse(input);
    return part.success ? { share: part.data, perSecond } : undefined;
  },
});

const retrySettings = z.strictObject({
  share: withDefault(share, '20%', {
    says: 'So many tries for each request, over the last ten seconds or so',
  }),
  perSecond: withDefault(wholeNumber(0, 1_000_000), perSecond, {
    says: 'And so many a second besides, so that there is one also where requests are few',
  }),
});

const upstreamShape = z
  .strictObject({
    protocol: withDefault(protocol, 'http/1.1', {
      says: 'What it speaks. `h2c`: HTTP/2 without TLS, as servers of gRPC do. WebSockets are not carried to it then',
    }),
    inFlight: z
      .union([inFlightMost.transform((max) => inFlightSettings.parse({ max })), inFlightSettings])
      .optional()
      .meta({
        description:
          'How many requests it has at a time, over all instances and for each process of the edge. A few more wait, all others get 503 with `Retry-After` at once, instead of all ' +
          'getting slow. Left out: any number. A number is short for `{ max }`',
        example: 100,
      }),
    outliers: withDefault(
      z.union([
        only(false, 'false or { failures, eject, maxEject, maxShare }').transform(() => null),
        outliersSettings,
      ]),
      {},
      { says: 'Leave out instances that fail again and again, for a while. `false`: never' },
    ),
    slowStart: withDefault(duration, 0, {
      says: 'For so long a new instance gets less than its share, rising to it, so that caches and the JIT get warm. 0: all at once',
      example: '10s',
    }),
    retries: withDefault(z.union([retryShare, retrySettings]), '20%', {
      says: 'How often requests that were with an instance when it failed are sent to another one, if they may be repeated (GET, PUT …), so that tries never double the load of what is in trouble. `false`: never. What no instance has seen always goes to another one',
    }),
  })
  .transform(
    ({ protocol, inFlight = null, outliers, slowStart, retries }): UpstreamRules => ({
      protocol,
      inFlight,
      outliers,
      slowStartMs: slowStart,
      retries,
    }),
  );

const shortProtocol = kind<'http/1.1' | 'h2c'>({
  title: '"http/1.1" or "h2c"',
  expected: '"http/1.1", "h2c" or an object with settings',
  json: { enum: ['http/1.1', 'h2c'] },
  read: (input) => protocol.safeParse(input).data,
});

/** A word is short for `{ protocol }`. */
export const upstreamRules = z.union([
  shortProtocol.transform((protocol) => upstreamShape.parse({ protocol })),
  upstreamShape,
]);
