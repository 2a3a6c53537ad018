/** The proxy at a unix socket: who may connect, who is asked for a password, and who follows whom. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { UnixSockets } from '../../src/egress/unix-sockets.ts';
import { exchange } from '../guest/ask.ts';
import { cleanup, type Test } from '../support/cleanup.ts';
import { runCli } from '../support/run-cli.ts';
import { tempDir } from '../support/temp-dir.ts';
import { until } from '../support/until.ts';
import { BASIC, here, mirror, startProxy, startServer } from './support.ts';

async function startAt(t: Test, path: string, allow: Parameters<typeof startProxy>[1] = []) {
  const complaints: string[] = [];
  const { proxy } = await startProxy(t, allow);
  const sockets = new UnixSockets(
    (socket) => proxy.accept(socket),
    (error) => complaints.push((error as Error).message),
  );
  cleanup(t, () => sockets.close());
  await sockets.apply([path]);
  return { sockets, complaints };
}

const plain = (origin: number, more = '') =>
  `GET http://127.0.0.1:${origin}/far HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${more}\r\n`;

test('whoever may open the socket is asked for a password there, too', async (t) => {
  const origin = await startServer(t, mirror());
  const path = `${tempDir(t)}/egress.sock`;
  await startAt(t, path, [here(origin)]);
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.match(await exchange({ path }, plain(origin)), /^HTTP\/1\.1 407 /);
  const auth = `Proxy-Authorization: ${BASIC}\r\n`;
  assert.match(await exchange({ path }, plain(origin, auth)), /^HTTP\/1\.1 200 [\s\S]*"\/far"/);
  const tunnel = `CONNECT 127.0.0.1:${origin} HTTP/1.1\r\nHost: a\r\n${auth}\r\n`;
  const through = await exchange(
    { path },
    `${tunnel}GET /in HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`,
  );
  assert.match(through, /^HTTP\/1\.1 200 Connection established[\s\S]*"\/in"/);
});

test('a successor takes the path over while the other one is there, and keeps it when that ends', async (t) => {
  const path = `${tempDir(t)}/egress.sock`;
  const first = await startAt(t, path);
  const second = await startAt(t, path);
  first.sockets.close();
  assert.match(await exchange({ path }, plain(1)), /^HTTP\/1\.1 407 /);
  await second.sockets.apply([]);
  assert.equal(existsSync(path), false);
  assert.deepEqual([...first.complaints, ...second.complaints], []);
});

test('a path that cannot be had is complained of, and had as soon as it can be', async (t) => {
  const dir = tempDir(t);
  writeFileSync(`${dir}/file`, 'of somebody');
  const { complaints } = await startAt(t, `${dir}/file`);
  const late = `${dir}/late/egress.sock`;
  const { sockets, complaints: others } = await startAt(t, late);
  assert.match(
    complaints.join(),
    /^Cannot listen on the socket ".*\/file": there is a file that is no socket$/,
  );
  assert.match(others.join(), /its directory is not there$/);
  mkdirSync(`${dir}/late`);
  await sockets.apply([late]);
  assert.match(await exchange({ path: late }, plain(1)), /^HTTP\/1\.1 407 /);
});

test('`hold proxy --socket` asks for no password, leaves nothing behind, and takes nobody’s place', async (t) => {
  const origin = await startServer(t, mirror());
  const path = `${tempDir(t)}/proxy.sock`;
  const end = new AbortController();
  const args = ['proxy', '--socket', path, '--allow', `127.0.0.1:${origin}`];
  let said = '';
  const running = runCli(tempDir(t), args, { signal: end.signal, onOut: (text) => (said += text) });
  cleanup(t, async () => {
    end.abort();
    await running;
  });
  await until(() => said === `unix:${path}\n`, { why: 'it says where it is' });
  assert.match(await exchange({ path }, plain(origin)), /^HTTP\/1\.1 200 [\s\S]*"\/far"/);
  const again = await runCli(tempDir(t), args, { signal: end.signal });
  assert.match(again.err, /Cannot start the proxy on socket ".*": it is already used/);
  end.abort();
  await running;
  assert.equal(existsSync(path), false);
  const both = await runCli(tempDir(t), [...args, '--port', '3128']);
  assert.match(both.err, /--port and --socket/);
});
