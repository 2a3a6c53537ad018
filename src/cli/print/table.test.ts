import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Cell, type Column, table } from './table.ts';
import { displayWidth } from './text.ts';

const columns: readonly Column[] = [
  { head: 'NAME', shrink: 6 },
  { head: 'N', align: 'right' },
  { head: 'CPU', align: 'right', drop: 2 },
  { head: 'URL', drop: 1, shrink: 8 },
];
const rows = [
  ['web', '3', '12%', 'http://127.0.0.1:3000'],
  ['日本語-app', '10', '1%', ''],
];
const wide = Number.POSITIVE_INFINITY;

test('columns are aligned, also with wide characters', () => {
  assert.deepEqual(table(columns, rows, { width: wide }), [
    'NAME         N  CPU  URL',
    'web          3  12%  http://127.0.0.1:3000',
    '日本語-app  10   1%',
  ]);
});

test('colours do not move columns, and no line ends in blanks', () => {
  const paint = (text: string) => `\x1b[31m${text}\x1b[39m`;
  const painted = rows.map((row) => row.map((text): Cell => ({ text, paint })));
  const lines = table(columns, painted, { width: wide });
  assert.equal(
    lines[1],
    '\x1b[31mweb\x1b[39m          \x1b[31m3\x1b[39m  \x1b[31m12%\x1b[39m  \x1b[31mhttp://127.0.0.1:3000\x1b[39m',
  );
  for (const line of lines) assert.doesNotMatch(line, / $/);
});

test('a narrow terminal loses columns by their rank, then the ends of long texts', () => {
  assert.deepEqual(table(columns, rows, { width: 34 })[1], 'web          3  12%  http://127.0…');
  assert.deepEqual(table(columns, rows, { width: 24 })[1], 'web          3  http://…');
  assert.deepEqual(table(columns, rows, { width: 15 }), [
    'NAME         N',
    'web          3',
    '日本語-app  10',
  ]);
  assert.deepEqual(table(columns, rows, { width: 10 })[2], '日本…   10');
});

test('others are dropped before a text becomes uncomfortable', () => {
  const [name, n, cpu] = columns.map((column) => (column.shrink ? { ...column, comfort: 10 } : column));
  assert.ok(name && n && cpu);
  const comfortable = [name, n, cpu, { head: 'URL', shrink: 8, comfort: 18 }];
  assert.equal(table(comfortable, rows, { width: 39 })[1], 'web          3  12%  http://127.0.0.1:…');
  assert.equal(table(comfortable, rows, { width: 38 })[1], 'web          3  http://127.0.0.1:3000');
  assert.equal(table(comfortable, rows, { width: 26 })[1], 'web          3  http://12…');
});

test('no line is wider than the terminal, as long as anything can give way', () => {
  for (let width = 10; width < 60; width++) {
    for (const line of table(columns, rows, { width }))
      assert.ok(displayWidth(line) <= width, `${width}: "${line}"`);
  }
});
