/** An app that eats memory is replaced before it hurts, and nobody notices. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { configure } from '../support/config-file.ts';
import { events, happened } from '../support/journal.ts';
import { startLoad } from '../support/load.ts';
import { freePort } from '../support/ports.ts';
import { script } from '../support/scripts.ts';
import { testHome } from '../support/test-home.ts';

/** A server that keeps 200 MB when it is told to, itself or in a process that it has started. */
const EATER = `
const hoard = [];
const eat = 'const hoard = Buffer.alloc(200e6, 1); setInterval(() => hoard.length, 1e6);';
require('node:http').createServer((req, res) => {
  if (req.url === '/eat') hoard.push(Buffer.alloc(200e6, 1));
  if (req.url === '/child') require('node:child_process').spawn(process.execPath, ['-e', eat], { detached: false });
  res.end(String(process.pid));
}).listen(process.env.PORT);
`;

for (const [how, path] of [
  ['itself', '/eat'],
  ['in a process that it started', '/child'],
]) {
  test(`an app that eats memory ${how} is replaced without a gap`, async (t) => {
    const home = testHome(t);
    const port = await freePort();
    configure(home, { apps: { web: { run: script(home, 'eater.js', EATER), port, memory: '150MB' } } });
    await home.ok(['up']);
    const url = `http://127.0.0.1:${port}`;
    const [before] = await home.ready('web', 1);
    const load = await startLoad(t, { url: `${url}/` });
    await fetch(`${url}${path}`);
    const worn = await happened(home, 'instance.worn', { about: 'web' });
    assert.match(worn.reason ?? '', /^it uses \d+ MB of memory, its limit is 150 MB$/);
    await happened(home, 'rollout.done', { about: 'web' });
    const result = await load.stop();
    assert.equal(result.failed, 0);
    const [after] = await home.ready('web', 1);
    assert.notEqual(after?.pid, before?.pid);
    // The new one is well.
    assert.equal(events(home, 'instance.worn').length, 1);
    assert.equal(events(home, 'instance.crashed').length, 0);
  });
}

test('a hard limit is kept by the kernel, and named in the crash; where there is none, the app runs and an event says why', async (t) => {
  const home = testHome(t);
  const port = await freePort();
  const run = script(home, 'eater.js', EATER);
  configure(home, { apps: { web: { run, port, memory: { hard: '150MB' }, pids: 100 } } });
  await home.ok(['up']);
  const url = `http://127.0.0.1:${port}`;
  assert.match(await (await fetch(url)).text(), /^\d+$/);
  const [missing] = events(home, 'limit.unavailable', 'web');
  if (missing?.reason?.startsWith('memory.hard')) {
    assert.match(missing.reason, /^memory\.hard is not kept: .*(cgroup|Holdfast runs as)/);
    return;
  }
  await fetch(`${url}/eat`).catch(() => undefined);
  await happened(home, 'instance.crashed', { about: 'web' });
  await home.ready('web', 1);
  assert.match((await home.ok(['crashes', 'web'])).stdout, /memory/);
});
