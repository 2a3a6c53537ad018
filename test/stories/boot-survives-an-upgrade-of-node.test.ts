/** The Node that started everything is uninstalled while all runs; what dies then comes back with another one. */
import assert from 'node:assert/strict';
import { copyFileSync, linkSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { launcherScript } from '../../src/boot/launcher-script.ts';
import { freePort } from '../support/ports.ts';
import { isAlive } from '../support/processes.ts';
import { app, root } from '../support/root.ts';
import { startProgram, testHome } from '../support/test-home.ts';
import { until } from '../support/until.ts';

test('a home that starts with the machine outlives its Node', async (t) => {
  const home = testHome(t);
  const node = join(home.dir, 'old', 'bin', 'node');
  mkdirSync(dirname(node), { recursive: true });
  try {
    linkSync(process.execPath, node);
  } catch {
    copyFileSync(process.execPath, node); // another disk
  }
  const port = await freePort();
  const url = `http://127.0.0.1:${port}/`;
  await home.ok(['start', app('hello.js'), '-n', 'web', '-p', String(port)], { node });
  const text = launcherScript({
    home: home.paths.home,
    user: 'me',
    userHome: home.dir,
    node,
    package: root,
    path: `${dirname(process.execPath)}:/usr/bin:/bin`,
  });
  mkdirSync(dirname(home.paths.launcher), { recursive: true });
  writeFileSync(home.paths.launcher, text, { mode: 0o755 });
  const before = await (await fetch(url)).text();

  rmSync(node);
  const killed = home.daemonPid();
  process.kill(killed, 'SIGKILL');
  await until(() => home.daemonPid() !== killed && isAlive(home.daemonPid()), {
    why: 'there is another daemon',
  });
  await home.ready('web', 1);
  assert.equal(await (await fetch(url)).text(), before, 'the app is the same process');

  // Also when all of it has gone: as an init starts it.
  await home.ok(['stop', 'web']);
  const script = startProgram(t, home.paths.launcher, ['run']);
  await until(() => script.stderr().includes('ready'), { why: 'it has found what runs' });
  await script.stop();
  const again = startProgram(t, home.paths.launcher, ['run']);
  await until(() => again.stderr().includes('ready: no apps to run'), { why: 'it has started a daemon' });
});
