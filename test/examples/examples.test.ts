/** Every example does what its README says: it answers, knows its clients, survives a reload, and ends when it is told to. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { io } from 'socket.io-client';
import WebSocket from 'ws';
import { cleanup } from '../support/cleanup.ts';
import { allNodes, thisNode } from '../support/nodes.ts';
import { requireProgram } from '../support/programs.ts';
import { until } from '../support/until.ts';
import { answersFromAll, endByThemselves, reloadUnnoticed, visitor } from './promises.ts';
import { agent, client, startExamples, type World } from './world.ts';

test('the examples, all under one daemon', { timeout: 240_000 }, async (t) => {
  if (!requireProgram(t, 'python3')) return;
  const world = await startExamples(
    t,
    ['express', 'fastify', 'monorepo', 'nest', 'python', 'socketio', 'typescript', 'ws'],
    { more: { typescript: otherTypeScript() } },
  );
  const { home, ask, url } = world;

  await t.test('Express: the client, files by the edge, headers of a site', async () => {
    await answersFromAll(world, 'express');
    const style = await ask('express', '/assets/style.css');
    assert.match(style.body, /^h1 \{/);
    assert.equal(style.headers['cache-control'], 'public, max-age=3600');
    const page = await ask('express', '/');
    assert.match(page.body, /assets\/style\.css/);
    assert.equal(page.headers['x-powered-by'], undefined);
    assert.equal(page.headers['x-content-type-options'], 'nosniff');
  });

  await t.test('Fastify: the number of a request is in its own log', async () => {
    await answersFromAll(world, 'fastify');
    const id = String((await ask('fastify', '/whoami')).headers['x-request-id']);
    const logged = async () => (await home.look(['logs', 'fastify', '--raw'])).includes(id);
    await until(logged, { why: `${id} is logged`, every: 100 });
  });

  await t.test('NestJS: compiled, with what is injected', async () => {
    await answersFromAll(world, 'nest');
    assert.ok(JSON.parse((await ask('nest', '/whoami')).body).visits > 1);
    assert.equal((await ask('nest', '/healthz')).body, 'ok\n');
  });

  await t.test('a monorepo: two apps with one package, under one address', async () => {
    await answersFromAll(world, 'monorepo', 'shop');
    assert.equal((await ask('monorepo', '/apple')).body, '30 cents\n');
    assert.deepEqual(JSON.parse((await ask('monorepo', '/admin/prices')).body), { apple: 30, pear: 45 });
    assert.equal((await ask('monorepo', '/administration')).body, 'We have no such thing\n');
  });

  await t.test('Python beside Node', async () => {
    await answersFromAll(world, 'python', 'node');
    await answersFromAll(world, 'python', 'python', '/python/whoami');
  });

  await t.test('TypeScript: as it is and compiled', async () => {
    await answersFromAll(world, 'typescript');
    const sites = ['typescript', ...Object.keys(otherTypeScript())];
    const answers = await Promise.all(sites.map((site) => ask(site, '/')));
    const languages = answers.map(({ body }) => JSON.parse(body).language);
    assert.equal(new Set(languages).size, sites.length, String(languages));
  });

  await t.test('ws: an echo for our own pages', async () => {
    const socket = new WebSocket(`${url('ws')}/live`, { agent, headers: client, origin: url('ws') });
    const [first] = (await once(socket, 'message')) as [Buffer];
    const { pid, ...seen } = JSON.parse(first.toString());
    assert.deepEqual(seen, visitor);
    assert.ok((await home.ready('ws')).some((instance) => instance.pid === pid));
    socket.send('Is anybody there?');
    assert.equal(String((await once(socket, 'message'))[0]), 'Is anybody there?');
    socket.close();
    const foreign = new WebSocket(`${url('ws')}/live`, { agent, origin: 'https://elsewhere.example' });
    foreign.once('open', () => foreign.emit('error', new Error('it was let in')));
    await assert.rejects(once(foreign, 'close'), /401/);
  });

  await t.test('all are reloaded at once, and nobody notices who should not', async () => {
    const socket = new WebSocket(`${url('ws')}/live`, { agent });
    await once(socket, 'message');
    const closed = once(socket, 'close');
    const people = Array.from({ length: 6 }, () => person(world));
    cleanup(t, () => people.forEach((each) => void each.socket.disconnect()));
    await until(() => people.every(({ pids }) => pids.length === 1), { why: 'all are connected by polling' });
    const served = new Set(people.flatMap(({ pids }) => pids));
    assert.ok(served.size > 1, 'more than one instance has clients');
    const echoes = people.map(({ socket }, n) => socket.timeout(20_000).emitWithAck('echo', n));
    assert.deepEqual(
      await Promise.all(echoes),
      people.map((_, n) => n),
    );

    const slow = ['express', 'fastify'].map((example) => ask(example, '/slow'));
    const after = await reloadUnnoticed(world);
    for (const { status, body } of await Promise.all(slow)) {
      assert.equal(status, 200);
      assert.equal(body, 'A reload waits for this answer\n');
    }
    assert.equal((await closed)[0], 1012, 'a WebSocket is told that the service restarts');
    await until(() => people.every(({ pids }) => pids.length > 1), { why: 'all have connected again' });
    for (const { pids } of people) assert.ok(after.has(pids.at(-1) ?? 0), 'to an instance that is new');
  });

  await t.test(
    'all end by themselves when they are told to, with clients who are still connected',
    async () => {
      await endByThemselves(world);
      const nest = await home.look(['logs', 'nest', '--raw']);
      assert.match(nest, /visits; close your database here/);
    },
  );
});

/** What the configuration does not choose on the Node of this test: the compiled app, or the source where a Node is there that takes it. */
function otherTypeScript(): Record<string, { run: readonly string[] }> {
  if (thisNode.major > 22) return { compiled: { run: ['node', 'dist/server.js'] } };
  const node = allNodes().find(({ major }) => major > 22);
  return node ? { stripped: { run: [node.path, 'src/server.ts'] } } : {};
}

/** Somebody who is connected by polling, and which processes said hello to them, one after the other. */
function person({ url }: World) {
  const options = { transports: ['polling'], forceNew: true, reconnectionDelay: 50, agent: agent as never };
  const socket = io(url('socketio'), { ...options, extraHeaders: client });
  const pids: number[] = [];
  socket.on('whoami', ({ pid, ip, secure }: { pid: number; ip: string; secure: boolean }) => {
    assert.deepEqual({ ip, secure }, { ip: visitor.ip, secure: true });
    pids.push(pid);
  });
  return { socket, pids };
}
