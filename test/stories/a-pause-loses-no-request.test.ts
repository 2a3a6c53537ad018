/** `hold pause`: requests wait while an app is away, whatever else happens, and none is lost. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { events } from '../support/journal.ts';
import { startSite } from '../support/site.ts';
import { until } from '../support/until.ts';

test('requests wait through a restart of the app, of the daemon and of the configuration, and then go on', async (t) => {
  const { home, url, configure } = await startSite(t, 'hello.js', { instances: 1 });
  const { stderr } = await home.ok(['pause', '*', '--max-wait', '2m']);
  assert.match(stderr, /^\* is paused: its requests wait for up to 2m/);
  let answered = 0;
  const requests = Array.from({ length: 5 }, async () => {
    const { status } = await fetch(url);
    answered++;
    return status;
  });
  await home.ok(['stop', 'web']);
  process.kill(home.daemonPid(), 'SIGKILL');
  configure({ env: { CHANGED: 'yes' } });
  await home.ok(['up']);
  const { stderr: listed } = await home.ok(['ls']);
  assert.match(listed, /\* is paused, its requests wait: hold resume '\*' {2}lets them go on/);
  const { notes } = await home.show('@edge');
  assert.match(notes.join('\n'), /site \* is paused since/);
  assert.equal(answered, 0);
  await home.ok(['resume', '*']);
  assert.deepEqual(new Set(await Promise.all(requests)), new Set([200]));
  await until(() => events(home, 'site.resumed').length === 1, { why: 'the journal says so' });
  assert.match((await home.ok(['resume', '*'])).stderr, /was not paused/);
  const unknown = await home.run(['pause', 'nowhere.test']);
  assert.equal(unknown.code, 1);
  assert.match(unknown.stderr, /There is no site "nowhere\.test": there are "\*"/);
});
