import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Conditions, judge, rangeOf } from './conditions.ts';

const NONE: Conditions = {
  ifMatch: undefined,
  ifNoneMatch: undefined,
  ifModifiedSince: undefined,
  ifUnmodifiedSince: undefined,
  ifRange: undefined,
  range: undefined,
};
const DATE = 'Sun, 06 Nov 1994 08:49:37 GMT';
const EARLIER = 'Sun, 06 Nov 1994 08:49:36 GMT';
const version = { etag: '"a"', modified: Date.parse(DATE) / 1000 };

test('conditions go in the order of RFC 9110, section 13.2.2', () => {
  const cases: (readonly [Partial<Conditions>, number])[] = [
    [{}, 200],
    [{ ifMatch: '"a"' }, 200],
    [{ ifMatch: '*' }, 200],
    [{ ifMatch: 'W/"a"' }, 412],
    [{ ifMatch: '"b", "c"' }, 412],
    [{ ifMatch: '"a"', ifUnmodifiedSince: EARLIER }, 200],
    [{ ifUnmodifiedSince: EARLIER }, 412],
    [{ ifUnmodifiedSince: DATE }, 200],
    [{ ifNoneMatch: 'W/"a"' }, 304],
    [{ ifNoneMatch: '"x", "a"' }, 304],
    [{ ifNoneMatch: '*' }, 304],
    [{ ifNoneMatch: '"x"', ifModifiedSince: DATE }, 200],
    [{ ifModifiedSince: DATE }, 304],
    [{ ifModifiedSince: EARLIER }, 200],
    [{ ifModifiedSince: '5' }, 200],
    [{ ifModifiedSince: 'nonsense' }, 200],
  ];
  for (const [given, status] of cases) {
    assert.equal(judge({ ...NONE, ...given }, version), status, JSON.stringify(given));
  }
});

test('one range is a part, anything else the whole, or nothing', () => {
  const range = (range: string, ifRange?: string) => rangeOf({ ...NONE, range, ifRange }, version, 10);
  assert.deepEqual(range('bytes=0-0'), { start: 0, end: 1 });
  assert.deepEqual(range('bytes=5-'), { start: 5, end: 10 });
  assert.deepEqual(range('bytes=-99'), { start: 0, end: 10 });
  for (const odd of [
    'bytes=1-0',
    'bytes=0-1,2-3',
    'lines=1-2',
    'bytes=-',
    'bytes=a-b',
    'bytes',
    'bytes=1 -2',
  ])
    assert.equal(range(odd), undefined, odd);
  for (const beyond of ['bytes=10-', 'bytes=-0', 'bytes=99-100'])
    assert.equal(range(beyond), 'unsatisfiable');
  assert.deepEqual(range('bytes=0-1', DATE), { start: 0, end: 2 });
  assert.equal(range('bytes=0-1', EARLIER), undefined);
  assert.equal(range('bytes=0-1', 'W/"a"'), undefined);
});
