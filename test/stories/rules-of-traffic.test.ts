/** Limits, splits, copies, caching, other servers and logs: written in the configuration, in force with `hold up`, and no instance is touched. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import http2 from 'node:http2';
import https from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import type { HoldfastConfig } from '../../src/config/config-types.ts';
import { pem, tlsFile } from '../support/certificates.ts';
import { cleanup, type Test } from '../support/cleanup.ts';
import { configure } from '../support/config-file.ts';
import { logged } from '../support/log-file.ts';
import { freePort } from '../support/ports.ts';
import { app } from '../support/root.ts';
import { testHome } from '../support/test-home.ts';
import { until } from '../support/until.ts';

async function listening<S extends Server>(
  t: Test,
  server: S,
  where: string | { port: number; host: string },
): Promise<S> {
  server.listen(where);
  await once(server, 'listening');
  cleanup(t, () => void server.close());
  return server;
}

const portOf = (server: Server) => (server.address() as AddressInfo).port;

test('what is said of traffic is in force with `hold up`, and changing it touches no instance', async (t) => {
  const home = testHome(t);
  const [port, securePort] = [await freePort(), await freePort()];
  const loopback = { port: 0, host: '127.0.0.1' };
  const copies: (string | undefined)[] = [];
  const socket = join(home.dir, 'other.sock');
  const other = await listening(
    t,
    http.createServer((request, response) => {
      copies.push(request.headers['x-holdfast-mirror']?.toString());
      response.setHeader('Cache-Control', 'max-age=60');
      response.end(`other ${copies.length}`);
    }),
    socket,
  );
  assert.ok(other.listening);
  const secure = await listening(
    t,
    https.createServer({ cert: pem('local.pem'), key: pem('local.key') }, (_request, response) =>
      response.end('secure'),
    ),
    loopback,
  );
  const url = `https://localhost:${portOf(secure)}`;
  const config: HoldfastConfig = {
    apps: {
      web: { run: app('hello.js'), upstream: { inFlight: 50, outliers: { failures: 3 }, retries: '10%' } },
      next: app('hello.js'),
      rpc: { run: app('h2c.js'), upstream: 'h2c' },
    },
    sites: {
      localhost: {
        limits: { body: '1KB', rate: '1000/s' },
        cache: true,
        tls: { cert: tlsFile('local.pem'), key: tlsFile('local.key') },
        redirect: false,
        routes: {
          '/': { web: 1, next: 1 },
          '/rate': { to: 'web', rate: '1/h' },
          '/body': { to: 'web', body: '1MB' },
          '/copied': { to: 'web', mirror: `unix:${socket}` },
          '/kept': `unix:${socket}`,
          '/rpc': 'rpc',
          '/secure': { to: url, ca: tlsFile('ca.pem') },
          '/unknown': url,
        },
      },
      'quiet.test': { routes: { '/': 'web' }, accessLog: false },
    },
    edge: {
      accessLog: { format: 'json', fields: ['target', 'status', 'app', 'cache'] },
      http2: { webSockets: true },
    },
    listen: { http: `127.0.0.1:${port}`, https: `127.0.0.1:${securePort}` },
  };
  configure(home, config);
  await home.ok(['up']);
  const ask = async (path: string, options: RequestInit = {}) => {
    const answer = await fetch(`http://localhost:${port}${path}`, options);
    return { status: answer.status, text: await answer.text(), headers: answer.headers };
  };
  const who = (answer: { text: string }) => answer.text.split(' ')[2];

  const [first, second] = [await ask('/'), await ask('/')];
  assert.deepEqual([who(first), who(second)].sort(), ['next.0', 'web.0']);
  const cookie = first.headers.getSetCookie()[0]?.split(';')[0] ?? '';
  for (let i = 0; i < 3; i++) assert.equal(who(await ask('/', { headers: { cookie } })), who(first));

  assert.equal((await ask('/rate')).status, 200);
  const refused = await ask('/rate');
  assert.equal(refused.status, 429);
  assert.match(refused.headers.get('retry-after') ?? '', /^\d+$/);

  const body = 'x'.repeat(2000);
  assert.equal((await ask('/', { method: 'POST', body })).status, 413);
  assert.equal((await ask('/body', { method: 'POST', body })).status, 200);

  assert.equal(who(await ask('/copied')), 'web.0');
  await until(() => copies.includes('1'), { why: 'the copy has come' });

  const kept = await ask('/kept');
  assert.equal((await ask('/kept')).text, kept.text);
  assert.equal((await ask('/rpc')).text, 'h2c 2.0 /rpc\n');
  assert.equal((await ask('/secure')).text, 'secure');
  assert.equal((await ask('/unknown')).status, 502);

  const session = http2.connect(`https://localhost:${securePort}`, { ca: pem('ca.pem') });
  cleanup(t, () => session.destroy());
  await once(session, 'remoteSettings');
  assert.equal(session.remoteSettings.enableConnectProtocol, true);
  assert.match(await text(session.request({ ':path': '/body' })), /^hello from web/);

  await new Promise((done) =>
    http.get({ port, host: '127.0.0.1', headers: { host: 'quiet.test' } }, (answer) =>
      answer.resume().on('end', done),
    ),
  );
  const lines = await until(
    () => {
      const all = logged(home, '@edge').filter(({ text: line }) => line.startsWith('{'));
      return (
        all.some(({ text: line }) => line.includes('"/unknown"')) && all.map((line) => JSON.parse(line.text))
      );
    },
    { why: 'the requests are written down' },
  );
  assert.deepEqual(
    lines.filter(({ target }) => target === '/kept'),
    [
      { target: '/kept', status: 200, app: `unix:${socket}`, cache: 'miss' },
      { target: '/kept', status: 200, app: `unix:${socket}`, cache: 'hit' },
    ],
  );
  const cleared = async () =>
    (await home.ok(['cache', 'clear', 'all', '--json'])).json<{ answers: number }>().answers;
  assert.ok((await cleared()) > 0);
  assert.equal(await cleared(), 0);

  const pids = async () => (await home.apps()).flatMap(({ instances }) => instances.map(({ pid }) => pid));
  const before = await pids();
  configure(home, {
    ...config,
    apps: {
      ...config.apps,
      web: { run: app('hello.js'), upstream: { slowStart: '1s', outliers: false }, watch: true },
    },
    sites: { ...config.sites, localhost: { ...config.sites?.localhost, limits: { rate: '1/h per all' } } },
    edge: { accessLog: 'combined', http2: false },
  });
  const { stdout } = await home.ok(['up']);
  assert.match(stdout, /~ app web .*upstream.inFlight 50, 50 wait up to 5s -> no limit/);
  assert.match(stdout, /~ site localhost .*limits.rate 1000\/s burst 1000 per ip -> 1\/h burst 1 per all/);
  assert.deepEqual(await pids(), before);
  assert.deepEqual([(await ask('/body')).status, (await ask('/body')).status], [200, 429]);
  assert.match((await home.ok(['up'])).stderr, /nothing to do/i);
});
