/** `hold ls --watch` where nothing can be redrawn. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { appView, fakeDaemon, instanceView } from '../support/fake-daemon.ts';
import { runCli } from '../support/run-cli.ts';
import { tempDir } from '../support/temp-dir.ts';

test('hold ls --watch in a pipe lists again when something has changed, not when a figure has', async (t) => {
  const home = tempDir(t);
  const daemon = await fakeDaemon(t, home);
  daemon.apps = [appView('web')];
  const ended = new AbortController();
  t.signal.addEventListener('abort', () => ended.abort());
  const listings: string[] = [];
  const { code, err } = await runCli(home, ['ls', '--watch', '--json'], {
    signal: ended.signal,
    onOut(text) {
      listings.push(text);
      // What is asked next has another figure and nothing else; what comes after that is news.
      const figure = [appView('web', { instances: [instanceView('web.0', { cpu: 0.9 })] })];
      const news = [appView('web', { status: 'failed' })];
      const answers = [figure, news];
      Object.defineProperty(daemon, 'apps', {
        get: () => (answers.length > 1 ? answers.shift() : answers[0]),
      });
      if (listings.length === 2) ended.abort();
    },
  });
  assert.deepEqual([code, err], [130, '']);
  assert.deepEqual(
    listings.map((line) => JSON.parse(line).map(({ status }: { status: string }) => status)),
    [['running'], ['failed']],
  );
});
