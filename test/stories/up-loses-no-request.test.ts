/** `up` changes what runs while it serves: no request fails, whether the new one is good or not. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { UpResult } from '../../src/protocol/api.ts';
import { configure } from '../support/config-file.ts';
import { startLoad } from '../support/load.ts';
import { freePort } from '../support/ports.ts';
import { isAlive } from '../support/processes.ts';
import { app } from '../support/root.ts';
import { script, versioned } from '../support/scripts.ts';
import { type TestHome, testHome } from '../support/test-home.ts';

const text = async (port: number): Promise<string> => (await fetch(`http://127.0.0.1:${port}/`)).text();

async function pidsOf(home: TestHome, name: string): Promise<(number | null)[]> {
  return (await home.ready(name)).map(({ pid }) => pid);
}

describe('up', () => {
  test('starts what is new, changes what is different, ends what is gone, and leaves the rest alone', async (t) => {
    const home = testHome(t);
    const [port, other] = [await freePort(), await freePort()];
    const web = { run: app('hello.js'), port, instances: 2, env: { VERSION: '1' } };
    const same = { run: app('never-listens.js'), ready: 'started' as const };
    configure(home, { apps: { web, same, old: { ...same } } });
    await home.ok(['up']);
    const [[samePid], [oldPid], webPids] = [
      await pidsOf(home, 'same'),
      await pidsOf(home, 'old'),
      await pidsOf(home, 'web'),
    ];
    const load = await startLoad(t, { url: `http://127.0.0.1:${port}/`, expect: 'url' });

    configure(home, {
      apps: { web: { ...web, env: { VERSION: '2' } }, same, young: { run: app('hello.js'), port: other } },
    });
    const planned = (await home.ok(['up', '--plan', '--json'])).json<UpResult>().changes;
    const words = (changes: UpResult['changes']) => changes.map(({ kind, name }) => `${kind} ${name}`).sort();
    assert.deepEqual(words(planned), ['add young', 'change web', 'remove old']);
    assert.deepEqual(planned.find(({ name }) => name === 'web')?.detail.length, 1);
    assert.match((await home.ok(['up', '--plan'])).stdout, /VERSION/);
    assert.deepEqual(await pidsOf(home, 'web'), webPids);

    const { changes } = (await home.ok(['up', '--json'])).json<UpResult>();
    assert.deepEqual(words(changes), words(planned));
    assert.match(await text(port), /version 2/);
    assert.match(await text(other), /^hello from young/);
    assert.deepEqual(await pidsOf(home, 'same'), [samePid]);
    assert.equal(isAlive(oldPid ?? 0), false);
    assert.deepEqual((await home.apps()).map(({ name }) => name).sort(), ['same', 'web', 'young']);
    const report = await load.stop();
    assert.equal(report.failed, 0, JSON.stringify(report));

    // Only a number: nothing is replaced.
    const before = await pidsOf(home, 'web');
    configure(home, {
      apps: {
        web: { ...web, instances: 3, env: { VERSION: '2' } },
        same,
        young: { run: app('hello.js'), port: other },
      },
    });
    assert.deepEqual(words((await home.ok(['up', '--json'])).json<UpResult>().changes), ['scale web']);
    assert.deepEqual((await pidsOf(home, 'web')).slice(0, 2), before);
  });

  test('that fails leaves the old version serving, and the next one mends it', async (t) => {
    const home = testHome(t);
    const port = await freePort();
    script(home, 'good.js', versioned('1'));
    script(home, 'bad.js', "throw new Error('version 2 is broken');");
    configure(home, { apps: { web: { run: 'good.js', port, instances: 2 } } });
    await home.ok(['up']);
    const pids = await pidsOf(home, 'web');
    const load = await startLoad(t, { url: `http://127.0.0.1:${port}/`, expect: { text: 'version 1' } });
    configure(home, { apps: { web: { run: 'bad.js', port, instances: 2 } } });
    const { code, stderr } = await home.run(['up']);
    assert.equal(code, 1);
    assert.match(stderr, /The new web\.0 did not get ready: exited with code 1/);
    assert.match(stderr, /version 2 is broken/);
    assert.deepEqual(await pidsOf(home, 'web'), pids);
    assert.equal((await load.stop()).failed, 0);
    assert.match((await home.show('web')).plan.command.file, /good\.js$/);

    // It is still what the file says, so the next `up` tries again.
    script(home, 'bad.js', versioned('2'));
    await home.ok(['up']);
    assert.match(await text(port), /version 2/);
  });
});
