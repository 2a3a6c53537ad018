/** A process is known by pid and start time: a stranger that has the pid of an instance of before is left alone. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { events } from '../support/journal.ts';
import { freePort } from '../support/ports.ts';
import { isAlive } from '../support/processes.ts';
import { app } from '../support/root.ts';
import { startProgram, testHome } from '../support/test-home.ts';
import { until } from '../support/until.ts';

test('a stranger with the pid of an instance of before is never signalled', async (t) => {
  const home = testHome(t);
  await home.ok(['start', app('hello.js'), '-n', 'web', '-p', String(await freePort())]);
  const [instance] = await home.ready('web', 1);
  const pid = instance?.pid ?? 0;
  const stranger = startProgram(t, 'sleep', ['1000']).child;
  await once(stranger, 'spawn');

  // All is killed, and the pid of the instance is now the stranger's.
  const daemon = home.daemonPid();
  process.kill(JSON.parse(readFileSync(home.paths.holderPid, 'utf8')).pid, 'SIGKILL');
  process.kill(daemon, 'SIGKILL');
  process.kill(pid, 'SIGKILL');
  await until(() => !isAlive(pid) && !isAlive(daemon), { why: 'all is dead' });
  const file = join(home.paths.state, 'instances.json');
  const before = readFileSync(file, 'utf8');
  const forged = before.replaceAll(`"pid":${pid},`, `"pid":${stranger.pid},`);
  assert.notEqual(forged, before);
  writeFileSync(file, forged);

  const [next] = await home.ready('web', 1);
  assert.notEqual(next?.pid, stranger.pid);
  assert.equal(events(home, 'instance.adopted').length, 0);
  await home.ok(['stop', 'web']);
  await home.ok(['down']);
  assert.ok(isAlive(stranger.pid ?? 0));
});

test('a pid file that names a stranger does not make it the daemon', async (t) => {
  const home = testHome(t);
  await home.ok(['start', app('never-listens.js'), '-n', 'jobs']);
  const [instance] = await home.ready('jobs', 1);
  const stranger = startProgram(t, 'sleep', ['1000']).child;
  await once(stranger, 'spawn');
  const daemon = home.daemonPid();
  for (const file of [home.paths.holderPid, home.paths.daemonPid]) {
    const { pid, ...rest } = JSON.parse(readFileSync(file, 'utf8'));
    process.kill(pid, 'SIGKILL');
    await until(() => !isAlive(pid), { why: 'it is dead' });
    writeFileSync(file, JSON.stringify({ ...rest, pid: stranger.pid }));
  }
  const [adopted] = await home.ready('jobs', 1);
  assert.equal(adopted?.pid, instance?.pid);
  assert.ok(home.daemonPid() !== stranger.pid && home.daemonPid() !== daemon);
  await home.ok(['down']);
  assert.ok(isAlive(stranger.pid ?? 0));
});
