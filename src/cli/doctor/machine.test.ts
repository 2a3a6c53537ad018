/** `hold doctor` on a real machine, with a daemon that a test controls. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { chmodSync, existsSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { appView, fakeDaemon } from '../../../test/support/fake-daemon.ts';
import { runCli } from '../../../test/support/run-cli.ts';
import { tempDir } from '../../../test/support/temp-dir.ts';
import type { Check } from '../../doctor/machine/check.ts';

test('where nothing runs: it says so, and starts and makes nothing', async (t) => {
  const dir = tempDir(t);
  const home = join(dir, 'home');
  const { code, out } = await runCli(home, ['doctor'], { cwd: dir });
  assert.match(out, /^ok {4}daemon +none runs, and there is nothing to keep$/m);
  assert.equal(code, 0);
  assert.equal(existsSync(home), false);
});

test('a config file that is wrong, and a port that is taken, are told', async (t) => {
  const dir = tempDir(t);
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  t.after(() => taken.close());
  const { port } = taken.address() as AddressInfo;
  const file = join(dir, 'holdfast.config.json');
  writeFileSync(file, JSON.stringify({ apps: { web: { run: 'node -e 0', port } } }));
  const found = await runCli(join(dir, 'home'), ['doctor', '--json'], { cwd: dir });
  assert.equal(found.code, 1);
  const ports = found.json<Check[]>().filter(({ about }) => about === 'port');
  assert.deepEqual(
    ports.map(({ state, text }) => [state, text]),
    [['bad', `${port} (web) is taken by another program`]],
  );
  writeFileSync(file, '{ "apps": { "web": { "rum": "x" } } }');
  const wrong = await runCli(join(dir, 'home'), ['doctor'], { cwd: dir });
  assert.equal(wrong.code, 1);
  assert.match(wrong.out, /^bad +config .*rum.*\n +→ Correct/m);
});

test('a daemon with an app that has failed', async (t) => {
  const home = join(tempDir(t), 'home');
  const daemon = await fakeDaemon(t, home);
  daemon.apps = [appView('web', { status: 'failed' })];
  const alert = {
    level: 'failing',
    kind: 'errors.many',
    subject: 's.test',
    text: 's.test answers 100%',
    since: '',
  };
  daemon.outcomes['GET /v1/health'] = { result: { status: 'failing', problems: [alert] } };
  chmodSync(home, 0o755);
  const { code, out } = await runCli(home, ['doctor'], { cwd: tempDir(t) });
  assert.equal(code, 1);
  assert.match(out, /^bad +web +is failed/m);
  assert.match(out, /^bad +alert +s\.test answers 100%$/m);
  assert.match(out, /^bad +home +others may look into/m);
});
