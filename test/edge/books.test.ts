/** What the edge writes down and counts. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import http2 from 'node:http2';
import { type TestContext, test } from 'node:test';
import { noContent } from '../../src/config/content-defaults.ts';
import { accessLogDefaults, upstreamDefaults } from '../../src/config/traffic-defaults.ts';
import type { InstanceTraffic, RouteTraffic } from '../../src/protocol/traffic-counts.ts';
import { type EdgeProcess, startEdge, tableOf, targetOf } from './edge-process.ts';
import { ask, RawClient, startApp, startRawApp, until } from './support.ts';

/** The newest that was said of a route or an instance. */
function route(edge: EdgeProcess, prefix: string, app: string): RouteTraffic | undefined {
  const all = edge.said.flatMap((message) => (message.type === 'traffic' ? message.routes : []));
  return all.filter((one) => one.route === prefix && one.app === app).at(-1);
}

function instance(edge: EdgeProcess, id: string): InstanceTraffic | undefined {
  const all = edge.said.flatMap((message) => (message.type === 'traffic' ? message.instances : []));
  return all.filter((one) => one.instance === id).at(-1);
}

async function askHttp2(t: TestContext, port: number): Promise<void> {
  const client = http2.connect(`http://127.0.0.1:${port}`);
  t.after(() => client.destroy());
  const stream = client.request({ ':path': '/h2' });
  stream.resume();
  await once(stream, 'end');
}

test('requests are counted by route, app and instance, with their bodies, times and attempts', async (t) => {
  const good = await startApp(t, (request, response) => {
    request.resume();
    request.on('end', () => {
      response.statusCode = request.url === '/api/bad' ? 418 : 200;
      response.end('hello');
    });
  });
  const dead = await startRawApp(t, (socket) => socket.destroy());
  const outliers = { failures: 1, ejectMs: 60_000, maxEjectMs: 60_000, maxShare: 0.5 };
  const table = tableOf({
    sites: [
      {
        host: '*',
        routes: [
          { prefix: '/', pool: 'web' },
          { prefix: '/api/', pool: 'api' },
        ],
      },
    ],
    pools: {
      web: {
        targets: [targetOf('web.0#1', dead.address), targetOf('web.1#2', good.address)],
        rules: { ...upstreamDefaults, outliers },
      },
      api: { targets: [targetOf('api.0#7', good.address)] },
    },
  });
  const edge = await startEdge(t, table);
  await ask(edge.port, '/api/x', { method: 'POST', body: '12345' });
  await ask(edge.port, '/api/bad');
  // Each that came to the dead one goes to the other, until that one is left out.
  for (let i = 0; i < 4; i++) assert.equal((await ask(edge.port, '/')).status, 200);
  await ask(edge.port, '/nothing', { headers: { host: 'a b' } }).catch(() => undefined);
  await until(() => route(edge, '/', 'web')?.counts.requests === 4, 'all is told');
  const api = route(edge, '/api/', 'api')?.counts;
  assert.deepEqual([api?.requests, api?.status, api?.bytesIn, api?.bytesOut], [2, [0, 1, 0, 1, 0], 5, 10]);
  assert.deepEqual([api?.upstreamAnswers, api?.retries, api?.http2], [2, 0, 0]);
  assert.equal(
    api?.durations.reduce((sum, n) => sum + n),
    2,
  );
  assert.ok(api.upstreamMs > 0 && api.upstreamMs <= api.durationsMs.reduce((sum, ms) => sum + ms));
  const web = route(edge, '/', 'web')?.counts;
  const dying = instance(edge, 'web.0');
  assert.deepEqual([dying?.counts.failures, dying?.counts.ejections, dying?.ejected], [1, 1, true]);
  assert.equal(web?.retries, 1);
  assert.deepEqual([instance(edge, 'web.1')?.counts.requests, instance(edge, 'api.0')?.app], [4, 'api']);
  const last = edge.said.filter((message) => message.type === 'traffic').at(-1);
  assert.equal(last?.edge.refused, 1);
  assert.ok(last.edge.connections >= 6);
});

test('a site that is not to be written down is not; another is, in the format that is wanted', async (t) => {
  const app = await startApp(t, (_, response) => response.end('hello'));
  const routes = [{ prefix: '/', pool: 'web' }];
  const parts = {
    sites: [
      { host: 'silent.test', routes, unlogged: true as const },
      { host: '*', routes },
    ],
    pools: { web: { targets: [targetOf('web.0#1', app.address)] } },
  };
  const json = { ...accessLogDefaults, format: 'json' as const };
  const edge = await startEdge(t, tableOf({ ...parts, accessLog: json, http2: { cleartext: true } }));
  await ask(edge.port, '/1', { headers: { host: 'silent.test' } });
  await ask(edge.port, '/2', { headers: { host: 'loud.test', referer: 'x"\\', 'user-agent': 'test' } });
  new RawClient(t, edge.port).write('NONSENSE\r\n\r\n');
  await until(() => edge.stdout().split('\n').length > 2, 'two lines are there');
  const [said, refused] = edge.stdout().split('\n');
  const { time, ms, upstreamMs, ...rest } = JSON.parse(said ?? '') as Record<string, unknown>;
  assert.ok(Date.parse(String(time)) > 0 && typeof ms === 'number' && typeof upstreamMs === 'number');
  assert.deepEqual(rest, {
    ip: '127.0.0.1',
    host: 'loud.test',
    method: 'GET',
    target: '/2',
    protocol: 'HTTP/1.1',
    status: 200,
    bytes: 5,
    by: 'web.0#1',
    site: '*',
    route: '/',
    app: 'web',
    attempts: 1,
    referer: 'x"\\',
    userAgent: 'test',
    scheme: 'http',
    requestBytes: 0,
  });
  assert.equal((JSON.parse(refused ?? '') as { status: number }).status, 400);
  await askHttp2(t, edge.port);
  await until(() => edge.stdout().includes('"protocol":"HTTP/2.0"'), 'HTTP/2 is told');
  await until(() => route(edge, '/', 'web')?.counts.http2 === 1, 'it is counted');
  const last = edge.said.filter((message) => message.type === 'traffic').at(-1);
  assert.equal(last?.edge.http2Connections, 1);
  await edge.apply(tableOf({ ...parts, accessLog: { ...accessLogDefaults, format: 'combined' } }));
  await ask(edge.port, '/3');
  await until(() => edge.stdout().includes('"GET /3 HTTP/1.1" 200 5 "-" "-"'), 'the other format is there');
  // Of a sample of nothing only what has gone wrong is left.
  const accessLog = { ...accessLogDefaults, sample: 0 };
  await edge.apply(tableOf({ ...parts, accessLog }));
  await ask(edge.port, '/4');
  const gone = { web: { targets: [], hold: { timeoutMs: 0, maxWaiting: 0 } } };
  await edge.apply(tableOf({ ...parts, accessLog, pools: gone }));
  await ask(edge.port, '/5');
  await until(() => edge.stdout().includes(' GET /5 503 '), 'the error is there');
  assert.doesNotMatch(edge.stdout(), /\/4|silent/);
});

test('a body that is too large is answered, counted and written down as its site wants it', async (t) => {
  const app = await startApp(t, (_, response) => response.end('hello'));
  const load = { bodyBytes: 10, rates: [] };
  const routes = [
    { prefix: '/', pool: 'web' },
    { prefix: '/up', pool: 'web', load },
  ];
  const headers = { set: { 'X-Site': 'here' }, fallback: {}, remove: [] };
  const content = { ...noContent, headers, requestId: true };
  const edge = await startEdge(
    t,
    tableOf({
      sites: [
        { host: 'plain.test', routes },
        { host: '*', routes, content },
      ],
      pools: { web: { targets: [targetOf('web.0#1', app.address)] } },
      accessLog: { ...accessLogDefaults, format: 'json' },
      http2: { cleartext: true },
    }),
  );
  const asked = { method: 'POST', body: 'x'.repeat(11) };
  const answer = await ask(edge.port, '/up', asked);
  assert.equal(answer.status, 413);
  assert.equal(answer.headers['x-site'], 'here');
  assert.match(String(answer.headers['x-request-id']), /^[0-9a-f-]{36}$/);
  await ask(edge.port, '/up', { ...asked, headers: { host: 'plain.test' } });
  const client = http2.connect(`http://127.0.0.1:${edge.port}`);
  t.after(() => client.destroy());
  const stream = client.request({ ':path': '/up', ':method': 'POST', 'content-length': '11' });
  stream.on('error', () => {});
  stream.resume();
  const [head] = await once(stream, 'response');
  assert.deepEqual([head[':status'], head['x-site']], [413, 'here']);
  await until(() => edge.stdout().split('\n').length > 3, 'three lines are there');
  for (const line of edge.stdout().trim().split('\n')) {
    const entry = JSON.parse(line) as Record<string, unknown>;
    assert.deepEqual([entry.status, entry.method, entry.target, entry.route], [413, 'POST', '/up', '/up']);
    assert.equal(entry.bytes, answer.body.length);
  }
  const isCounted = (site: string, times: number) =>
    edge.said
      .flatMap((message) => (message.type === 'traffic' ? message.routes : []))
      .some((one) => one.site === site && one.route === '/up' && one.counts.status[3] === times);
  await until(() => isCounted('*', 2) && isCounted('plain.test', 1), 'all are counted for their route');
});
