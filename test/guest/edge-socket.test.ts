/** An app that is routed: its HTTP server listens on the unix socket that the edge connects to. */
import assert from 'node:assert/strict';
import { statSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { freePort } from '../support/ports.ts';
import { asClient, ask } from './ask.ts';
import { Daemon } from './play-daemon.ts';

test('a server that listens on its port is found on the unix socket, and does not notice', async (t) => {
  const daemon = await Daemon.start(t);
  const port = await freePort();
  writeFileSync(daemon.socket, 'left behind');
  const app = daemon.run({
    orders: { socket: daemon.socket },
    code: `
      const server = require('node:http').createServer((req, res) => res.end('hello'));
      const order = [];
      server.on('listening', () => order.push('listening'));
      const result = server.listen(${port}, () => {
        order.push('callback');
        console.log(JSON.stringify({ order, address: server.address(), same: result === server }));
      });
      order.push(server.listening ? 'sync' : 'async');
    `,
  });
  const listening = await daemon.hears('listening');
  assert.deepEqual(listening, { type: 'listening', host: null, port, via: 'socket', tls: false });
  const hello = daemon.heard[0];
  assert.deepEqual(hello, {
    type: 'hello',
    role: 'guest',
    instance: 'web.0',
    serial: 1,
    pid: app.child.pid,
    node: process.version,
  });
  assert.deepEqual(JSON.parse(await app.printed('same')), {
    order: ['sync', 'listening', 'callback'],
    address: { address: '::', family: 'IPv6', port },
    same: true,
  });
  assert.equal(statSync(daemon.socket).mode & 0o777, 0o600);
  assert.equal((await ask({ socketPath: daemon.socket, headers: asClient() })).body, 'hello');
  await assert.rejects(ask({ port }), /ECONNREFUSED/);
});
