/** An app that crashes is started again, slower and slower, and not for ever. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { chmodSync, renameSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { describe, test } from 'node:test';
import type { AppDetail } from '../../src/protocol/api.ts';
import { cleanup } from '../support/cleanup.ts';
import { configure } from '../support/config-file.ts';
import { events, happened } from '../support/journal.ts';
import { plainUser } from '../support/plain-user.ts';
import { freePort } from '../support/ports.ts';
import { isAlive } from '../support/processes.ts';
import { app } from '../support/root.ts';
import { script, versioned } from '../support/scripts.ts';
import { testHome } from '../support/test-home.ts';
import { until } from '../support/until.ts';

describe('a crash loop', () => {
  test('ends in "failed", and `start` tries again', async (t) => {
    const home = testHome(t);
    const port = await freePort();
    script(home, 'app.js', 'throw new Error("no database");');
    const giveUpAfter = { crashes: 5, within: '1m' };
    configure(home, {
      apps: { web: { run: 'app.js', port, restart: { backoff: ['20ms', '1s'], giveUpAfter } } },
    });

    const up = await home.run(['up']);
    assert.equal(up.code, 1);
    assert.match(up.stderr, /web\.0 did not start: exited with code 1/);
    assert.match(up.stderr, /Error: no database/);

    const { reason } = await happened(home, 'instance.failed', { about: 'web' });
    assert.match(reason ?? '', /gave up after 5 crashes within 60 s, the last: exited with code 1/);
    const pauses = events(home, 'instance.backoff', 'web').map(({ data }) => Number(data?.delayMs));
    assert.equal(pauses.length, 4);
    pauses.forEach((pause, n) => {
      const most = 20 * 2 ** n;
      assert.ok(pause >= most / 2 - 1 && pause <= most, `pause ${n} is ${pause} ms, of at most ${most}`);
    });
    assert.equal((await home.apps())[0]?.status, 'failed');
    assert.equal((await home.ok(['crashes', 'web', '--json'])).json<unknown[]>().length, 5);

    const again = await home.run(['start', 'web']);
    assert.equal(again.code, 1);
    await happened(home, 'instance.failed', { about: 'web', after: 1 });

    script(home, 'app.js', versioned('mended'));
    await home.ok(['start', 'web']);
    assert.match(await (await fetch(`http://127.0.0.1:${port}/`)).text(), /version mended/);
    assert.equal((await home.apps())[0]?.status, 'running');
  });

  test('of one instance is no concern of the others', async (t) => {
    const home = testHome(t);
    const port = await freePort();
    script(home, 'app.js', `if (process.env.HOLDFAST_INSTANCE === '1') process.exit(9);\n${versioned('1')}`);
    const restart = {
      backoff: ['10ms', '50ms'] as [string, string],
      giveUpAfter: { crashes: 3, within: '1m' },
    };
    configure(home, {
      apps: {
        web: { run: 'app.js', instances: 2, port, restart },
        other: { run: app('hello.js'), port: await freePort() },
      },
    });
    assert.equal((await home.run(['up'])).code, 1);
    await happened(home, 'instance.failed', { about: 'web.1' });
    const [web, other] = await home.apps();
    assert.deepEqual([web?.status, other?.status], ['degraded', 'running']);
    assert.match(await (await fetch(`http://127.0.0.1:${port}/`)).text(), /version 1/);
  });
});

describe('a program that cannot be started', () => {
  for (const [code, breakIt, mendIt] of [
    [
      'ENOENT',
      (path: string) => renameSync(path, `${path}.away`),
      (path: string) => renameSync(`${path}.away`, path),
    ],
    ['EACCES', (path: string) => chmodSync(path, 0o644), (path: string) => chmodSync(path, 0o755)],
  ] as const) {
    test(`is retried until it can be (${code})`, async (t) => {
      const home = testHome(t);
      const program = script(home, 'program', '#!/bin/sh\necho up\nexec sleep 1000\n', 0o755);
      await home.ok(['start', program, '-n', 'jobs']);
      const [instance] = await home.ready('jobs', 1);
      const daemon = home.daemonPid();

      breakIt(program);
      process.kill(instance?.pid ?? 0, 'SIGKILL');
      const { reason } = await happened(home, 'instance.spawn-failed', { about: 'jobs' });
      assert.match(reason ?? '', new RegExp(`cannot start "${program}": .*\\(${code}\\)`));
      await happened(home, 'instance.spawn-failed', { about: 'jobs', after: 1 });
      const [shown] = (await home.show('jobs')).instances;
      assert.ok(['backoff', 'starting'].includes(shown?.status ?? ''), shown?.status);
      assert.match(shown?.reason ?? '', new RegExp(code));

      mendIt(program);
      await home.ready('jobs', 1);
      assert.equal(home.daemonPid(), daemon);
      assert.ok(isAlive(daemon));
    });
  }

  test('because the machine is out of processes is retried until there are some (EAGAIN)', async (t) => {
    const home = testHome(t);
    const user = plainUser(t, home);
    if (!user) return;
    const { node } = user;
    await home.ok(['start', app('hello.js'), '-n', 'web', '-p', String(await freePort())], { node });
    const { pid } = (await home.ok(['show', 'web', '--json'], { node })).json<AppDetail>().instances[0] ?? {};
    const daemon = home.daemonPid();
    user.mayStart(daemon, false);
    process.kill(pid ?? 0, 'SIGKILL');
    const { reason } = await happened(home, 'instance.spawn-failed', { about: 'web', after: 1 });
    assert.match(reason ?? '', /EAGAIN/);
    user.mayStart(daemon, true);
    await happened(home, 'instance.ready', { about: 'web', after: 1 });
    assert.equal(home.daemonPid(), daemon);
    await home.ok(['down'], { node });
  });

  test('fails the command that starts it, which says why', async (t) => {
    const home = testHome(t);
    const program = script(home, 'program', '#!/no/such/interpreter\n', 0o755);
    const { code, stderr } = await home.run(['start', program, '-n', 'jobs']);
    assert.equal(code, 1);
    assert.match(stderr, /jobs\.0 did not start: cannot start ".*program": .*\(ENOENT\)/);
    assert.equal((await home.apps())[0]?.status, 'degraded');

    script(home, 'program', '#!/bin/sh\nexec sleep 1000\n', 0o755);
    await until(async () => (await home.apps())[0]?.status === 'running', {
      why: 'it runs at last',
      every: 100,
    });
  });
});

test('a start that fails says why, and shows the error and not only the end of its stack', async (t) => {
  const home = testHome(t);
  const taken = createServer().listen(0);
  await once(taken, 'listening');
  cleanup(t, () => taken.close());
  const { port } = taken.address() as AddressInfo;
  const { code, stderr } = await home.run(['start', app('hello.js'), '-n', 'web', '-e', `PORT=${port}`]);
  assert.equal(code, 1);
  const why = `web\\.0 did not start: exited with code 1: port ${port} is in use by .+ \\(pid ${process.pid}\\)`;
  assert.match(stderr, new RegExp(why));
  assert.match(stderr, /err \| Error: listen EADDRINUSE/);
});
