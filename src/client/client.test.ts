import assert from 'node:assert/strict';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { cleanup } from '../../test/support/cleanup.ts';
import { appView, fakeDaemon } from '../../test/support/fake-daemon.ts';
import { tempDir } from '../../test/support/temp-dir.ts';
import { HoldfastError } from '../errors.ts';
import { identify } from '../kit/proc.ts';
import { bootRecordPath } from '../protocol/boot.ts';
import type { HoldfastEvent } from '../protocol/events.ts';
import { homePaths } from '../protocol/home.ts';
import { isStoppedByInit } from './ask-init.ts';
import { connect, connectIfRunning, connectNow } from './connect.ts';

const ready: HoldfastEvent = {
  seq: 1,
  time: '2026-03-01T12:00:00.000Z',
  type: 'instance.ready',
  app: 'web',
  instance: 'web.0',
};

test('a change tells what happens meanwhile, then resolves with its result', async (t) => {
  const home = tempDir(t);
  const daemon = await fakeDaemon(t, home);
  daemon.apps = [appView('web')];
  daemon.outcomes['POST /v1/apps/web/scale'] = { events: [ready] };
  const client = await connect({ home });
  cleanup(t, () => client.close());
  const events: HoldfastEvent[] = [];
  const app = await client.scale('web', 4, { onEvent: (event) => events.push(event) });
  assert.equal(app.name, 'web');
  assert.deepEqual(events, [ready]);
  assert.deepEqual(daemon.requests.at(-1), { what: 'POST /v1/apps/web/scale', body: { instances: 4 } });
});

test('a change that fails rejects with the error of the daemon, details and all', async (t) => {
  const home = tempDir(t);
  const daemon = await fakeDaemon(t, home);
  const error = new HoldfastError('ROLLOUT_FAILED', 'The new web.0 did not get ready', {
    hint: 'h',
    details: ['err | x'],
  });
  daemon.outcomes['POST /v1/apps/web/reload'] = { error };
  const client = await connect({ home });
  cleanup(t, () => client.close());
  await assert.rejects(client.reload('web'), (caught: HoldfastError) => {
    assert.deepEqual(caught.toBody(), error.toBody());
    return true;
  });
});

test('an answer that is an error status is an error', async (t) => {
  const home = tempDir(t);
  const daemon = await fakeDaemon(t, home);
  daemon.outcomes['GET /v1/apps/nope'] = {
    error: new HoldfastError('APP_UNKNOWN', 'There is no app "nope"'),
  };
  const client = await connect({ home });
  cleanup(t, () => client.close());
  await assert.rejects(client.app('nope'), { code: 'APP_UNKNOWN', message: 'There is no app "nope"' });
});

test('a daemon that dies in the middle of a change is said to be gone', async (t) => {
  const home = tempDir(t);
  const daemon = await fakeDaemon(t, home);
  daemon.outcomes['POST /v1/apps/web/stop'] = { events: [ready], cut: true };
  const client = await connect({ home });
  cleanup(t, () => client.close());
  await assert.rejects(client.stop('web'), { code: 'DAEMON_UNREACHABLE' });
});

test('events of the past come first, then new ones, until the signal', async (t) => {
  const home = tempDir(t);
  const daemon = await fakeDaemon(t, home);
  daemon.events = [ready];
  const client = await connect({ home });
  cleanup(t, () => client.close());
  const stop = new AbortController();
  const seen: number[] = [];
  for await (const { seq } of client.events({ tail: 5, follow: true, signal: stop.signal })) {
    seen.push(seq);
    if (seq === 1) daemon.publish({ ...ready, seq: 2 });
    else stop.abort();
  }
  assert.deepEqual(seen, [1, 2]);
});

test('a stream of events that breaks is an error, not an end', async (t) => {
  const home = tempDir(t);
  const daemon = await fakeDaemon(t, home);
  daemon.events = [ready];
  const client = await connect({ home });
  cleanup(t, () => client.close());
  await assert.rejects(
    async () => {
      for await (const _ of client.events({ tail: 1, follow: true })) await daemon.die();
    },
    { code: 'DAEMON_UNREACHABLE' },
  );
});

test('a daemon of another API version is not spoken to', async (t) => {
  const home = tempDir(t);
  (await fakeDaemon(t, home)).api = 99;
  await assert.rejects(connect({ home }), { code: 'DAEMON_MISMATCH' });
});

test('nobody there: an error for what needs a daemon, null for what only looks', async (t) => {
  const home = tempDir(t);
  await assert.rejects(connect({ home }), { code: 'DAEMON_UNREACHABLE' });
  assert.equal(await connectIfRunning(home), null);
  writeFileSync(`${home}/file`, '');
  assert.equal(await connectIfRunning(`${home}/file`), null);
});

test('a socket that a dead daemon left is nobody', async (t) => {
  const home = tempDir(t);
  const { control } = homePaths(home);
  await (await fakeDaemon(t, home)).die();
  rmSync(control, { force: true });
  // A listener that ends without removing its socket: what kill -9 leaves.
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(`${control}.old`, resolve));
  const { linkSync } = await import('node:fs');
  linkSync(`${control}.old`, control);
  await new Promise((resolve) => server.close(resolve));
  assert.equal(await connectNow(home), null);
});

test('something on the socket that is no daemon is an error', async (t) => {
  const home = tempDir(t);
  const { control } = homePaths(home);
  await (await fakeDaemon(t, home)).die();
  const server = createServer((socket) =>
    socket
      .on('error', () => undefined)
      .resume()
      .end('SSH-2.0-x\r\n'),
  );
  cleanup(t, () => new Promise((resolve) => server.close(resolve)));
  await new Promise<void>((resolve) => server.listen(control, resolve));
  await assert.rejects(connectNow(home), { code: 'DAEMON_UNREACHABLE' });
});

test('what an init system has stopped is not started by a look at it', async (t) => {
  const home = tempDir(t);
  const { state } = homePaths(home);
  mkdirSync(state, { recursive: true });
  writeFileSync(join(state, 'desired.json'), '{"apps": {"web": {}}}');
  const record = { init: 'systemd', scope: 'system', name: 'holdfast', user: 'root', start: ['/nothere'] };
  writeFileSync(bootRecordPath(home), JSON.stringify(record));
  assert.equal(isStoppedByInit(home), true);
  assert.equal(await connectIfRunning(home), null);
  const alive = { instances: [{ process: null }, { process: identify(process.pid) }] };
  writeFileSync(join(state, 'instances.json'), JSON.stringify(alive));
  assert.equal(isStoppedByInit(home), false, 'its apps are alive: they want a daemon');
  rmSync(bootRecordPath(home));
  assert.equal(isStoppedByInit(home), false, 'it is started by hand');
});
