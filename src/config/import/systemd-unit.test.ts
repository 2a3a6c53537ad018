import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseUnit, splitUnitWords, unitBytes, unitDuration } from './systemd-unit.ts';

test('lines are continued, comments between them do not count', () => {
  const { entries, strange } = parseUnit(
    [
      '# a comment',
      '; another',
      'Lost=before any section',
      '[Service]',
      'ExecStart = /bin/app \\',
      '# not a part of it',
      '  --flag \\',
      '; nor this',
      '  last',
      'not an assignment',
      'Empty=',
      '[X-Own]',
      'Key=a=b',
    ].join('\r\n'),
  );
  assert.deepEqual(entries, [
    { section: 'Service', key: 'ExecStart', value: '/bin/app --flag last' },
    { section: 'Service', key: 'Empty', value: '' },
    { section: 'X-Own', key: 'Key', value: 'a=b' },
  ]);
  assert.deepEqual(strange, ['Lost=before any section', 'not an assignment']);
});

test('words are split as systemd.syntax(7) says', () => {
  const texts = (value: string) => splitUnitWords(value)?.map(({ text }) => text);
  // From the man page's own table and examples, and its corners.
  assert.deepEqual(texts(`a  'b c' "d e" f"g h"i`), ['a', 'b c', 'd e', 'fg hi']);
  assert.deepEqual(texts(String.raw`\s\t\\ "\"" '\'' \x41 \101 \u00e9 \U0001F600`), [
    ' \t\\',
    '"',
    "'",
    'A',
    'A',
    'é',
    '😀',
  ]);
  assert.deepEqual(texts(String.raw`\q "" ''`), [String.raw`\q`, '', '']);
  assert.deepEqual(texts(String.raw`'single \x41 too'`), ['single A too']);
  assert.equal(texts(`"not closed`), undefined);
  assert.deepEqual(splitUnitWords('$A "$A"'), [
    { text: '$A', bare: true },
    { text: '$A', bare: false },
  ]);
});

test('times and sizes', () => {
  const times = {
    '90': 90_000,
    '1min 30s': 90_000,
    '2h': 7_200_000,
    '100ms': 100,
    '1.5s': 1500,
    '1d': 86_400_000,
  };
  for (const [text, ms] of Object.entries(times)) assert.equal(unitDuration(text), ms, text);
  assert.equal(unitDuration('infinity'), Number.POSITIVE_INFINITY);
  for (const wrong of ['', 'soon', '5 parsecs', '-1s']) assert.equal(unitDuration(wrong), undefined, wrong);
  assert.equal(unitBytes('512M'), 512 * 1024 ** 2);
  assert.equal(unitBytes('65536'), 65_536);
  assert.equal(unitBytes('infinity'), Number.POSITIVE_INFINITY);
  for (const wrong of ['50%', 'lots', '']) assert.equal(unitBytes(wrong), undefined, wrong);
});
