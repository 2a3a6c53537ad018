/** A full disk loses no state and ends nothing; when there is room again, everything is written again. */
import assert from 'node:assert/strict';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { happened } from '../support/journal.ts';
import { startLoad } from '../support/load.ts';
import { logged } from '../support/log-file.ts';
import { freePort } from '../support/ports.ts';
import { app } from '../support/root.ts';
import { smallDisk } from '../support/small-disk.ts';
import { testHome } from '../support/test-home.ts';
import { until } from '../support/until.ts';

test('a full disk', async (t) => {
  const parent = smallDisk(t, 4 * 1024 * 1024);
  if (!parent) return;
  const home = testHome(t, { parent });
  const port = await freePort();
  const env = ['-e', 'LINES_PER_SECOND=500'];
  await home.ok(['start', app('chatty.js'), '-n', 'web', '-p', String(port), ...env]);
  await home.ok(['start', app('never-listens.js'), '-n', 'jobs']);
  const before = [...(await home.ready('web')), ...(await home.ready('jobs'))].map(({ pid }) => pid);
  const load = await startLoad(t, { url: `http://127.0.0.1:${port}/`, connections: 4 });

  const filler = join(parent, 'filler');
  fillUp(filler);
  const daemon = home.daemonPid();
  const size = () => logged(home, 'web').length;
  await until(() => fillUp(join(parent, 'filler.2')), { why: 'not a byte is left' });
  const stuck = size();

  // Commands work, and what they change counts; that it is not on disk they say.
  const { stderr } = await home.ok(['scale', 'jobs', '2']);
  assert.match(stderr, /state could not be saved \(.*ENOSPC/);
  await home.ready('jobs', 2);
  // A daemon that is killed now comes back with what is on disk, and finds what runs.
  process.kill(daemon, 'SIGKILL');
  await until(async () => (await home.apps()).length === 2 && home, { why: 'it is back', every: 100 });
  const during = [...(await home.ready('web', 1)), ...(await home.ready('jobs'))].map(({ pid }) => pid);
  for (const pid of before) assert.ok(during.includes(pid), `${pid} is among ${during}`);

  for (const name of ['filler', 'filler.2']) rmSync(join(parent, name), { force: true });
  await until(() => size() > stuck + 100, { why: 'lines are written again' });
  await happened(home, 'logs.lost', { about: 'web' });
  await home.ok(['scale', 'jobs', '3']);
  await home.ready('jobs', 3);
  assert.ok(existsSync(join(home.paths.state, 'desired.json')));
  const report = await load.stop();
  assert.equal(report.failed, 0, JSON.stringify(report));
});

/** Writes until nothing more fits; true when not even a byte did. */
function fillUp(file: string): boolean {
  let written = 0;
  for (let bytes = 64 * 1024; bytes >= 1; ) {
    try {
      writeFileSync(file, Buffer.alloc(bytes), { flag: 'a' });
      written += bytes;
    } catch {
      bytes = Math.floor(bytes / 2);
    }
  }
  return written === 0;
}
