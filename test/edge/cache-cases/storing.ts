/** What is kept at all: directives, status, method, cookies, the fields of an answer. */
import { asked, type Case, cc, type Field, first, kept, reused } from './case.ts';

const now: Field = ['Date', 0];
const fresh = cc('max-age=3600');

const directives: readonly Case[] = [
  reused('cc-resp-private-shared', [cc('private, max-age=3600')], asked),
  reused('cc-resp-no-store', [cc('no-store')], asked),
  reused('cc-resp-no-store-case-insensitive', [cc('No-StOrE, max-age=3600')], asked),
  reused('cc-resp-no-store-fresh', [cc('max-age=10000, no-store'), ['Expires', 10000], now], asked),
  reused('cc-resp-no-cache', [cc('max-age=10000, no-cache'), ['Expires', 10000], now], asked),
  reused('cc-resp-no-cache-case-insensitive', [cc('max-age=10000, No-CaChE')], asked),
  reused('cc-resp-no-cache-revalidate', [cc('no-cache'), ['ETag', '"abcd"']], { comes: 'etag' }),
  reused('cc-resp-no-cache-revalidate-fresh', [cc('max-age=10000, no-cache'), ['ETag', '"abcd"']], {
    comes: 'etag',
  }),
  reused('cc-resp-must-revalidate-fresh', [cc('max-age=10000, must-revalidate'), ['ETag', '"abcd"']]),
  {
    id: 'cc-resp-must-revalidate-stale',
    steps: [
      { says: { fields: [cc('max-age=2, must-revalidate'), ['ETag', '"abcd"']] } },
      { ...kept, pause: 3 },
      { comes: 'etag' },
    ],
  },
  reused(
    'headers-omit-headers-listed-in-Cache-Control-no-cache',
    [cc('no-cache="a, b"'), ['a', '1'], ['b', '2'], ['c', '3'], fresh, now],
    {
      comes: 'kept',
      has: [['c', '3']],
      lacks: ['a', 'b'],
    },
  ),
  reused('private-fields', [cc('max-age=3600, private="A"'), ['a', '1'], ['b', '2']], {
    comes: 'kept',
    has: [['b', '2']],
    lacks: ['a'],
  }),
  reused(
    'headers-omit-headers-listed-in-Connection',
    [['Connection', 'a, b'], ['a', '1'], ['b', '2'], ['c', '3'], fresh],
    {
      comes: 'kept',
      has: [['c', '3']],
      lacks: ['a', 'b'],
    },
  ),
  reused('pragma-response-no-cache', [fresh, ['Pragma', 'no-cache']]),
  reused('pragma-response-extension', [fresh, ['Pragma', 'unrecognised-extension']]),
  reused('vary-star-fresh', [fresh, ['Vary', '*']], asked),
  reused('other-fresh-content-disposition-attachment', [
    fresh,
    ['Content-Disposition', 'attachment; filename=a.txt'],
  ]),
];

const storedFields: readonly Case[] = (
  [
    ['Test-Header', 'x'],
    ['X-Test-Header', 'x'],
    ['Content-Type', 'text/plain'],
    ['Content-Language', 'en'],
    ['X-Frame-Options', 'deny'],
    ['Clear-Site-Data', 'cookies'],
    ['Strict-Transport-Security', 'max-age=1'],
    ['WWW-Authenticate', 'Basic'],
  ] as const
).map((field) => reused(`headers-store-${field[0]}`, [field, fresh], { comes: 'kept', has: [field] }));

/** Only these, however fresh others say they are; see `keepable` in verdict.ts. */
const keepable = [200, 203, 204, 301, 302, 303, 307, 308, 404, 410];
const never = [201, 299, 400, 401, 403, 405, 414, 431, 499, 500, 501, 502, 503, 504, 599];
const statuses: readonly Case[] = [...keepable, ...never].map((status) => ({
  id: `status-${status}`,
  steps: [
    { says: { status, fields: [fresh, ['Location', '/x']] }, status, pause: 3 },
    { ...(never.includes(status) ? asked : kept), says: { status }, status },
  ],
}));

const stale: readonly Case[] = [200, 301, 404].map((status) => ({
  id: `status-${status}-stale`,
  steps: [
    { says: { status, fields: [['Expires', -5000], now] }, status },
    { ...asked, says: { status }, status },
  ],
}));

const others: readonly Case[] = [
  {
    id: 'query-args-different',
    steps: [
      { ...first(fresh), query: '?a=1' },
      { ...asked, query: '?a=2' },
    ],
  },
  {
    id: 'query-args-same',
    steps: [
      { ...first(fresh), query: '?a=1' },
      { ...kept, query: '?a=1' },
    ],
  },
  { id: 'other-set-cookie', steps: [first(fresh, ['Set-Cookie', 'a=b']), asked] },
  {
    id: 'set-cookie-for-all-without-it',
    steps: [
      { ...first(cc('public, max-age=3600'), ['Set-Cookie', 'a=b']), has: [['Set-Cookie', 'a=b']] },
      { ...kept, lacks: ['set-cookie'] },
    ],
  },
  { id: 'other-cookie', steps: [first(fresh), { ...kept, fields: [['Cookie', 'a=b']] }] },
  { id: 'cookie-first', steps: [{ ...first(fresh), fields: [['Cookie', 'a=b']] }, asked] },
  { id: 'cookie-first-public', steps: [{ ...first(cc('s-maxage=60')), fields: [['Cookie', 'a=b']] }, kept] },
  { id: 'other-authorization', steps: [{ ...first(fresh), fields: [['Authorization', 'FOO']] }, asked] },
  {
    id: 'other-authorization-public',
    steps: [{ ...first(cc('max-age=3600, public')), fields: [['Authorization', 'FOO']] }, kept],
  },
  {
    id: 'other-authorization-smaxage',
    steps: [{ ...first(cc('s-maxage=3600')), fields: [['Authorization', 'FOO']] }, kept],
  },
  {
    id: 'authorization-must-revalidate',
    steps: [{ ...first(cc('max-age=3600, must-revalidate')), fields: [['Authorization', 'FOO']] }, asked],
  },
  { id: 'interim-103', steps: [{ says: { fields: [fresh], early: true } }, kept] },
  { id: 'head-then-get', steps: [{ ...first(fresh), method: 'HEAD', text: '' }, asked] },
  {
    id: 'get-then-head',
    steps: [
      { says: { fields: [fresh, ['A', '1']], body: '12345' } },
      {
        ...kept,
        method: 'HEAD',
        text: '',
        has: [
          ['Content-Length', '5'],
          ['a', '1'],
        ],
      },
    ],
  },
  {
    id: 'head-writethrough',
    steps: [
      first(cc('max-age=2'), ['ETag', '"a"']),
      { ...asked, method: 'HEAD', text: '', keepsBack: ['if-none-match'] },
    ],
  },
  {
    id: 'cut-off',
    steps: [{ says: { fields: [fresh, ['Content-Length', '1000']], body: 'a', breaks: true } }, asked],
  },
  { id: 'event-stream', steps: [first(fresh, ['Content-Type', 'text/event-stream']), asked] },
];

const ages: readonly Case[] = [
  reused('other-age-gen', [['Expires', 30 * 86400], now], { comes: 'kept', has: [['Age', '3']] }),
  reused('other-age-update-expires', [['Expires', 30 * 86400], now, ['Age', '30']], {
    comes: 'kept',
    has: [['Age', '33']],
  }),
  reused('other-age-update-max-age', [cc('max-age=600'), now, ['Age', '30']], {
    comes: 'kept',
    has: [['Age', '33']],
  }),
  reused(
    'other-date-update',
    [
      ['Expires', 30 * 86400],
      ['Date', -10],
    ],
    {
      comes: 'kept',
      has: [
        ['Date', -13],
        ['Age', '13'],
      ],
    },
  ),
];

export const storing: readonly Case[] = [
  ...directives,
  ...storedFields,
  ...statuses,
  ...stale,
  ...others,
  ...ages,
];
