/** What the pages tell people to do on one machine is done, page by page, with the real program. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { requireProgram } from '../support/programs.ts';
import { testHome } from '../support/test-home.ts';
import { pages } from './pages.ts';
import { missingLine, stepsOf, walk } from './walk.ts';

test('what the pages tell people to do works, in the order of the page', async (t) => {
  if (!requireProgram(t, 'git')) return;
  const home = testHome(t);
  const problems: string[] = [];
  let walked = 0;
  for (const page of pages()) {
    const steps = stepsOf(page);
    if (steps.length === 0) continue;
    walked += 1;
    const problem = await walk(home, steps, `walk-${walked}`);
    if (problem) problems.push(problem);
    await home.look(['down']);
  }
  assert.deepEqual(problems, []);
  assert.ok(walked >= 5, `only ${walked} pages were walked`);
});

test('what a page shows is compared by its shape', () => {
  const said = ['web.0 starting (pid 4711)', 'web.0 ready (in 242ms)', 'web is reloaded'];
  assert.equal(missingLine(['web.0 starting (pid 1)', '…', 'web is reloaded'], said), null);
  assert.equal(missingLine(['web is reloaded', 'web.0 ready (in 1.2s)'], said), 'web.0 ready (in 1.2s)');
  assert.equal(missingLine(['web.0 is ready (in 242ms)'], said), 'web.0 is ready (in 242ms)');
});
