import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { root } from '../../test/support/root.ts';
import { configJsonSchema, type JsonSchema } from './json-schema.ts';
import { renderConfigTypes } from './print-types.ts';
import { renderConfigReference, renderJsonSchema } from './reference.ts';

const how = 'run `npm run build && node scripts/generate-reference.js`';

test('the published JSON Schema is that of the settings', () => {
  assert.equal(readFileSync(join(root, 'schema/holdfast.schema.json'), 'utf8'), renderJsonSchema(), how);
});

test('the reference page is that of the settings', () => {
  assert.equal(
    readFileSync(join(root, 'docs/reference/configuration.md'), 'utf8'),
    renderConfigReference(),
    how,
  );
});

test('the types that editors show are those of the settings', () => {
  assert.equal(readFileSync(join(root, 'src/config/config-types.ts'), 'utf8'), renderConfigTypes(), how);
});

test('every setting says what it does', () => {
  const silent: string[] = [];
  const visit = (node: JsonSchema, path: string): void => {
    for (const [key, inner] of Object.entries(node.properties ?? {})) {
      if (!inner.description) silent.push(`${path}${key}`);
      visit(inner, `${path}${key}.`);
    }
    for (const inner of node.anyOf ?? []) visit(inner, path);
    if (typeof node.additionalProperties === 'object') visit(node.additionalProperties, `${path}*.`);
  };
  visit(configJsonSchema(), '');
  assert.deepEqual(silent, []);
});
