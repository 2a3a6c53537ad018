/** What a request may ask of a cache: directives, conditions, parts. */
import { asked, type Case, cc, type Field, first, kept, type Step } from './case.ts';

const fresh = cc('max-age=3600');

function request(id: string, answer: readonly Field[], fields: readonly Field[], then: Step): Case {
  return { id, steps: [first(...answer), { ...then, fields }] };
}

const directives: readonly Case[] = [
  request('ccreq-ma0', [fresh], [cc('max-age=0')], asked),
  request('ccreq-ma1', [fresh], [cc('max-age=1')], asked),
  request('ccreq-magreaterage', [fresh, ['Age', '1800']], [cc('max-age=600')], asked),
  request('ccreq-max-stale', [cc('max-age=1')], [cc('max-stale=1000')], kept),
  request('ccreq-max-stale-any', [cc('max-age=1')], [cc('max-stale')], kept),
  request('ccreq-max-stale-age', [cc('max-age=1500'), ['Age', '2000']], [cc('max-stale=1000')], kept),
  request('ccreq-max-stale-too-old', [cc('max-age=1')], [cc('max-stale=1')], asked),
  request('ccreq-max-stale-forbidden', [cc('max-age=1, must-revalidate')], [cc('max-stale')], asked),
  request('ccreq-max-stale-s-maxage', [cc('s-maxage=1')], [cc('max-stale')], asked),
  request('ccreq-min-fresh', [cc('max-age=1500')], [cc('min-fresh=2000')], asked),
  request('ccreq-min-fresh-age', [cc('max-age=1500'), ['Age', '1000']], [cc('min-fresh=1000')], asked),
  request('ccreq-no-cache', [fresh], [cc('no-cache')], asked),
  request('ccreq-no-cache-lm', [fresh, ['Last-Modified', -10000]], [cc('no-cache')], { comes: 'date' }),
  request('ccreq-no-cache-etag', [fresh, ['ETag', '"abc"']], [cc('no-cache')], { comes: 'etag' }),
  request('ccreq-no-store', [fresh], [cc('no-store')], asked),
  { id: 'ccreq-no-store-first', steps: [{ ...first(fresh), fields: [cc('no-store')] }, asked] },
  { id: 'ccreq-oic', steps: [{ ...kept, fields: [cc('only-if-cached')], status: 504 }] },
  request('ccreq-oic-kept', [fresh], [cc('only-if-cached')], kept),
  request('pragma-request-no-cache', [fresh], [['Pragma', 'no-cache']], asked),
  request('pragma-request-extension', [fresh], [['Pragma', 'unrecognised-extension']], kept),
];

const tag = (etag: string): readonly Field[] => [fresh, ['ETag', etag]];
const unchanged: Step = { comes: 'kept', status: 304, text: '' };

const conditions: readonly Case[] = [
  request('conditional-304-etag', tag('"abcdef"'), [['If-None-Match', '"abcdef"']], {
    ...unchanged,
    has: [
      ['ETag', '"abcdef"'],
      ['Age', '3'],
    ],
    lacks: ['content-length', 'content-type'],
  }),
  request(
    'conditional-etag-precedence',
    [...tag('"abcdef"'), ['Last-Modified', -5000]],
    [
      ['If-None-Match', '"abcdef"'],
      ['If-Modified-Since', -90000],
    ],
    unchanged,
  ),
  request(
    'conditional-etag-strong-respond-obs-text',
    tag('"abcdef\u00fc"'),
    [['If-None-Match', '"abcdef\u00fc"']],
    unchanged,
  ),
  request('conditional-etag-weak-respond', tag('W/"abcdef"'), [['If-None-Match', 'W/"abcdef"']], unchanged),
  request(
    'conditional-etag-strong-respond-multiple-first',
    tag('"a"'),
    [['If-None-Match', '"a", "b", "c"']],
    unchanged,
  ),
  request(
    'conditional-etag-strong-respond-multiple-second',
    tag('"a"'),
    [['If-None-Match', '"b", "a", "c"']],
    unchanged,
  ),
  request(
    'conditional-etag-strong-respond-multiple-last',
    tag('"a"'),
    [['If-None-Match', '"b", "c", "a"']],
    unchanged,
  ),
  request('conditional-etag-other', tag('"a"'), [['If-None-Match', '"b"']], { ...kept, status: 200 }),
  request('conditional-etag-any', tag('"a"'), [['If-None-Match', '*']], unchanged),
  request(
    'conditional-lm-fresh',
    [fresh, ['Last-Modified', -3000]],
    [['If-Modified-Since', -3003]],
    unchanged,
  ),
  request(
    'conditional-lm-fresh-earlier',
    [fresh, ['Last-Modified', -3000]],
    [['If-Modified-Since', -2000]],
    unchanged,
  ),
  request('conditional-lm-changed', [fresh, ['Last-Modified', -3000]], [['If-Modified-Since', -4000]], {
    ...kept,
    status: 200,
  }),
  request('conditional-lm-fresh-no-lm', [fresh], [['If-Modified-Since', -1]], unchanged),
  request(
    'conditional-lm-stale',
    [cc('max-age=2'), ['Last-Modified', -3000]],
    [['If-Modified-Since', -3003]],
    {
      comes: 'date',
      status: 304,
      text: '',
    },
  ),
  request('conditional-etag-stale-other', [cc('max-age=2'), ['ETag', '"a"']], [['If-None-Match', '"b"']], {
    comes: 'etag',
    status: 200,
    sends: [['If-None-Match', '"a"']],
  }),
  {
    id: 'conditional-etag-vary-headers',
    steps: [
      { ...first(['Expires', 1], ['ETag', '"abcdef"'], ['Vary', 'Abc']), fields: [['Abc', '123']] },
      { comes: 'etag', fields: [['Abc', '123']], sends: [['Abc', '123']] },
    ],
  },
  {
    id: 'conditional-etag-vary-headers-mismatch',
    steps: [
      { ...first(['Expires', 10000], ['ETag', '"abcdef"'], ['Vary', 'Abc']), fields: [['Abc', '123']] },
      { ...asked, fields: [['Abc', '456']], keepsBack: ['if-none-match'] },
    ],
  },
  request('conditional-etag-weak-generate-weak', [cc('max-age=2'), ['ETag', 'W/"abcdef"']], [], {
    comes: 'etag',
    sends: [['If-None-Match', 'W/"abcdef"']],
  }),
  {
    id: 'conditional-etag-forward',
    steps: [{ ...asked, fields: [['If-None-Match', '"a"']], sends: [['If-None-Match', '"a"']] }],
  },
  request('precondition-bypasses', tag('"a"'), [['If-Match', '"a"']], {
    ...asked,
    sends: [['If-Match', '"a"']],
  }),
];

const whole: Step = {
  says: { fields: [fresh, ['ETag', '"a"'], ['Last-Modified', -90]], body: '0123456789A' },
};
const part = (range: string, text: string, place: string, more: readonly Field[] = []): Step => ({
  comes: 'kept',
  fields: [['Range', range], ...more],
  status: 206,
  text,
  has: [
    ['Content-Range', `bytes ${place}/11`],
    ['Content-Length', String(text.length)],
  ],
});

const parts: readonly Case[] = [
  { id: 'partial-store-complete-reuse-partial', steps: [whole, part('bytes=0-1', '01', '0-1')] },
  {
    id: 'partial-store-complete-reuse-partial-no-last',
    steps: [whole, part('bytes=1-', '123456789A', '1-10')],
  },
  { id: 'partial-store-complete-reuse-partial-suffix', steps: [whole, part('bytes=-1', 'A', '10-10')] },
  { id: 'partial-if-range', steps: [whole, part('bytes=-1', 'A', '10-10', [['If-Range', '"a"']])] },
  {
    id: 'partial-if-range-other',
    steps: [
      whole,
      {
        ...kept,
        fields: [
          ['Range', 'bytes=-1'],
          ['If-Range', '"b"'],
        ],
        status: 200,
        text: '0123456789A',
      },
    ],
  },
  {
    id: 'partial-beyond',
    steps: [
      whole,
      {
        ...kept,
        fields: [['Range', 'bytes=11-']],
        status: 416,
        text: '',
        has: [['Content-Range', 'bytes */11']],
      },
    ],
  },
  {
    id: 'partial-several',
    steps: [whole, { ...kept, fields: [['Range', 'bytes=0-1,3-4']], status: 200, text: '0123456789A' }],
  },
  {
    id: 'partial-not-kept',
    steps: [
      {
        fields: [['Range', 'bytes=-5']],
        sends: [['Range', 'bytes=-5']],
        says: { status: 206, fields: [fresh, ['Content-Range', 'bytes 5-9/10']], body: '56789' },
        status: 206,
      },
      asked,
    ],
  },
  {
    id: 'partial-stale-asks-for-all',
    steps: [
      first(cc('max-age=2'), ['ETag', '"a"']),
      { comes: 'etag', fields: [['Range', 'bytes=0-0']], keepsBack: ['range'], status: 206 },
    ],
  },
];

export const asking: readonly Case[] = [...directives, ...conditions, ...parts];
