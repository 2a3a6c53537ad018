/** `restart.cron` replaces what runs, by the clock. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { configure } from '../support/config-file.ts';
import { events, happened } from '../support/journal.ts';
import { startLoad } from '../support/load.ts';
import { freePort } from '../support/ports.ts';
import { app } from '../support/root.ts';
import { testHome } from '../support/test-home.ts';

test('restart.cron replaces the instances by the clock, and no request is lost', async (t) => {
  const home = testHome(t);
  const port = await freePort();
  const restart = { cron: '*/2 * * * * *' };
  configure(home, { apps: { web: { run: app('hello.js'), port, instances: 2, restart } } });
  await home.ok(['up']);
  const url = `http://127.0.0.1:${port}/`;
  const load = await startLoad(t, { url, expect: 'url', connections: 2, pauseMs: 10 });
  await happened(home, 'rollout.done', { about: 'web', after: 1 });
  const report = await load.stop();
  assert.equal(report.refused, 0, JSON.stringify(report));
  assert.equal(report.failed, 0, JSON.stringify(report));
  await home.ok(['stop', 'web']);
  const replaced = events(home, 'rollout.done', 'web').reduce(
    (sum, { data }) => sum + Number(data?.replaced),
    0,
  );
  assert.ok(replaced >= 2, `${replaced} instances were replaced`);
  const [reloaded] = events(home, 'app.changed', 'web').filter(({ data }) => data?.change === 'reloaded');
  assert.equal(reloaded?.reason, 'by the clock');
});
