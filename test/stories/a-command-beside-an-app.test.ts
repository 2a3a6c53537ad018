/** `hold run`: what an app is, for one command: its environment, secrets, directory, user and limits. */
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { configure } from '../support/config-file.ts';
import { testHome } from '../support/test-home.ts';
import { until } from '../support/until.ts';

const say = (expression: string) => ['node', '-e', `console.log(JSON.stringify(${expression}))`];

describe('a command beside an app', () => {
  test('has what the app has, also while that is stopped', async (t) => {
    const home = testHome(t);
    mkdirSync(join(home.dir, 'api'));
    writeFileSync(join(home.dir, 'token'), 'hush\n');
    configure(home, {
      apps: {
        web: {
          run: 'sleep 1000',
          cwd: 'api',
          env: { COLOR: 'red' },
          secrets: { TOKEN: '../token' },
          umask: '027',
        },
      },
    });
    await home.ok(['up']);
    await home.ok(['stop', 'web']);
    const expression = '[process.env.COLOR, process.env.TOKEN, process.cwd(), process.umask()]';
    const result = await home.ok(['run', 'web', '--', ...say(expression)]);
    assert.deepEqual(result.json(), ['red', 'hush', join(home.dir, 'api'), 0o027]);
    // It is nothing that Holdfast keeps: no guest, no number, no stray that a daemon would adopt.
    const names = "Object.keys(process.env).filter((name) => name.startsWith('HOLDFAST_'))";
    assert.deepEqual((await home.ok(['run', 'web', '--', ...say(names)])).json(), []);
  });

  test('its exit code is the answer, its input and output are ours', async (t) => {
    const home = testHome(t);
    await home.ok(['start', 'sleep 1000', '-n', 'web']);
    assert.equal((await home.run(['run', 'web', '--', 'sh', '-c', 'exit 7'])).code, 7);
    assert.equal((await home.run(['run', 'web', '--', 'sh', '-c', 'kill -TERM $$'])).code, 143);
    const echoed = await home.ok(['run', 'web', '--', 'cat'], { input: 'to and fro' });
    assert.equal(echoed.stdout, 'to and fro');
    const missing = await home.run(['run', 'web', '--', './nothere']);
    assert.equal(missing.code, 1);
    assert.match(missing.stderr, /Cannot run ".\/nothere"/);
  });

  test('SIGTERM reaches it, and what it does then is waited for', async (t) => {
    const home = testHome(t);
    await home.ok(['start', 'sleep 1000', '-n', 'web']);
    const script =
      "process.on('SIGTERM', () => setTimeout(() => { console.log('tidied'); process.exit(4) }, 50)); console.log('on')";
    const running = home.background([
      'run',
      'web',
      '--',
      'node',
      '-e',
      `${script}; setInterval(() => {}, 1000)`,
    ]);
    await until(() => running.stdout().includes('on'), { why: 'it runs' });
    assert.equal(await running.stop('SIGTERM'), 4);
    assert.match(running.stdout(), /tidied/);
  });

  test('without a command the app must be a job', async (t) => {
    const home = testHome(t);
    await home.ok(['start', 'sleep 1000', '-n', 'web']);
    const { code, stderr } = await home.run(['run', 'web']);
    assert.equal(code, 1);
    assert.match(stderr, /Cannot run "web" now: it is no job/);
    const unknown = await home.run(['run', 'wep', '--', 'true']);
    assert.match(unknown.stderr, /There is no app "wep": did you mean "web"\?/);
  });
});
