import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { root } from '../../test/support/root.ts';
import { renderCommandReference, renderManPage } from './reference.ts';

test('docs/reference/commands.md is what the program says', () => {
  const page = readFileSync(join(root, 'docs', 'reference', 'commands.md'), 'utf8');
  assert.equal(page, renderCommandReference(), 'run: node scripts/generate-reference.js');
});

test('man/hold.1 is what the program says', () => {
  const page = readFileSync(join(root, 'man', 'hold.1'), 'utf8');
  assert.equal(page, renderManPage(), 'run: node scripts/generate-reference.js');
});
