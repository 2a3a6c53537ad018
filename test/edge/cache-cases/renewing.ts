/** Answers that are not fresh any more: 304, errors of the app, answers that may be given stale, and what changes them. */
import { asked, type Case, cc, type Field, first, kept, type Step } from './case.ts';

/** A 304 changes what is kept, for its own client and for those that come after. */
function updated(field: string, before: string, after: string): readonly Case[] {
  const ways: readonly (readonly [name: string, validator: Field, comes: 'etag' | 'date'])[] = [
    ['lm', ['Last-Modified', 'Thu, 16 May 2030 12:00:00 GMT'], 'date'],
    ['etag', ['ETag', '"e"'], 'etag'],
  ];
  return ways.map(([name, validator, comes]) => ({
    id: `304-${name}-update-${field}`,
    steps: [
      first(cc('max-age=1'), validator, [field, before]),
      {
        comes,
        says: { fields: [cc('max-age=3600'), validator, [field, after]] },
        has: [[field, after]],
        pause: 3,
      },
      { ...kept, has: [[field, after]], text: `304-${name}-update-${field} 0` },
    ],
  }));
}

const updates: readonly Case[] = [
  ...updated('Test-Header', 'a', 'b'),
  ...updated('Content-Foo', 'a', 'b'),
  ...updated('Content-Type', 'text/plain', 'text/plain;charset=utf-8'),
  ...updated('Content-Security-Policy', "default-src 'self'", "default-src 'self' cdn.example.com"),
  ...updated('X-Frame-Options', 'deny', 'sameorigin'),
  ...updated('Expires', 'Fri, 17 May 2030 12:00:01 GMT', 'Fri, 17 May 2030 13:00:00 GMT'),
  {
    id: '304-lm-use-stored-Test-Header',
    steps: [
      first(cc('max-age=1'), ['Last-Modified', 'Thu, 16 May 2030 12:00:00 GMT'], ['Test-Header', 'a']),
      { comes: 'date', says: { fields: [cc('max-age=3600')] }, has: [['Test-Header', 'a']] },
    ],
  },
  {
    id: '304-keeps-the-bytes',
    steps: [
      first(cc('max-age=1'), ['ETag', '"e"'], ['Content-Encoding', 'x-a'], ['Content-Length', '5']),
      {
        comes: 'etag',
        says: { fields: [cc('max-age=60'), ['Content-Encoding', 'x-b'], ['Content-Length', '9']] },
        has: [
          ['Content-Encoding', 'x-a'],
          ['Content-Length', '5'],
        ],
      },
    ].map((step, i): Step => (i === 0 ? { ...step, says: { ...step.says, body: '12345' } } : step) as Step),
  },
  {
    id: '304-for-another-version',
    steps: [
      first(cc('max-age=1'), ['ETag', '"e"']),
      {
        comes: 'etag',
        says: { fields: [cc('max-age=60'), ['ETag', '"f"']] },
        text: '304-for-another-version 1 again',
      },
      { ...kept, text: '304-for-another-version 1 again' },
    ],
  },
  {
    id: 'new-in-place-of-the-old',
    steps: [
      { ...first(cc('max-age=1'), ['ETag', '"e"']), text: 'new-in-place-of-the-old 0' },
      {
        ...asked,
        says: { fields: [cc('max-age=60')] },
        sends: [['If-None-Match', '"e"']],
        text: 'new-in-place-of-the-old 1',
      },
      { ...kept, text: 'new-in-place-of-the-old 1' },
    ],
  },
];

const broken: Step = { says: { breaks: true }, comes: 'asked', status: 502 };
const failed: Step = { says: { status: 503 }, comes: 'asked', status: 503 };

function inPlaceOfError(
  id: string,
  control: string,
  error: Step,
  stands: boolean,
  fields: readonly Field[] = [],
): Case {
  const told = stands ? { status: 200, text: `${id} 0`, has: [['Age', '3']] as const } : {};
  return { id, steps: [first(cc(control)), { ...error, fields, ...told }] };
}

const errors: readonly Case[] = [
  inPlaceOfError('stale-close', 'max-age=2', broken, false),
  inPlaceOfError('stale-503', 'max-age=2', failed, false),
  inPlaceOfError('stale-sie-close', 'max-age=2, stale-if-error=60', broken, true),
  inPlaceOfError('stale-sie-503', 'max-age=2, stale-if-error=60', failed, true),
  inPlaceOfError('stale-if-error-cc-response', 'max-age=0, stale-if-error=3600', failed, true),
  inPlaceOfError('stale-if-error-cc-response-expired', 'max-age=0, stale-if-error=1', failed, false),
  inPlaceOfError(
    'stale-if-error-404',
    'max-age=2, stale-if-error=60',
    { says: { status: 404 }, comes: 'asked', status: 404 },
    false,
  ),
  inPlaceOfError('stale-if-error-s-maxage', 's-maxage=2, stale-if-error=60', broken, true),
  ...['must-revalidate', 'proxy-revalidate', 'no-cache'].map((word) =>
    inPlaceOfError(`stale-close-${word}`, `max-age=2, stale-if-error=60, ${word}`, broken, false),
  ),
  ...[cc('stale-if-error=3600')].map((field) =>
    inPlaceOfError('stale-if-error-cc-request', 'max-age=1, stale-while-revalidate=1', failed, true, [field]),
  ),
  inPlaceOfError('stale-if-error-cc-request-expired', 'max-age=1, stale-while-revalidate=1', failed, false, [
    cc('stale-if-error=1'),
  ]),
  inPlaceOfError(
    'stale-if-error-cc-request-s-maxage',
    's-maxage=1, stale-while-revalidate=1',
    failed,
    false,
    [cc('stale-if-error=60')],
  ),
];

const methods = ['POST', 'PUT', 'DELETE', 'PATCH', 'M-SEARCH'];
const fresh = cc('max-age=100000');

const changes: readonly Case[] = methods.flatMap((method): readonly Case[] => [
  { id: `invalidate-${method}`, steps: [first(fresh), { ...asked, method, body: 'abc' }, asked] },
  {
    id: `invalidate-${method}-failed`,
    steps: [first(fresh), { ...asked, method, body: 'abc', says: { status: 500 }, status: 500 }, kept],
  },
  ...(['Location', 'Content-Location'] as const).map((field) => ({
    id: `invalidate-${method}-${field}`,
    steps: [
      { ...first(fresh), query: '/target?a=1' },
      {
        ...asked,
        method,
        body: 'abc',
        says: { fields: [[field, `/invalidate-${method}-${field}/target?a=1`] as const] },
      },
      { ...asked, query: '/target?a=1' },
    ],
  })),
]);

const elsewhere: readonly Case[] = [
  {
    id: 'invalidate-other-origin',
    steps: [
      { ...first(fresh), query: '/target' },
      {
        ...asked,
        method: 'POST',
        body: 'a',
        says: { fields: [['Location', 'http://other.example/invalidate-other-origin/target']] },
      },
      { ...kept, query: '/target' },
    ],
  },
  {
    id: 'safe-methods',
    steps: [first(fresh), { ...asked, method: 'OPTIONS' }, { ...asked, method: 'PROPFIND' }, kept],
  },
];

export const renewing: readonly Case[] = [...updates, ...errors, ...changes, ...elsewhere];
