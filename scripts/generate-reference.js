// Writes what is printed from the source: the JSON Schema, the types that editors show, and the reference pages.
// Run `npm run build` first.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { renderCommandReference, renderManPage } from '../dist/cli/reference.js';
import { renderConfigTypes } from '../dist/config/print-types.js';
import { renderConfigReference, renderJsonSchema } from '../dist/config/reference.js';

const files = {
  'schema/holdfast.schema.json': renderJsonSchema(),
  'src/config/config-types.ts': renderConfigTypes(),
  'docs/reference/configuration.md': renderConfigReference(),
  'docs/reference/commands.md': renderCommandReference(),
  'man/hold.1': renderManPage(),
};

for (const [name, text] of Object.entries(files)) {
  const path = fileURLToPath(new URL(`../${name}`, import.meta.url));
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  console.log(`wrote ${name}`);
}
