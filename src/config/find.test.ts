import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { tempDir } from '../../test/support/temp-dir.ts';
import { findConfigFile } from './find.ts';

test('a configuration further down is named, and how to use it; packages have none that is meant', (t) => {
  const cwd = tempDir(t);
  for (const dir of ['services/api', 'node_modules/other']) mkdirSync(join(cwd, dir), { recursive: true });
  writeFileSync(join(cwd, 'node_modules/other/holdfast.config.ts'), '');
  const usual = { code: 'CONFIG_NOT_FOUND', hint: /^Name the file with `-f`/ };
  assert.throws(() => findConfigFile({ cwd }), usual);
  writeFileSync(join(cwd, 'services/api/holdfast.config.json'), '{}');
  assert.throws(() => findConfigFile({ cwd }), {
    code: 'CONFIG_NOT_FOUND',
    hint: /"services\/api\/holdfast\.config\.json".*`-f services\/api\/holdfast\.config\.json`/,
  });
});
