import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Measured, updatedDocument, wholeDocument } from './document.ts';

function measured(title: string, result: string): Measured {
  return {
    title,
    about: `About ${title}.`,
    text: `figures ${result}`,
    aims: [{ what: title, aim: '<= 1', result, met: result === '1' }],
  };
}

test('some sections anew, in their order, and the rest as it was', () => {
  const whole = wholeDocument('- Machine', [measured('A', '1'), measured('C', '1')]);
  const updated = updatedDocument(whole, [measured('B', '2'), measured('A', '3')], ['A', 'B', 'C']);
  assert.deepEqual(updated.match(/^## .*$/gm), ['## Aims', '## A', '## B', '## C']);
  assert.deepEqual(updated.match(/figures \d/g), ['figures 3', 'figures 2', 'figures 1']);
  assert.match(
    updated,
    /\| A \| <= 1 \| 3 \| \*\*missed\*\* \|\n\| C \| <= 1 \| 1 \| met \|\n\| B \| <= 1 \| 2 \|/,
  );
  assert.equal(updatedDocument(updated, [], ['A', 'B', 'C']), updated);
});
