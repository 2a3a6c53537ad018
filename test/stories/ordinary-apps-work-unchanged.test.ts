/** Promise 1: an app as people write it works unchanged, several instances of it on one port. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { describe, test } from 'node:test';
import { io } from 'socket.io-client';
import WebSocket from 'ws';
import { cleanup } from '../support/cleanup.ts';
import { logged } from '../support/log-file.ts';
import { freePort } from '../support/ports.ts';
import { app } from '../support/root.ts';
import { script } from '../support/scripts.ts';
import { testHome } from '../support/test-home.ts';
import { until } from '../support/until.ts';

const text = async (url: string): Promise<string> => (await fetch(url)).text();

test('Express, Fastify, Koa, NestJS and an ES module, two of each, in one home', async (t) => {
  const home = testHome(t);
  const answers = {
    'express.js': /^express pid \d+ GET \/x$/m,
    'fastify.js': /^fastify pid \d+ GET \/x$/m,
    'koa.js': /^koa pid \d+ GET \/x$/m,
    'nest.js': /^nest pid \d+ GET \/x$/m,
    'hello.mjs': /^hello from hello-mjs\.[01] pid \d+ GET \/x$/m,
  };
  for (const [file, answer] of Object.entries(answers)) {
    const port = await freePort();
    const name = file.replace('.', '-');
    await home.ok(['start', app(file), '-n', name, '-i', '2', '-p', String(port)]);
    assert.match(await text(`http://127.0.0.1:${port}/x`), answer, file);
  }
  for (const { name, status, instances } of await home.apps())
    assert.deepEqual([status, instances.length], ['running', 2], name);
});

test('WebSockets with messages of 10 MB and compression', async (t) => {
  const home = testHome(t);
  const port = await freePort();
  await home.ok(['start', app('echo-ws.js'), '-n', 'web', '-i', '2', '-p', String(port)]);
  const socket = new WebSocket(`ws://127.0.0.1:${port}/`, {
    perMessageDeflate: true,
    maxPayload: 64 * 1024 * 1024,
  });
  cleanup(t, () => socket.terminate());
  await once(socket, 'open');
  assert.match(socket.extensions, /permessage-deflate/);
  const message = randomBytes(10 * 1024 * 1024);
  socket.send(message);
  const [echo] = await once(socket, 'message');
  assert.ok(message.equals(echo as Buffer));
});

test('Socket.IO over a WebSocket', async (t) => {
  const home = testHome(t);
  const port = await freePort();
  await home.ok(['start', app('socketio.js'), '-n', 'chat', '-i', '2', '-p', String(port)]);
  const client = io(`http://127.0.0.1:${port}`, { transports: ['websocket'] });
  cleanup(t, () => client.close());
  const { pid } = await new Promise<{ pid: number }>((resolve) => client.once('welcome', resolve));
  assert.ok((await home.ready('chat', 2)).some((instance) => instance.pid === pid));
  assert.deepEqual(await client.timeout(10_000).emitWithAck('echo', { n: 1 }), { n: 1 });
});

test('server-sent events arrive one by one', async (t) => {
  const home = testHome(t);
  const port = await freePort();
  await home.ok(['start', app('sse.js'), '-n', 'web', '-p', String(port)]);
  const { body } = await fetch(`http://127.0.0.1:${port}/`);
  let seen = '';
  for await (const chunk of body ?? []) {
    seen += Buffer.from(chunk).toString();
    if (seen.includes('id: 5\n')) break;
  }
  assert.match(seen, /^id: 1\ndata: event 1 of pid \d+\n\nid: 2\n/);
});

test('a program sees its own arguments and directory, the shell’s environment, and nothing of Holdfast’s tools', async (t) => {
  const home = testHome(t);
  const port = await freePort();
  const args = ['-n', 'web', '-p', String(port), '-e', 'MINE=yes', '--', '--flag', 'a b', '$HOME'];
  await home.ok(['start', app('prints-environment.js'), ...args], { env: { FROM_THE_SHELL: 'yes' } });
  const { env, argv, execArgv, cwd, fds } = JSON.parse(await text(`http://127.0.0.1:${port}/`));
  assert.deepEqual(argv.slice(1), [app('prints-environment.js'), '--flag', 'a b', '$HOME']);
  assert.deepEqual(execArgv, []);
  assert.equal(cwd, home.dir);
  assert.deepEqual([env.MINE, env.FROM_THE_SHELL, env.PORT], ['yes', 'yes', String(port)]);
  assert.deepEqual(
    [env.HOLDFAST_GUEST, env.NODE_CHANNEL_FD, env.NODE_OPTIONS],
    [undefined, undefined, undefined],
  );
  assert.ok(fds.length < 40, `${fds.length} descriptors`);
});

describe('a program that is not a server', () => {
  test('is ready when it runs, and its exit with 0 is no reason to forget it', async (t) => {
    const home = testHome(t);
    const done = script(home, 'done.sh', '#!/bin/sh\necho done\nsleep 2\n', 0o755);
    await home.ok(['start', done, '-n', 'jobs']);
    await until(() => logged(home, 'jobs').length >= 2, { why: 'it runs again' });
  });

  test('finds its port in PORT and $PORT', async (t) => {
    const home = testHome(t);
    const port = await freePort();
    const program = script(home, 'prints.sh', '#!/bin/sh\necho "$PORT $1 $2"\nexec sleep 1000\n', 0o755);
    await home.ok(['start', `${program} $PORT --port=\${PORT}`, '-n', 'jobs', '-e', `PORT=${port}`]);
    await until(() => logged(home, 'jobs').length > 0, { why: 'it has printed' });
    assert.equal(logged(home, 'jobs')[0]?.text, `${port} ${port} --port=${port}`);
  });
});
