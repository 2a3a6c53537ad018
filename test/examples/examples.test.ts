/** Every example does what its README says: it answers, knows its clients, survives a reload, and ends when it is told to. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { io } from 'socket.io-client';
import WebSocket from 'ws';
import { connectNow } from '../../src/client/connect.ts';
import { cleanup } from '../support/cleanup.ts';
import { events } from '../support/journal.ts';
import { allNodes, thisNode } from '../support/nodes.ts';
import { requireProgram } from '../support/programs.ts';
import { until } from '../support/until.ts';
import { agent, client, startExamples, type World } from './world.ts';

const address = { ip: '203.0.113.7', protocol: 'https' };

/** Asks until all instances of the app have answered, and looks at who they believe to talk to. */
async function answersFromAll(
  { home, ask }: World,
  example: string,
  app = example,
  path = '/whoami',
): Promise<void> {
  const pids = new Set((await home.ready(app)).map(({ pid }) => pid));
  const seen = new Set<number>();
  await until(
    async () => {
      // Several at once, or the one that is idle would always be chosen.
      const answers = await Promise.all([1, 2, 3, 4].map(() => ask(example, path)));
      for (const { status, body } of answers) {
        assert.equal(status, 200, body);
        const { pid, ip, protocol } = JSON.parse(body);
        assert.deepEqual({ ip, protocol }, address);
        seen.add(pid);
      }
      return seen.size === pids.size;
    },
    { why: `all instances of ${app} have answered` },
  );
  assert.deepEqual(seen, pids);
}

test('the examples, all under one daemon', async (t) => {
  if (!requireProgram(t, 'python3')) return;
  const world = await startExamples(
    t,
    ['express', 'fastify', 'monorepo', 'nest', 'python', 'socketio', 'typescript', 'ws'],
    { typescript: otherTypeScript() },
  );
  const { home, apps, ask, url } = world;

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
    assert.deepEqual(seen, address);
    assert.ok((await home.ready('ws')).some((instance) => instance.pid === pid));
    socket.send('Is anybody there?');
    assert.equal(String((await once(socket, 'message'))[0]), 'Is anybody there?');
    socket.close();
    const foreign = new WebSocket(`${url('ws')}/live`, { agent, origin: 'https://elsewhere.example' });
    const [error] = (await once(foreign, 'error')) as [Error];
    assert.match(error.message, /401/);
  });

  await t.test('all are reloaded at once, and nobody notices who should not', async (t) => {
    const before = await pidsOf(world);
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
    let over = false;
    const visits = [...apps.keys()].map(async (example) => {
      while (!over) {
        const { status, body } = await ask(
          example,
          example === 'ws' || example === 'socketio' ? '/' : '/whoami',
        );
        assert.equal(status, 200, `${example}: ${body}`);
        await sleep(100);
      }
    });
    const daemon = await connectNow(home.paths.home);
    assert.ok(daemon);
    const reloads = [...apps.values()].flat().map((app) => daemon.reload(app));
    await Promise.all(reloads).finally(() => {
      over = true;
      daemon.close();
    });
    await Promise.all(visits);
    for (const { status, body } of await Promise.all(slow)) {
      assert.equal(status, 200);
      assert.equal(body, 'A reload waits for this answer\n');
    }
    assert.equal((await closed)[0], 1012, 'a WebSocket is told that the service restarts');
    await until(() => people.every(({ pids }) => pids.length > 1), { why: 'all have connected again' });

    const after = await pidsOf(world);
    assert.equal(after.size, before.size);
    assert.deepEqual(
      [...after].filter((pid) => before.has(pid)),
      [],
    );
    for (const { pids } of people) assert.ok(after.has(pids.at(-1) ?? 0), 'to an instance that is new');
    for (const each of people) each.socket.disconnect();
  });

  await t.test('all end by themselves when they are told to', async () => {
    await home.ok(['stop', ...[...apps.values()].flat()]);
    assert.deepEqual(events(home, 'instance.killed'), []);
    assert.deepEqual(events(home, 'instance.crashed'), []);
    const nest = await home.look(['logs', 'nest', '--raw']);
    assert.match(nest, /visits; close your database here/);
  });
});

/** What the configuration does not choose on the Node of this test: the compiled app, or the source where a Node is there that takes it. */
function otherTypeScript(): Record<string, { run: readonly string[] }> {
  if (thisNode.major > 22) return { compiled: { run: ['node', 'dist/server.js'] } };
  const node = allNodes().find(({ major }) => major > 22);
  return node ? { stripped: { run: [node.path, 'src/server.ts'] } } : {};
}

async function pidsOf({ home, apps }: World): Promise<Set<number>> {
  const ready = await Promise.all([...apps.values()].flat().map((app) => home.ready(app)));
  return new Set(ready.flat().map(({ pid }) => pid ?? 0));
}

/** Somebody who is connected by polling, and which processes said hello to them, one after the other. */
function person({ url }: World) {
  const options = { transports: ['polling'], forceNew: true, reconnectionDelay: 50, agent: agent as never };
  const socket = io(url('socketio'), { ...options, extraHeaders: client });
  const pids: number[] = [];
  socket.on('whoami', ({ pid, ip, secure }: { pid: number; ip: string; secure: boolean }) => {
    assert.deepEqual({ ip, secure }, { ip: '203.0.113.7', secure: true });
    pids.push(pid);
  });
  return { socket, pids };
}
