/** The Next.js example, whose packages the repository does not have: see built.ts. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { builtExample } from './built.ts';
import { answersFromAll, endByThemselves, reloadUnnoticed } from './promises.ts';
import { startExamples } from './world.ts';

test('Next.js: pages by its server, files by the edge, a reload that nobody notices', {
  timeout: 420_000,
}, async (t) => {
  const dir = await builtExample(t, 'next');
  if (!dir) return;
  const world = await startExamples(t, ['next'], { built: { next: dir } });
  const { ask } = world;

  await answersFromAll(world, 'next');
  const page = await ask('next', '/');
  assert.match(page.body, /Made by process/);
  assert.equal(page.headers['x-powered-by'], undefined);
  const [style] = /\/_next\/static\/[^"]+\.css/.exec(page.body) ?? [];
  assert.ok(style, page.body);
  const file = await ask('next', style);
  assert.match(file.body, /seagreen|#2e8b57/);
  assert.equal(file.headers['cache-control'], 'public, max-age=31536000, immutable');

  const slow = ask('next', '/slow');
  await reloadUnnoticed(world);
  assert.deepEqual([(await slow).status, (await slow).body], [200, 'A reload waits for this answer\n']);
  await endByThemselves(world);
});
