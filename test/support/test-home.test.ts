/** The net under all system tests: what is left running must be found, and must fail the test. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { describe, test } from 'node:test';
import { OwnTest } from './own-test.ts';
import { freePort } from './ports.ts';
import { isAlive, processesWith } from './processes.ts';
import { app } from './root.ts';
import { testHome } from './test-home.ts';
import { until } from './until.ts';

describe('a test home', () => {
  test('takes down all that runs in it, and removes it', async () => {
    const t = new OwnTest();
    const home = testHome(t);
    const port = await freePort();
    await home.ok(['start', app('hello.js'), '-n', 'web', '-i', '2', '-p', String(port)]);
    const instances = await home.ready('web', 2);
    const pids = [home.daemonPid(), ...instances.map(({ pid }) => pid ?? 0)];
    assert.match(await (await fetch(`http://127.0.0.1:${port}/x`)).text(), /^hello from web\.[01] /);

    await t.end();
    assert.deepEqual(pids.filter(isAlive), []);
    assert.equal(existsSync(home.dir), false);
  });

  test('kills what the command leaves running, and fails', async () => {
    const t = new OwnTest();
    const home = testHome(t);
    const stray = spawn('sleep', ['100'], { env: { HOLDFAST_HOME: home.paths.home }, stdio: 'ignore' });
    await until(() => processesWith(home.paths.home).length === 1, { why: 'the stray is there' });
    await assert.rejects(t.end(), new RegExp(`pid ${stray.pid}: sleep 100`));
    await until(() => !isAlive(stray.pid ?? 0), { why: 'the stray is dead' });
  });

  test('says what the daemon said when a command fails', async (t) => {
    const home = testHome(t);
    await assert.rejects(home.ok(['start', 'no-such-script.js']), /no-such-script\.js/);
    const { code } = await home.run(['start', 'no-such-script.js']);
    assert.equal(code, 1);
  });
});
