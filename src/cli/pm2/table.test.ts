import assert from 'node:assert/strict';
import { test } from 'node:test';
import { displayWidth } from '../print/text.ts';
import { boxTable } from './table.ts';

const columns = [{ head: 'id' }, { head: 'name', shrink: 6 }, { head: 'user', drop: 1 }];
const rows = [
  [{ text: '0' }, { text: 'a-long-name' }, { text: 'root' }],
  [{ text: '12' }, { text: '名前' }, { text: 'ann' }],
];

function drawn(width: number): string[] {
  return boxTable(columns, rows, { width, paintHead: (text) => text });
}

test('lines stand around the cells', () => {
  assert.deepEqual(drawn(Number.POSITIVE_INFINITY), [
    '┌────┬─────────────┬──────┐',
    '│ id │ name        │ user │',
    '├────┼─────────────┼──────┤',
    '│ 0  │ a-long-name │ root │',
    '│ 12 │ 名前        │ ann  │',
    '└────┴─────────────┴──────┘',
  ]);
});

test('it is never wider than the terminal: texts are cut, then columns go', () => {
  for (const width of [15, 18, 22, 24, 27])
    for (const line of drawn(width)) assert.ok(displayWidth(line) <= width, line);
  assert.ok(drawn(22)[1]?.includes('user'));
  assert.ok(!drawn(18)[1]?.includes('user'));
});
