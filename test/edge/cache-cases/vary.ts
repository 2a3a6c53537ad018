/** Answers that depend on fields of the request. */
import { asked, type Case, cc, type Field, kept, type Step } from './case.ts';

const answer = (vary: readonly string[]): Step => ({
  says: {
    fields: [cc('max-age=5000'), ['Last-Modified', -3000], ...vary.map((value): Field => ['Vary', value])],
  },
});

function varied(
  id: string,
  vary: string | readonly string[],
  one: readonly Field[],
  other: readonly Field[],
  then: Step,
): Case {
  const lines = typeof vary === 'string' ? [vary] : vary;
  return {
    id,
    steps: [
      { ...answer(lines), fields: one },
      { ...then, fields: other },
    ],
  };
}

const three: readonly Field[] = [
  ['Foo', '1'],
  ['Bar', 'abc'],
  ['Baz', '789'],
];
const stars = ['*', '*, *', ', *', '*, Foo', 'Foo, *'];

export const vary: readonly Case[] = [
  varied('vary-match', 'Foo', [['Foo', '1']], [['Foo', '1']], kept),
  varied('vary-no-match', 'Foo', [['Foo', '1']], [['Foo', '2']], asked),
  varied('vary-omit', 'Foo', [['Foo', '1']], [], asked),
  varied('vary-omit-stored', 'Foo', [], [['Foo', '1']], asked),
  varied('vary-empty-is-not-omitted', 'Foo', [['Foo', '']], [], asked),
  varied('vary-name-case', 'fOO', [['Foo', '1']], [['fOo', '1']], kept),
  varied('vary-2-match', 'Foo, Bar', three, three, kept),
  varied('vary-2-match-lines', ['Foo', 'Bar'], three, three, kept),
  varied(
    'vary-2-no-match',
    'Foo, Bar',
    three,
    [
      ['Foo', '2'],
      ['Bar', 'abc'],
    ],
    asked,
  ),
  varied('vary-2-match-omit', 'Foo, Bar', [['Foo', '1']], [], asked),
  varied('vary-3-match', 'Foo, Bar, Baz', three, three, kept),
  varied(
    'vary-3-no-match',
    'Foo, Bar, Baz',
    three,
    [
      ['Foo', '2'],
      ['Bar', 'abc'],
      ['Baz', '789'],
    ],
    asked,
  ),
  varied('vary-3-order', 'Foo, Bar, Baz', three, [...three].reverse(), kept),
  varied(
    'vary-3-omit',
    'Foo, Bar, Baz',
    [
      ['Foo', '1'],
      ['Baz', '789'],
    ],
    [
      ['Foo', '1'],
      ['Baz', '789'],
    ],
    kept,
  ),
  varied(
    'vary-cache-key',
    'Foo',
    [
      ['Foo', '1'],
      ['Other', '2'],
    ],
    [
      ['Foo', '1'],
      ['Other', '3'],
    ],
    kept,
  ),
  varied('vary-normalise-space', 'Foo', [['Foo', '1,2']], [['Foo', ' 1, 2 ']], kept),
  varied(
    'vary-normalise-combine',
    'Foo',
    [['Foo', '1, 2']],
    [
      ['Foo', '1'],
      ['Foo', '2'],
    ],
    kept,
  ),
  varied(
    'vary-swapped',
    'Foo, Bar',
    [
      ['Foo', '1'],
      ['Bar', '2'],
    ],
    [
      ['Foo', '2'],
      ['Bar', '1'],
    ],
    asked,
  ),
  varied('vary-quoted-comma', 'Foo', [['Foo', '"1,2"']], [['Foo', '"1, 2"']], asked),
  varied(
    'vary-codings-order',
    'Accept-Encoding',
    [['Accept-Encoding', 'gzip, br']],
    [['Accept-Encoding', 'br;q=0.9, gzip, x-unheard']],
    kept,
  ),
  varied(
    'vary-codings-refused',
    'Accept-Encoding',
    [['Accept-Encoding', 'gzip']],
    [['Accept-Encoding', 'gzip;q=0']],
    asked,
  ),
  ...stars.map((star, i) => varied(`vary-syntax-star-${i}`, star, three, three, asked)),
  varied('vary-syntax-star-star-lines', ['*', '*'], three, three, asked),
  varied('vary-syntax-empty-star-lines', ['', '*'], three, three, asked),
  {
    id: 'vary-invalidate',
    steps: [
      { ...answer(['Foo']), fields: [['Foo', '1']], text: 'vary-invalidate 0' },
      { ...answer(['Foo']), ...asked, fields: [['Foo', '2']], text: 'vary-invalidate 1' },
      { ...kept, fields: [['Foo', '1']], text: 'vary-invalidate 0' },
      { ...kept, fields: [['Foo', '2']], text: 'vary-invalidate 1' },
    ],
  },
];
