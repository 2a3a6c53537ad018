/** The edge as a process: its doors, its daemon, its end. */
import assert from 'node:assert/strict';
import http from 'node:http';
import { test } from 'node:test';
import { startEdge, tableOf, targetOf } from './edge-process.ts';
import { ask, RawClient, startApp, until } from './support.ts';

test('it serves on while the daemon is away, and repeats what is true when it is back', async (t) => {
  const app = await startApp(t, (_, response) => response.end('ok'));
  const draining = targetOf('web.0#1', app.address, { state: 'draining' });
  const ready = targetOf('web.0#2', app.address);
  const table = tableOf({ pools: { web: { targets: [draining, ready] } } });
  const edge = await startEdge(t, table);
  await edge.heard('retired', ({ target }) => target === 'web.0#1');
  const comeBack = await edge.leave();
  for (let i = 0; i < 5; i++) assert.equal((await ask(edge.port, '/')).status, 200);
  edge.said.length = 0;
  await comeBack();
  await edge.heard('hello', ({ role, instance }) => role === 'edge' && instance === 'edge.0');
  await edge.heard('listening', ({ port, via }) => port === edge.port && via === 'door');
  await edge.heard('applied', ({ version }) => version === table.version);
  await edge.heard('retired', ({ target }) => target === 'web.0#1');
  await edge.heard('traffic', ({ sites }) => sites['*']?.requests === 5);
});

test('nonsense from the daemon is told and changes nothing', async (t) => {
  const app = await startApp(t, (_, response) => response.end('ok'));
  const table = tableOf({ pools: { web: { targets: [targetOf('w#1', app.address)] } } });
  const edge = await startEdge(t, table);
  edge.send('nonsense' as never);
  edge.send({ type: 'table', table: { version: 7 } } as never);
  edge.send({ type: 'tomorrow' } as never);
  await until(() => edge.stderr() !== '', 'the edge complains');
  edge.forgive();
  assert.equal((await ask(edge.port, '/')).body, 'ok');
});

test('a table swap in the middle of everything fails no request', async (t) => {
  const apps = await Promise.all([0, 1].map((i) => startApp(t, (_, response) => response.end(`web.${i}`))));
  const table = (i: number) =>
    tableOf({
      pools: {
        web: {
          targets: apps.map((app, j) =>
            targetOf(`web.${j}#${i}`, app.address, { state: i % 2 === j ? 'ready' : 'draining' }),
          ),
        },
      },
    });
  const edge = await startEdge(t, table(0));
  const agent = new http.Agent({ keepAlive: true, maxSockets: 8 });
  t.after(() => agent.destroy());
  let on = true;
  let requests = 0;
  const load = Promise.all(
    Array.from({ length: 8 }, async () => {
      while (on) {
        const { status } = await ask(edge.port, '/', { agent });
        assert.equal(status, 200);
        requests++;
      }
    }),
  );
  for (let i = 1; i <= 20; i++) {
    const done = requests;
    await edge.apply(table(i));
    await until(() => requests > done + 20, 'requests go on');
  }
  on = false;
  await load;
});

test('a target that is gone is retired when its requests are cut', async (t) => {
  const app = await startApp(t, () => {});
  const edge = await startEdge(
    t,
    tableOf({ pools: { web: { targets: [targetOf('web.0#1', app.address)] } } }),
  );
  const post = ask(edge.port, '/', { method: 'POST', body: 'x' });
  await edge.heard('traffic', ({ sites }) => sites['*']?.openRequests === 1);
  await edge.apply(tableOf({ pools: { web: { targets: [] } } }));
  await edge.heard('retired', ({ target }) => target === 'web.0#1');
  assert.equal((await post).status, 502);
});

test('drain ends when the last request is answered, and says Connection: close', async (t) => {
  let finish: (() => void) | undefined;
  const app = await startApp(t, (request, response) => {
    if (request.url === '/slow') finish = () => response.end('done');
    else response.end('ok');
  });
  const edge = await startEdge(t, tableOf({ pools: { web: { targets: [targetOf('w#1', app.address)] } } }));
  const kept = new RawClient(t, edge.port).write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  await kept.sees('ok');
  const slow = ask(edge.port, '/slow');
  await until(() => finish !== undefined, 'the request is at the app');
  edge.send({ type: 'drain', timeoutMs: 10_000 });
  // Its own copy of the door is closed; the kernel's queue is the daemon's.
  kept.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  await kept.sawEnd();
  assert.match(kept.received, /Connection: close\r\n[\s\S]*ok$/);
  finish?.();
  const answer = await slow;
  assert.deepEqual([answer.body, answer.headers.connection], ['done', 'close']);
  await edge.heard('drained');
  assert.equal(await edge.exited, 0);
});

test('drain closes idle connections soon, and cuts what is open at the end of its time', async (t) => {
  const app = await startApp(t, (request, response) => {
    if (request.url === '/') response.end('ok');
  });
  const edge = await startEdge(t, tableOf({ pools: { web: { targets: [targetOf('w#1', app.address)] } } }));
  const idle = new RawClient(t, edge.port).write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  await idle.sees('ok');
  const never = ask(edge.port, '/never');
  never.catch(() => {});
  await edge.heard('traffic', ({ sites }) => sites['*']?.openRequests === 1);
  edge.child.kill('SIGTERM');
  await idle.sawEnd();
  edge.send({ type: 'drain', timeoutMs: 1 });
  await assert.rejects(never);
  await edge.heard('drained');
  assert.equal(await edge.exited, 0);
});

test('without sites there is a page that says so', async (t) => {
  const edge = await startEdge(t, tableOf({ sites: [] }));
  assert.match((await ask(edge.port, '/')).body, /^404 Not Found\nHoldfast is here/);
});
