import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { tempDir } from '../../../test/support/temp-dir.ts';
import { systemClock } from '../../kit/clock.ts';
import type { HoldfastConfig } from '../config-types.ts';
import { readConfigFile } from '../read.ts';
import { printConfig } from './print-config.ts';

const around = { env: {}, clock: systemClock };

test('a configuration is printed as one would write it', () => {
  const config: HoldfastConfig = {
    apps: {
      web: {
        run: 'server.js',
        args: ['--port', "it's"],
        instances: 2,
        cwd: undefined,
        env: { NODE_ENV: 'production', 'odd-name': '1', LONG: 'x'.repeat(80) },
      },
      'my-job': { run: ['sh', '-c', 'echo "hi"'], env: {} },
    },
  };
  assert.equal(
    printConfig(config, { format: 'ts', notes: ['a note', `a long one: ${'word '.repeat(20)}end`] }),
    `// - a note
// - a long one: word word word word word word word word word word word word word word word word
//   word word word word end

import { defineConfig } from 'holdfast';

export default defineConfig({
  apps: {
    web: {
      run: 'server.js',
      args: ['--port', "it's"],
      instances: 2,
      env: {
        NODE_ENV: 'production',
        'odd-name': '1',
        LONG: '${'x'.repeat(80)}',
      },
    },
    'my-job': { run: ['sh', '-c', 'echo "hi"'], env: {} },
  },
});
`,
  );
});

test('what is printed reads as what was meant, whatever the texts hold', async (t) => {
  const nasty = `'"\\ \${x} \`y\` \u2028\n\r\t\u0000 */ // é 🎉`;
  const env = Object.fromEntries([
    ['__proto__', nasty],
    ['plain', nasty],
    ['0', '1'],
  ]);
  const config: HoldfastConfig = { apps: { web: { run: [nasty], env } } };
  const dir = tempDir(t);
  for (const format of ['ts', 'json'] as const) {
    const file = join(dir, `holdfast.config.${format}`);
    writeFileSync(file, printConfig(config, { format, notes: ['two\nlines */ \u2028 process.exit(1)'] }));
    const { value } = await readConfigFile(file, file, around);
    assert.deepEqual(value, config);
  }
});
