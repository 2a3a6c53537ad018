import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { cleanup, type Test } from '../../../test/support/cleanup.ts';
import { appView, type FakeDaemon, fakeDaemon } from '../../../test/support/fake-daemon.ts';
import { FakeOutput, runCli } from '../../../test/support/run-cli.ts';
import { tempDir } from '../../../test/support/temp-dir.ts';
import { until } from '../../../test/support/until.ts';
import type { Client } from '../../client/client.ts';
import { connect } from '../../client/connect.ts';
import type { HoldfastEvent } from '../../protocol/events.ts';
import { liveView } from './live-view.ts';

const event: HoldfastEvent = {
  seq: 1,
  time: '2026-03-01T12:00:00.000Z',
  type: 'instance.ready',
  app: 'web',
  instance: 'web.0',
};

class FakeKeyboard extends PassThrough {
  readonly isTTY = true;
  raw = false;
  setRawMode(raw: boolean): this {
    this.raw = raw;
    return this;
  }
}

async function setUp(t: Test): Promise<{ home: string; daemon: FakeDaemon; client: Client }> {
  const home = tempDir(t);
  const daemon = await fakeDaemon(t, home);
  daemon.apps = [appView('web')];
  daemon.events = [event];
  const client = await connect({ home });
  cleanup(t, () => client.close());
  return { home, daemon, client };
}

function keyboard(): { keys: FakeKeyboard; stdin: NodeJS.ReadStream } {
  const keys = new FakeKeyboard();
  return { keys, stdin: keys as unknown as NodeJS.ReadStream };
}

test('on a terminal: apps and events, and the terminal as it was when it is over', async (t) => {
  const { daemon, client } = await setUp(t);
  const stdout = new FakeOutput({ tty: true });
  const { keys, stdin } = keyboard();
  const end = liveView(client, { header: ['Chat'], stdin, stdout, env: {} });
  await until(() => /Chat[\s\S]*web\.0[\s\S]*ready/.test(stdout.text), { why: 'it is drawn' });
  assert.equal(keys.raw, true);
  daemon.apps = [appView('web'), appView('api')];
  daemon.publish({ ...event, seq: 2, type: 'instance.crashed', app: 'api', instance: 'api.0' });
  await until(() => /api\.0.*crashed/.test(stdout.text) && / {2}api\.0/.test(stdout.text), {
    why: 'the news is drawn',
  });
  keys.write('q');
  assert.equal(await end, 'quit');
  assert.equal(keys.raw, false);
  assert.ok(stdout.text.startsWith('\x1b[?1049h') && stdout.text.endsWith('\x1b[?1049l'));
  assert.equal(stdout.listenerCount('resize'), 0);
});

test('Ctrl-C as a key and the signal end it too', async (t) => {
  const { client } = await setUp(t);
  const { keys, stdin } = keyboard();
  const byKey = liveView(client, { stdin, stdout: new FakeOutput({ tty: true }), env: {} });
  keys.write('\x03');
  assert.equal(await byKey, 'interrupted');
  const stop = new AbortController();
  const bySignal = liveView(client, {
    signal: stop.signal,
    stdin: keyboard().stdin,
    stdout: new FakeOutput({ tty: true }),
    env: {},
  });
  stop.abort();
  assert.equal(await bySignal, 'aborted');
});

test('a daemon that dies and comes back: the view waits, and no event is told twice', async (t) => {
  const { home, daemon, client } = await setUp(t);
  const stop = new AbortController();
  const stdout = new FakeOutput({});
  const end = liveView(client, { header: ['Chat'], signal: stop.signal, stdout, env: {} });
  await until(() => daemon.followers() === 1, { why: 'the view follows' });
  daemon.publish({ ...event, seq: 2, reason: 'first' });
  await until(() => stdout.text.includes('first'), { why: 'the first event is told' });
  await daemon.die();
  await until(() => stdout.text.includes('waiting for the daemon'), { why: 'it says that it waits' });
  const next = await fakeDaemon(t, home);
  next.events = [...daemon.events, { ...event, seq: 3, reason: 'meanwhile' }];
  await until(() => next.followers() === 1, { why: 'the view follows again' });
  next.publish({ ...event, seq: 4, reason: 'after' });
  await until(() => stdout.text.includes('after'), { why: 'the last event is told' });
  stop.abort();
  assert.equal(await end, 'aborted');
  assert.match(stdout.text, /^Chat\n.*first\)\nwaiting .*\n.*meanwhile\)\n.*after\)\n$/);
});

test('hold top without a terminal prints events as lines, with --json as objects', async (t) => {
  const { home, daemon } = await setUp(t);
  for (const json of [false, true]) {
    const stop = new AbortController();
    const running = runCli(home, json ? ['top', '--json'] : ['top'], {
      signal: stop.signal,
      onOut: () => stop.abort(),
    });
    await until(() => daemon.followers() === 1, { why: 'it follows' });
    daemon.publish({ ...event, seq: json ? 3 : 2 });
    const { code, out } = await running;
    assert.equal(code, 130);
    if (json) assert.equal(JSON.parse(out).seq, 3);
    else assert.match(out, /web\.0 ready\n$/);
    await until(() => daemon.followers() === 0, { why: 'it has let go' });
  }
});
