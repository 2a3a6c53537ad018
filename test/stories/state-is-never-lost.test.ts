/** What shall run is on disk, whole, whatever happens to the disk. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { events } from '../support/journal.ts';
import { freePort } from '../support/ports.ts';
import { isAlive } from '../support/processes.ts';
import { app } from '../support/root.ts';
import { type TestHome, testHome } from '../support/test-home.ts';
import { until } from '../support/until.ts';

/** Kills daemon and holder, so that nothing comes back before the next command. */
async function killAll(home: TestHome): Promise<void> {
  for (const file of [home.paths.holderPid, home.paths.daemonPid]) {
    const { pid } = JSON.parse(readFileSync(file, 'utf8'));
    process.kill(pid, 'SIGKILL');
    await until(() => !isAlive(pid), { why: 'it is dead' });
  }
}

describe('a damaged state file', () => {
  for (const [what, damage] of [
    ['truncated', (file: string) => truncateSync(file, 100)],
    ['empty', (file: string) => writeFileSync(file, '')],
    ['full of zeros', (file: string) => writeFileSync(file, Buffer.alloc(4096))],
  ] as const) {
    test(`that is ${what} is set aside with a warning, and the generation before it counts`, async (t) => {
      const home = testHome(t);
      await home.ok(['start', app('hello.js'), '-n', 'web', '-i', '2', '-p', String(await freePort())]);
      await home.ok(['reload', 'web']);
      const pids = (await home.ready('web', 2)).map(({ pid }) => pid);
      await killAll(home);
      const file = join(home.paths.state, 'desired.json');
      damage(file);
      const damaged = readFileSync(file);

      assert.deepEqual(
        (await home.ready('web', 2)).map(({ pid }) => pid),
        pids,
      );
      const [repaired] = events(home, 'state.repaired');
      assert.match(repaired?.reason ?? '', /desired\.json is damaged/);
      const aside = readdirSync(home.paths.state).map((name) => join(home.paths.state, name));
      assert.ok(
        aside.some(
          (path) => path !== file && !path.endsWith('crashes') && readFileSync(path).equals(damaged),
        ),
        'it is kept',
      );
    });
  }

  test('of running instances costs nothing either: they are found by what they are', async (t) => {
    const home = testHome(t);
    const port = await freePort();
    await home.ok(['start', app('hello.js'), '-n', 'web', '-i', '2', '-p', String(port)]);
    const pids = (await home.ready('web', 2)).map(({ pid }) => pid).sort();
    await killAll(home);
    writeFileSync(join(home.paths.state, 'instances.json'), '{"boot": "');
    assert.deepEqual((await home.ready('web', 2)).map(({ pid }) => pid).sort(), pids);
    await home.ok(['stop', 'web']);
    assert.deepEqual(
      pids.filter((pid) => isAlive(pid ?? 0)),
      [],
    );
  });

  test('and a damaged journal do not keep the daemon from starting', async (t) => {
    const home = testHome(t);
    await home.ok(['start', app('never-listens.js'), '-n', 'jobs']);
    await killAll(home);
    const file = join(home.paths.state, 'journal.ndjson');
    truncateSync(file, readFileSync(file).length - 10);
    await home.ready('jobs', 1);
    const { stdout } = await home.ok(['events', '--json']);
    assert.match(stdout, /instance\.adopted/);
  });
});
