/** With `egress`, apps reach what the configuration allows, unchanged, and who talks to where is known. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import net from 'node:net';
import { networkInterfaces } from 'node:os';
import { test } from 'node:test';
import type { EgressView } from '../../src/protocol/egress.ts';
import { mirror } from '../egress/support.ts';
import { cleanup } from '../support/cleanup.ts';
import { configure } from '../support/config-file.ts';
import { installed } from '../support/installed.ts';
import { allNodes } from '../support/nodes.ts';
import { freePort } from '../support/ports.ts';
import { processesWith } from '../support/processes.ts';
import { app } from '../support/root.ts';
import { tempDir } from '../support/temp-dir.ts';
import { type TestHome, testHome } from '../support/test-home.ts';
import { until } from '../support/until.ts';

/** An address of this machine that is not loopback, and so is outside for an app. */
const outside = Object.values(networkInterfaces())
  .flat()
  .find((one) => one && !one.internal && one.family === 'IPv4')?.address;

type Call = Record<'fetch' | 'http' | 'net' | 'worker' | 'denied' | 'metadata' | 'near', string>;

function startOrigin(t: Parameters<typeof testHome>[0]): Promise<number> {
  const server = mirror();
  cleanup(t, () => {
    server.close();
    server.closeAllConnections();
  });
  return new Promise((resolve) => {
    server.listen(0, () => resolve((server.address() as { port: number }).port));
  });
}

async function call(port: number, to: string, more = ''): Promise<Call> {
  return (
    await fetch(`http://127.0.0.1:${port}/?to=${encodeURIComponent(to)}${more}`)
  ).json() as Promise<Call>;
}

const counted = async (home: TestHome) => (await home.ok(['egress', '--json'])).json<EgressView>();

test('fetch, http, plain sockets and worker threads go through it, on every Node; the rest is denied and told', async (t) => {
  if (!outside) return t.skip('this machine has no address but loopback');
  const origin = await startOrigin(t);
  for (const node of allNodes()) {
    const home = testHome(t, { node: node.path });
    const port = await freePort();
    configure(home, {
      apps: { web: { run: app('calls.mjs'), port } },
      egress: { apps: { web: [`${outside}:${origin}`] } },
    });
    await home.ok(['up']);
    const said = await call(port, `http://${outside}:${origin}`, '&far');
    const ok = { fetch: 'ok', http: 'ok', net: 'ok', worker: 'ok', near: 'ok' };
    assert.deepEqual(said, { ...ok, denied: 'EACCES', metadata: 'EACCES' }, `Node ${node.version}`);
    const view = await until(
      async () => {
        const seen = await counted(home);
        return seen.counts.some(({ connections }) => connections >= 4) && seen;
      },
      { why: 'they are counted' },
    );
    const row = view.counts.find(({ host }) => host === outside);
    assert.ok(row && row.bytesIn > 0 && row.bytesOut > 0 && row.port === origin && row.app === 'web');
    assert.deepEqual(
      view.counts
        .filter(({ denied }) => denied > 0)
        .map(({ host }) => host)
        .sort(),
      ['169.254.169.254', '192.0.2.77'],
    );
    const { stdout } = await home.ok(['events', '--json']);
    assert.match(stdout, /"egress\.denied".*169\.254\.169\.254/);
    const { pid } = (await home.ready('web', 1))[0] ?? {};
    const token = /HTTP_PROXY=http:\/\/web:(\w+)@/.exec(readFileSync(`/proc/${pid}/environ`, 'latin1'))?.[1];
    assert.ok(token);
    for (const args of [['show', 'web', '--json'], ['ls', '--json'], ['events', '--json'], ['egress']]) {
      assert.ok(!(await home.ok(args)).stdout.includes(token), `the password is in ${args[0]}`);
    }
    await home.ok(['down']);
  }
});

test('the proxy and the daemon may be killed: calls wait for the next one, and counting goes on', async (t) => {
  if (!outside) return t.skip('this machine has no address but loopback');
  const origin = await startOrigin(t);
  const home = testHome(t);
  const port = await freePort();
  configure(home, { apps: { web: { run: app('calls.mjs'), port } }, egress: 'observe' });
  await home.ok(['up']);
  const to = `http://${outside}:${origin}`;
  // A plain socket is a new connection; those that are kept alive die with the proxy, as with any other.
  const fine = async (why: string) => assert.equal((await call(port, to)).net, 'ok', why);
  await fine('at first');
  const connections = async () =>
    (await counted(home)).counts.find(({ host }) => host === outside)?.connections ?? 0;
  await until(async () => (await connections()) >= 4, { why: 'they are counted' });
  const [proxy] = await home.ready('@egress', 1);
  process.kill(proxy?.pid ?? 0, 'SIGKILL');
  await fine('the proxy was killed');
  process.kill(home.daemonPid(), 'SIGKILL');
  await fine('the daemon was killed');
  await until(async () => (await connections()) >= 9, { why: 'what all processes counted is there' });
  configure(home, { apps: { web: { run: app('calls.mjs'), port } }, egress: { allow: [] } });
  await home.ok(['up']);
  assert.equal((await call(port, to)).net, 'EACCES');
  configure(home, { apps: { web: { run: app('calls.mjs'), port } } });
  await home.ok(['up']);
  assert.equal((await call(port, to)).net, 'ok');
  assert.deepEqual(
    (await home.apps()).map(({ name }) => name),
    ['web'],
  );
});

test('an upgrade replaces the proxy, and what is open through it goes on; a command beside the app uses it, too', async (t) => {
  if (!outside) return t.skip('this machine has no address but loopback');
  const echo = net.createServer((socket) => socket.on('error', () => undefined).pipe(socket));
  cleanup(t, () => echo.close());
  await once(echo.listen(0), 'listening');
  const { port: far } = echo.address() as net.AddressInfo;
  const home = testHome(t);
  const config = {
    apps: { web: { run: 'sleep 1000' } },
    egress: { socket: true, allow: [`${outside}:${far}`] },
  };
  configure(home, config);
  await home.ok(['up']);
  const say = 'console.log(JSON.stringify([process.env.HTTP_PROXY, process.env.NODE_USE_ENV_PROXY]))';
  const [proxy, own] = (await home.ok(['run', 'web', '--', 'node', '-e', say])).json<string[]>();
  assert.equal(own, '1');
  const { port, username, password } = new URL(proxy ?? '');
  const tunnel = net.connect(Number(port), '127.0.0.1');
  cleanup(t, () => tunnel.destroy());
  const authorization = Buffer.from(`${username}:${password}`).toString('base64');
  tunnel.write(
    `CONNECT ${outside}:${far} HTTP/1.1\r\nHost: a\r\nProxy-Authorization: Basic ${authorization}\r\n\r\n`,
  );
  assert.match(String((await once(tunnel, 'data'))[0]), /^HTTP\/1\.1 200 /);
  const [before] = await home.ready('@egress', 1);
  const { bin } = installed(tempDir(t), '99.0.0');
  await home.ok(['upgrade'], { bin });
  const proxies = (await home.show('@egress')).instances.map(({ pid, status }) => [
    status,
    pid === before?.pid,
  ]);
  assert.deepEqual(proxies.sort(), [
    ['draining', true],
    ['ready', false],
  ]);
  tunnel.write('still there');
  assert.equal(String((await once(tunnel, 'data'))[0]), 'still there');
  const [again] = (await home.ok(['run', 'web', '--', 'node', '-e', say], { bin })).json<string[]>();
  assert.equal(again, proxy);
  const local = net.connect(`${home.paths.run}/egress.sock`).on('error', () => undefined);
  cleanup(t, () => local.destroy());
  local.write(
    `CONNECT ${outside}:${far} HTTP/1.1\r\nHost: a\r\nProxy-Authorization: Basic ${authorization}\r\n\r\n`,
  );
  assert.match(String((await once(local, 'data'))[0]), /^HTTP\/1\.1 200 /, 'its socket is the new one’s');
  local.destroy();
  tunnel.end();
  await until(() => !processesWith(home.paths.home).some(({ pid }) => pid === before?.pid), {
    why: 'the old proxy ends with its last tunnel',
  });
});
