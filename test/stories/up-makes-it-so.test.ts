/** `up` makes the machine equal to the file, whatever language the file is in; a second time there is nothing to do. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { UpResult } from '../../src/protocol/api.ts';
import { configure } from '../support/config-file.ts';
import { events } from '../support/journal.ts';
import { freePort } from '../support/ports.ts';
import { app } from '../support/root.ts';
import { script } from '../support/scripts.ts';
import { testHome } from '../support/test-home.ts';

const text = async (port: number): Promise<string> => (await fetch(`http://127.0.0.1:${port}/`)).text();

describe('up', () => {
  test('reads TypeScript, JavaScript, JSON and YAML: the same app is nothing to do', async (t) => {
    const home = testHome(t);
    const run = app('never-listens.js');
    const json = (name: string) =>
      JSON.stringify({ apps: { [name]: { run, ready: 'started', instances: 2, env: { FLAG: true } } } });
    const typed = `type Setting = boolean;
const flag: Setting = true;
const ready = 'started' as const;`;
    const files = {
      'ts.ts': `${typed}\nexport default { apps: { ts: { run: '${run}', ready, instances: 2, env: { FLAG: flag } } } };`,
      'mts.mts': `${typed}\nexport default async () => (${json('mts').replace('"started"', 'ready')});`,
      'mjs.mjs': `export default ${json('mjs')};`,
      'cjs.cjs': `module.exports = ${json('cjs')};`,
      'js.js': `module.exports = ${json('js')};`,
      'json.json': json('json'),
      'yaml.yaml': `apps:
  yaml:
    run: ${run}
    ready: started
    instances: 2
    env: { FLAG: true }
`,
    };
    for (const [name, content] of Object.entries(files)) {
      const path = script(home, name, content);
      await home.ok(['up', '-f', path]);
      const again = await home.ok(['up', '-f', path, '--json']);
      assert.deepEqual(again.json<UpResult>().changes, [], name);
    }
    const yaml = join(home.dir, 'yaml.yaml');
    assert.match((await home.ok(['up', '-f', yaml])).stderr, /^nothing to do$/m);
    const plans = await Promise.all(['ts', 'yaml'].map(async (name) => (await home.show(name)).plan));
    assert.deepEqual(plans[0]?.env, { FLAG: 'true' });
    assert.deepEqual({ ...plans[1], name: 'ts' }, plans[0]);
    for (const { name, instances } of await home.apps()) {
      const serials = instances.map(({ serial, restarts }) => [serial, restarts]);
      assert.deepEqual(
        serials,
        [
          [1, 0],
          [2, 0],
        ],
        name,
      );
    }
  });

  test('starts what was stopped by hand', async (t) => {
    const home = testHome(t);
    const port = await freePort();
    configure(home, { apps: { web: { run: app('hello.js'), port } } });
    await home.ok(['up']);
    await home.ok(['stop', 'web']);
    await home.ok(['up']);
    assert.match(await text(port), /^hello from web/);
    assert.equal(events(home, 'instance.crashed').length, 0);
  });

  test('in one directory does not touch what came from another, or by `start`', async (t) => {
    const home = testHome(t);
    await home.ok(['start', app('hello.js'), '-n', 'byhand', '-p', String(await freePort())]);
    configure(home, { apps: { web: { run: app('hello.js'), port: await freePort() } } });
    await home.ok(['up']);
    const other = script(
      home,
      'other.json',
      JSON.stringify({ apps: { other: { run: app('hello.js'), port: await freePort() } } }),
    );
    await home.ok(['up', '-f', other]);
    configure(home, { apps: {} });
    await home.ok(['up']);
    assert.deepEqual((await home.apps()).map(({ name }) => name).sort(), ['byhand', 'other']);

    configure(home, { apps: { byhand: { run: app('never-listens.js') } } });
    const { code, stderr } = await home.run(['up']);
    assert.equal(code, 1);
    assert.match(stderr, /Cannot take "byhand".*was started with `hold start`/);
  });
});
