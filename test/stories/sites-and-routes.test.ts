/** Where a request goes: hosts, prefixes, other upstreams, and what is there when nobody is. */
import assert from 'node:assert/strict';
import http from 'node:http';
import { describe, test } from 'node:test';
import { configure } from '../support/config-file.ts';
import { freePort } from '../support/ports.ts';
import { requireProgram } from '../support/programs.ts';
import { app } from '../support/root.ts';
import { startSite } from '../support/site.ts';
import { startProgram, testHome } from '../support/test-home.ts';
import { until } from '../support/until.ts';

/** fetch() does not let one choose the Host. */
function get(
  port: number,
  host: string,
  path = '/',
): Promise<{ status: number; text: string; headers: http.IncomingHttpHeaders }> {
  return new Promise((resolve, reject) => {
    const request = http.get({ host: '127.0.0.1', port, path, headers: { host } }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, text, headers: response.headers }),
      );
    });
    request.on('error', reject);
  });
}

test('host names, wildcards, the longest prefix, and other upstreams', async (t) => {
  const home = testHome(t);
  const [port, legacy] = [await freePort(), await freePort()];
  startProgram(t, process.execPath, [app('hello.js')], {
    env: { PORT: String(legacy), HOLDFAST_APP: 'legacy' },
  });
  configure(home, {
    apps: { web: app('hello.js'), api: app('hello.js'), any: app('hello.js') },
    sites: {
      'example.com': {
        routes: { '/': 'web', '/api/': 'api', '/api/old/': `http://127.0.0.1:${legacy}`, '/only': 'any' },
      },
      '*.example.com': { routes: { '/': 'any' } },
    },
    listen: { http: port },
  });
  await home.ok(['up']);
  const who = async (host: string, path: string) =>
    (await get(port, host, path)).text.split(' ').slice(2, 3)[0];
  assert.equal(await who('example.com', '/'), 'web.0');
  assert.equal(await who('EXAMPLE.com', '/apiary'), 'web.0');
  assert.equal(await who('example.com:80', '/api/x?y=1'), 'api.0');
  assert.equal(await who('example.com', '/api'), 'api.0');
  assert.equal(await until(() => who('example.com', '/api/old/x'), { why: 'the upstream' }), 'legacy.0');
  assert.equal(await who('a.b.example.com', '/api/'), 'any.0');
  const unknown = await get(port, 'other.test');
  assert.equal(unknown.status, 404);
  assert.match(unknown.text, /No site of this name/);

  configure(home, {
    apps: { web: app('hello.js') },
    sites: { 'example.com': { routes: { '/': 'web' } } },
    edge: { unknownHost: 421 },
    listen: { http: port },
  });
  const { stdout } = await home.ok(['up']);
  assert.match(stdout, /- app api/);
  assert.equal((await get(port, 'other.test')).status, 421);
  assert.equal(await who('example.com', '/api/'), 'web.0');
  assert.match((await home.ok(['up'])).stderr, /nothing to do/i);
});

test('while no instance is ready requests wait, up to a limit, then get 503 with Retry-After', async (t) => {
  const { home, port } = await startSite(t, 'slow-start.js', { instances: 1, hold: '100ms' });
  const [instance] = await home.ready('web', 1);
  process.kill(instance?.pid ?? 0, 'SIGKILL');
  const refused = await until(
    async () => {
      const answer = await get(port, 'x');
      return answer.status === 503 && answer;
    },
    { why: 'the time to wait is over' },
  );
  assert.match(String(refused.headers['retry-after']), /^\d+$/);
  await until(async () => (await get(port, 'x')).status === 200, { why: 'it is back' });
  await home.ok(['stop', 'web']);
  assert.equal((await get(port, 'x')).status, 503);
});

describe('a program that is not Node', () => {
  test('gets PORT and is routed to', async (t) => {
    if (!requireProgram(t, 'python3')) return;
    const home = testHome(t);
    const port = await freePort();
    configure(home, {
      apps: { files: { run: 'python3 -m http.server $PORT --bind 127.0.0.1', instances: 2 } },
      sites: { '*': { routes: { '/': 'files' } } },
      listen: { http: port },
    });
    await home.ok(['up']);
    const { status, text } = await get(port, 'x');
    assert.equal(status, 200);
    assert.match(text, /holdfast\.config\.json/);
    await home.ok(['reload', 'files']);
    assert.equal((await get(port, 'x', '/holdfast.config.json')).status, 200);
  });
});

test('the app sees the client and not the edge, whatever the client says', async (t) => {
  const { url } = await startSite(t, 'express.js', { instances: 1 });
  const lies = {
    'x-forwarded-for': '6.6.6.6',
    'x-forwarded-proto': 'https',
    'x-holdfast-client': '6.6.6.6 1 https',
  };
  for (const headers of [{}, lies]) {
    const answer = await fetch(`${url}/client`, { headers });
    assert.deepEqual(await answer.json(), { ip: '127.0.0.1', protocol: 'http', secure: false });
  }
});
