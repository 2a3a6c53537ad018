/** The core of it on every Node that is supported: the daemon, the command and the apps. */
import assert from 'node:assert/strict';
import { readlinkSync, realpathSync } from 'node:fs';
import { test } from 'node:test';
import type { CrashRecord } from '../../src/protocol/api.ts';
import { events, happened } from '../support/journal.ts';
import { startLoad } from '../support/load.ts';
import { logged } from '../support/log-file.ts';
import { allNodes, thisNode } from '../support/nodes.ts';
import { freePort } from '../support/ports.ts';
import { isAlive } from '../support/processes.ts';
import { app } from '../support/root.ts';
import { testHome } from '../support/test-home.ts';
import { until } from '../support/until.ts';

for (const node of allNodes().filter(({ major }) => major !== thisNode.major)) {
  test(`Node ${node.major}: start, reload, crash, logs, a killed daemon`, async (t) => {
    const home = testHome(t, { node: node.path });
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    await home.ok(['start', app('crash-on-request.js'), '-n', 'web', '-i', '2', '-p', String(port)]);
    const first = (await home.ready('web', 2)).map(({ pid }) => pid ?? 0);
    for (const pid of [...first, home.daemonPid()])
      assert.equal(readlinkSync(`/proc/${pid}/exe`), realpathSync(node.path));

    const load = await startLoad(t, { url, expect: 'url', connections: 4 });
    await home.ok(['reload', 'web']);
    const second = (await home.ready('web', 2)).map(({ pid }) => pid ?? 0);
    assert.deepEqual(
      second.filter((pid) => first.includes(pid)),
      [],
    );
    const daemon = home.daemonPid();
    process.kill(daemon, 'SIGKILL');
    await until(() => home.daemonPid() !== daemon && isAlive(home.daemonPid()), {
      why: 'the next daemon is there',
    });
    assert.deepEqual(
      (await home.ready('web', 2)).map(({ pid }) => pid),
      second,
    );
    const calm = await load.stop();
    assert.equal(calm.failed, 0, JSON.stringify(calm));

    await assert.rejects(fetch(`${url}/crash`));
    await happened(home, 'instance.crashed', { about: 'web' });
    await home.ready('web', 2);
    const crashes = async () => (await home.ok(['crashes', '--json'])).json<CrashRecord[]>();
    const crash = await until(async () => (await crashes())[0], { why: 'the crash is recorded', every: 100 });
    assert.ok(crash.lastOutput.some(({ text }) => text === 'Error: a bug in the app'));

    // A port that nobody named is offered over another channel.
    const other = await freePort();
    await home.ok([
      'start',
      app('listens-elsewhere.js'),
      '-n',
      'other',
      '-i',
      '2',
      '-e',
      `OTHER_PORT=${other}`,
    ]);
    assert.match(await (await fetch(`http://127.0.0.1:${other}/`)).text(), /^elsewhere/);
    assert.equal((await home.show('other')).ports[0]?.held, true);

    assert.equal((await home.run(['start', app('five-thousand-lines.js'), '-n', 'chatty'])).code, 1);
    await home.ok(['stop', 'chatty']);
    assert.match(logged(home, 'chatty')[4999]?.text ?? '', /^line 5000 of 5000/);
    assert.equal(events(home, 'instance.crashed', 'other').length, 0);
  });
}
