/** The socket on which one instance is asked how it is: its port may be shared with others, which would answer for it. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { allNodes } from '../support/nodes.ts';
import { freePort } from '../support/ports.ts';
import { ask } from './ask.ts';
import { Daemon, holdDoor } from './play-daemon.ts';

const server = (port: number | string, say = 'who') =>
  `require('node:http').createServer((req, res) => res.end('${say} ' + req.socket.remoteAddress + ' ' + req.url)).listen(${port});`;

for (const { major, path } of allNodes()) {
  test(`Node ${major}: a server on a door answers on its own socket, as to a client of this machine`, async (t) => {
    const daemon = await Daemon.start(t);
    const door = await holdDoor(t);
    const probe = { path: join(daemon.dir, 'probe'), port: null };
    daemon.run({ node: path, doors: [door], orders: { probe, port: door.port }, code: server(door.port) });
    const { path: socketPath, tls } = await daemon.hears('probing');
    assert.deepEqual([socketPath, tls], [probe.path, false]);
    assert.equal((await ask({ socketPath, path: '/healthz' })).body, 'who 127.0.0.1 /healthz');
    // Its door still works, and the next daemon hears of the socket again.
    assert.match((await ask({ port: door.port })).body, /^who /);
    await daemon.down();
    await daemon.up();
    await daemon.hears('probing', 2);
  });
}

test('behind the edge, and of several servers the one that is meant', async (t) => {
  const daemon = await Daemon.start(t);
  const [web, admin] = [await freePort(), await freePort()];
  const code = `${server(admin, 'admin')} ${server(web, 'web')}`;
  const cases = [
    [{ port: null }, 'web 127.0.0.1 /'],
    [{ port: admin }, 'admin 127.0.0.1 /'],
  ] as const;
  for (const [index, [{ port }, body]] of cases.entries()) {
    const path = join(daemon.dir, `probe-${index}`);
    const orders = { probe: { path, port }, socket: daemon.socket, port: web };
    const app = daemon.run({ orders, code });
    await daemon.hears('probing', index + 1);
    assert.equal((await ask({ socketPath: path })).body, body);
    app.child.kill();
    await app.ended();
  }
});

test('it keeps nothing alive, and is gone with an app that ends well', async (t) => {
  const daemon = await Daemon.start(t);
  const path = join(daemon.dir, 'probe');
  const code = `const s = require('node:http').createServer().listen(${await freePort()}, () => setTimeout(() => s.close(), 300));`;
  const app = daemon.run({ orders: { probe: { path, port: null } }, code });
  await daemon.hears('probing');
  assert.equal(await app.ended(), 0);
});

test('a server that does not listen yet is not asked', async (t) => {
  const daemon = await Daemon.start(t);
  const path = join(daemon.dir, 'probe');
  daemon.run({ orders: { probe: { path, port: null } }, code: 'setInterval(() => {}, 1000);' });
  await daemon.hears('health');
  assert.deepEqual([daemon.heardOf('probing'), existsSync(path)], [[], false]);
});
