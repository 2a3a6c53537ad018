import assert from 'node:assert/strict';
import { test } from 'node:test';
import { releaseRecord } from '../../../test/support/release-record.ts';
import { releaseTable } from './release-table.ts';
import { makeStyle } from './style.ts';

test('the table says who deployed, and of what came to nothing why, and what it was', () => {
  const source = { ...releaseRecord('r1').source, author: 'Bob <bob@example.com>', subject: 'New prices' };
  const records = [
    releaseRecord('r2', { source, outcome: 'rolledBack', reason: 'rolled back to r1 by a person' }),
    releaseRecord('r1', { source, outcome: 'serving' }),
    releaseRecord('r0', { outcome: 'failed', reason: 'step build failed' }),
  ];
  const [, ...lines] = releaseTable(records, { width: 200, style: makeStyle(false), now: 0 });
  assert.match(lines[0] ?? '', /r2 .*rolled back .* ann +rolled back to r1 by a person \(New prices\)$/);
  assert.match(lines[1] ?? '', /r1 .*serves .* ann +New prices$/);
  assert.match(lines[2] ?? '', /r0 .*failed .* ann +step build failed \(\/src\)$/);
});
