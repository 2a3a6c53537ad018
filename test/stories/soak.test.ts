/** Much mischief in a short time; `npm run soak` does it for longer, with more. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import { soak } from '../soak/soak.ts';

test('after much mischief all is as it should be, and no line is lost', async (t) => {
  if (!existsSync('/proc/self/fd')) return t.skip('needs /proc');
  const seed = Number(process.env.HOLDFAST_TEST_SEED ?? Math.floor(Math.random() * 1e9));
  const { problems, history, summary } = await soak(t, {
    seed,
    duration: 20_000,
    apps: 6,
    instances: 12,
    say: (line) => t.diagnostic(line),
  });
  for (const line of summary) t.diagnostic(line);
  const wrong = Object.entries(problems).filter(([, found]) => found.length > 0);
  assert.deepEqual(wrong, [], `seed ${seed}: ${history.join(', ')}`);
});
