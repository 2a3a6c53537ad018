/** What `import … from 'holdfast'` gives to other programs, with the built package. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { app, root } from '../support/root.ts';
import { testHome } from '../support/test-home.ts';

test('connect() answers how things are and says what happens', async (t) => {
  const home = testHome(t);
  await home.ok(['start', app('hello.js'), '-n', 'web']);
  const entry = pathToFileURL(join(root, 'dist', 'index.js')).href;
  const { connect, defineConfig, HoldfastError } = (await import(
    entry
  )) as typeof import('../../src/index.ts');

  const client = await connect({ home: home.paths.home });
  t.after(() => client.close());
  const [web] = await client.apps();
  assert.deepEqual([web?.name, web?.status], ['web', 'running']);
  const seen: string[] = [];
  const scaled = await client.scale('web', 2, { onEvent: ({ type }) => seen.push(type) });
  assert.equal(scaled.instances.length, 2);
  assert.ok(seen.includes('instance.ready'), seen.join());
  await assert.rejects(client.reload('nope'), (error: unknown) => {
    return error instanceof HoldfastError && error.code === 'APP_UNKNOWN';
  });
  assert.deepEqual(defineConfig({ apps: {} }), { apps: {} });
});
