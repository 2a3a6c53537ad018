/** How long an answer is fresh: Cache-Control, Expires, Age, and what is said badly. */
import { asked, type Case, cc, type Field, first, kept, reused } from './case.ts';

const now: Field = ['Date', 0];
const day = 24 * 60 * 60;

const maxAge: readonly Case[] = [
  reused('freshness-none', [], asked),
  reused('freshness-max-age', [cc('max-age=3600')]),
  reused('freshness-max-age-stale', [cc('max-age=2')], asked),
  reused('freshness-max-age-0', [cc('max-age=0')], asked),
  reused('freshness-max-age-negative', [cc('max-age=-3600')], asked),
  reused('freshness-max-age-max', [cc('max-age=2147483648')]),
  reused('freshness-max-age-max-plus', [cc('max-age=99999999999')]),
  reused('freshness-max-age-age', [now, cc('max-age=3600'), ['Age', '7200']], asked),
  reused('freshness-max-age-expires', [cc('max-age=3600'), ['Expires', -10000], now]),
  reused('freshness-max-age-expires-invalid', [cc('max-age=3600'), ['Expires', '0'], now]),
  reused('freshness-max-age-0-expires', [cc('max-age=0'), ['Expires', 10000], now], asked),
  reused('freshness-max-age-extension', [cc('foobar, max-age=3600')]),
  reused('freshness-max-age-case-insensitive', [cc('MaX-aGe=3600')]),
  reused('freshness-max-age-date', [['Date', 3600], cc('max-age=3600')]),
  reused('freshness-s-maxage-shared', [cc('s-maxage=3600')]),
  reused('freshness-max-age-s-maxage-shared-longer', [cc('max-age=3600, s-maxage=1')], asked),
  reused('freshness-max-age-s-maxage-shared-longer-reversed', [cc('s-maxage=1, max-age=3600')], asked),
  reused('freshness-max-age-s-maxage-shared-longer-multiple', [cc('max-age=3600'), cc('s-maxage=1')], asked),
  reused('freshness-max-age-s-maxage-shared-shorter', [cc('max-age=1, s-maxage=3600')]),
  reused('freshness-max-age-s-maxage-shared-shorter-expires', [cc('s-maxage=3600'), ['Expires', -10], now]),
];

/** Of two values the lesser counts. */
const parsing: readonly Case[] = [
  reused('freshness-max-age-two-fresh-stale-sameline', [cc('max-age=1800, max-age=1')], asked),
  reused('freshness-max-age-two-fresh-stale-sepline', [cc('max-age=1800'), cc('max-age=1')], asked),
  reused('freshness-max-age-two-stale-fresh-sameline', [cc('max-age=1, max-age=1800')], asked),
  reused('freshness-max-age-two-stale-fresh-sepline', [cc('max-age=1'), cc('max-age=1800')], asked),
  reused('freshness-max-age-ignore-quoted', [cc('extension="max-age=3600", max-age=1')], asked),
  reused('freshness-max-age-ignore-quoted-rev', [cc('max-age=1, extension="max-age=3600"')], asked),
  reused('freshness-max-age-quoted', [cc('max-age="3600"')]),
  reused('freshness-max-age-space-before-equals', [cc('max-age =3600')], asked),
  reused('freshness-max-age-space-after-equals', [cc('max-age= 3600')], asked),
  reused('freshness-max-age-leading-zero', [cc('max-age=003600')]),
  reused('freshness-max-age-single-quoted', [cc("max-age='3600'")], asked),
  reused('freshness-max-age-decimal-zero', [cc('max-age=3600.0')], asked),
  reused('freshness-max-age-decimal-five', [cc('max-age=3600.5')], asked),
  reused('freshness-max-age-a100', [cc('max-age=a3600')], asked),
  reused('freshness-max-age-100a', [cc('max-age=3600a')], asked),
];

const expires: readonly Case[] = [
  reused('freshness-expires-future', [['Expires', 30 * day], now]),
  reused('freshness-expires-past', [['Expires', -30 * day], now], asked),
  reused('freshness-expires-present', [['Expires', 0], now], asked),
  reused(
    'freshness-expires-old-date',
    [
      ['Expires', 300],
      ['Date', 400],
    ],
    asked,
  ),
  reused('freshness-expires-wrong-case-weekday', [['Expires', 'THU, 18 Aug 2050 02:01:18 GMT'], now]),
  reused('freshness-expires-wrong-case-month', [['Expires', 'Thu, 18 AUG 2050 02:01:18 GMT'], now]),
  reused('freshness-expires-wrong-case-tz', [['Expires', 'Thu, 18 Aug 2050 02:01:18 gMT'], now]),
  reused('freshness-expires-rfc850', [['Expires', 'Thursday, 18-Aug-50 02:01:18 GMT'], now]),
  reused('freshness-expires-ansi-c', [['Expires', 'Thu Aug 18 02:01:18 2050'], now]),
  reused('freshness-expires-invalid', [['Expires', '0'], now], asked),
  ...(
    [
      ['utc', 'Thu, 18 Aug 2050 02:01:18 UTC'],
      ['aest', 'Thu, 18 Aug 2050 02:01:18 AEST'],
      ['2-digit-year', 'Thu, 18 Aug 50 02:01:18 GMT'],
      ['no-comma', 'Thu 18 Aug 2050 02:01:18 GMT'],
      ['multiple-spaces', 'Thu, 18  Aug  2050 02:01:18 GMT'],
      ['date-dashes', 'Thu, 18-Aug-2050 02:01:18 GMT'],
      ['time-periods', 'Thu, 18 Aug 2050 02.01.18 GMT'],
      ['1-digit-hour', 'Thu, 18 Aug 2050 2:01:18 GMT'],
      ['multiple-lines', 'Thu, 18 Aug 2050 02:01:18 GMT, Thu, 18 Aug 2050 02:01:19 GMT'],
    ] as const
  ).map(([id, date]) => reused(`freshness-expires-invalid-${id}`, [['Expires', date], now], asked)),
  reused('freshness-expires-invalid-date', [
    ['Date', 'foo'],
    ['Expires', 10],
  ]),
  reused(
    'freshness-expires-age-slow-date',
    [
      ['Date', -10],
      ['Expires', 10],
      ['Age', '25'],
    ],
    asked,
  ),
  reused(
    'freshness-expires-age-fast-date',
    [
      ['Date', 10],
      ['Expires', 20],
      ['Age', '15'],
    ],
    asked,
  ),
];

/** Of several the first counts; what is no number is none. */
const ages: readonly Case[] = (
  [
    ['nonnumeric', ['abc'], true],
    ['negative', ['-7200'], true],
    ['float', ['7200.0'], true],
    ['prefix', ['0,7200'], true],
    ['prefix-twoline', ['0', '7200'], true],
    ['suffix', ['7200,0'], false],
    ['suffix-twoline', ['7200', '0'], false],
    ['dup-0', ['0, 0'], true],
    ['dup-0-twoline', ['0', '0'], true],
    ['dup-old', ['7200, 7200'], false],
    ['dup-old-twoline', ['7200', '7200'], false],
  ] as const
).map(([id, values, fresh]) =>
  reused(
    `age-parse-${id}`,
    [now, cc('max-age=3600'), ...values.map((value): Field => ['Age', value])],
    fresh ? kept : asked,
  ),
);

/** Nothing is guessed where an answer does not say how long it is fresh. */
const unsaid: readonly Case[] = [5, 600, day].map((ago) => ({
  id: `heuristic-delta-${ago}`,
  steps: [first(['Last-Modified', -ago], now), asked],
}));

export const freshness: readonly Case[] = [...maxAge, ...parsing, ...expires, ...ages, ...unsaid];
