/** However many commands begin at once, there is one daemon, and none of them is in the way of another. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { events } from '../support/journal.ts';
import { freePort } from '../support/ports.ts';
import { processesWith } from '../support/processes.ts';
import { app } from '../support/root.ts';
import { type TestHome, testHome } from '../support/test-home.ts';
import { until } from '../support/until.ts';

function daemons(home: TestHome): number[] {
  const title = `holdfast daemon ${home.paths.home}`;
  const named = (command: string) =>
    command.startsWith(title) || command.includes(`main.js --home ${home.paths.home}`);
  return processesWith(home.paths.home)
    .filter(({ command }) => named(command) && !command.includes('holdfast-holder'))
    .map(({ pid }) => pid);
}

describe('commands at once', () => {
  test('start one daemon, and all do what they say', async (t) => {
    const home = testHome(t);
    const names = ['one', 'two', 'three', 'four'];
    await Promise.all(names.map((name) => home.ok(['start', app('never-listens.js'), '-n', name])));
    await until(() => daemons(home).length === 1, { why: 'one daemon is left' });
    assert.deepEqual(daemons(home), [home.daemonPid()]);
    assert.equal(events(home, 'daemon.started').length, 1);
    const apps = await home.apps();
    assert.deepEqual(apps.map(({ name }) => name).sort(), [...names].sort());
    assert.deepEqual(new Set(apps.map(({ status }) => status)), new Set(['running']));
  });

  test('on one app end in one state', async (t) => {
    const home = testHome(t);
    const port = String(await freePort());
    const starts = await Promise.all(
      [1, 2].map(() => home.run(['start', app('hello.js'), '-n', 'web', '-p', port])),
    );
    assert.deepEqual(
      starts.map(({ code }) => code).sort(),
      [0, 1],
      starts.map(({ stderr }) => stderr).join(),
    );
    assert.match(starts.find(({ code }) => code === 1)?.stderr ?? '', /an app of this name runs already/);

    const changes = [
      ['scale', 'web', '3'],
      ['reload', 'web'],
      ['scale', 'web', '2'],
      ['reload', 'web'],
    ];
    const results = await Promise.all(changes.map((args) => home.run(args)));
    for (const { code, stderr } of results)
      assert.ok(code === 0 || /busy|superseded|another/i.test(stderr), stderr);
    const [web] = await home.apps();
    await home.ready('web', web?.wanted);
    assert.ok(web?.wanted === 2 || web?.wanted === 3);
  });

  test('one that another thwarts does not say that it has done what it was asked for', async (t) => {
    const home = testHome(t);
    for (const [verb, word] of [
      ['stop', 'stopped'],
      ['delete', 'deleted'],
    ] as const) {
      const start = home.run([
        'start',
        'node -e "setInterval(() => {}, 1000)"',
        '-n',
        word,
        '--ready',
        'message',
      ]);
      await until(() => events(home, 'instance.spawned', word).length === 1, { why: 'it is being started' });
      await home.ok([verb, word]);
      const { code, stderr } = await start;
      assert.equal(code, 1, stderr);
      assert.match(stderr, new RegExp(`"${word}" does not run: it was ${word} meanwhile`));
    }
  });
});
