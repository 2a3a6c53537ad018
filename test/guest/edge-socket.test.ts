/** An app that is routed: its HTTP server listens on the unix socket that the edge connects to. */
import assert from 'node:assert/strict';
import { statSync, writeFileSync } from 'node:fs';
import { Agent } from 'node:http';
import { connect as connectHttp2 } from 'node:http2';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { cleanup } from '../support/cleanup.ts';
import { freePort } from '../support/ports.ts';
import { asClient, ask, exchange } from './ask.ts';
import { Daemon, holdDoor } from './play-daemon.ts';

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

test('a server of HTTP/2 without TLS is found there, too, also when nobody names its port', async (t) => {
  const daemon = await Daemon.start(t);
  const port = await freePort();
  daemon.run({
    orders: { socket: daemon.socket },
    code: `require('node:http2').createServer((req, res) => res.end('hello')).listen(${port});`,
  });
  assert.deepEqual(await daemon.hears('listening'), {
    type: 'listening',
    host: null,
    port,
    via: 'socket',
    tls: false,
  });
  const session = connectHttp2('http://app', { createConnection: () => connect(daemon.socket) });
  const stream = session.request({ ':path': '/' });
  assert.equal(await text(stream), 'hello');
  session.close();
});

/** Prints what the app sees of each request, in every way in which Node offers one. */
const seeing = (port: number) => `
  const http = require('node:http');
  const see = (how, req) => ({
    how, remoteAddress: req.socket.remoteAddress, remotePort: req.socket.remotePort,
    remoteFamily: req.socket.remoteFamily, encrypted: req.socket.encrypted,
    local: req.socket.address(), localPort: req.socket.localPort, localAddress: req.socket.localAddress,
    raw: req.rawHeaders, headers: req.headers, distinct: req.headersDistinct,
  });
  const server = http.createServer((req, res) => res.end(JSON.stringify(see('request', req))));
  server.on('checkContinue', (req, res) => res.end(JSON.stringify(see('checkContinue', req))));
  server.on('checkExpectation', (req, res) => res.end(JSON.stringify(see('checkExpectation', req))));
  for (const how of ['upgrade', 'connect']) {
    server.on(how, (req, socket) => socket.end('HTTP/1.1 200 OK\\r\\n\\r\\n' + JSON.stringify(see(how, req))));
  }
  server.listen(${port});
`;

test('whoever asks through the edge is who the app sees, for every kind of request', async (t) => {
  const daemon = await Daemon.start(t);
  const port = await freePort();
  daemon.run({ code: seeing(port), orders: { socket: daemon.socket } });
  await daemon.hears('listening');
  const kinds = {
    request: 'GET / HTTP/1.1\r\n',
    checkContinue: 'POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 0\r\n',
    checkExpectation: 'POST / HTTP/1.1\r\nExpect: something\r\nContent-Length: 0\r\n',
    upgrade: 'GET / HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n',
    connect: 'CONNECT example.com:443 HTTP/1.1\r\n',
  };
  for (const [how, start] of Object.entries(kinds)) {
    const [line, ...fields] = start.split('\r\n');
    const end = how === 'upgrade' || how === 'connect' ? '' : 'Connection: close\r\n';
    const head = [line, 'X-Holdfast-Client: 2001:db8::5 40000 https', 'Host: example.com', ...fields].join(
      '\r\n',
    );
    const text = await exchange({ path: daemon.socket }, `${head}${end}\r\n`);
    const seen = JSON.parse(text.slice(text.indexOf('{')).replace(/\}\r\n.*$/s, '}'));
    assert.equal(seen.how, how);
    assert.equal(seen.remoteAddress, '2001:db8::5');
    assert.equal(seen.remotePort, 40000);
    assert.equal(seen.remoteFamily, 'IPv6');
    assert.equal(seen.encrypted, true);
    assert.deepEqual(seen.local, { address: '::1', family: 'IPv6', port });
    assert.equal(seen.localPort, port);
    assert.equal(seen.localAddress, '::1');
    assert.equal(seen.raw[0], 'Host');
    assert.doesNotMatch(JSON.stringify([seen.raw, seen.headers, seen.distinct]), /holdfast/i);
    assert.equal(seen.headers.host, 'example.com');
    assert.deepEqual(seen.distinct.host, ['example.com']);
    assert.equal(seen.raw.length, Object.keys(seen.distinct).length * 2, 'all fields are there, once');
  }
});

test('one connection serves many clients, and each request is its own client’s', async (t) => {
  const daemon = await Daemon.start(t);
  const port = await freePort();
  daemon.run({ code: seeing(port), orders: { socket: daemon.socket } });
  await daemon.hears('listening');
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  cleanup(t, () => agent.destroy());
  const one = async (headers: Record<string, string>) =>
    JSON.parse((await ask({ socketPath: daemon.socket, agent, headers })).body);
  const first = await one(asClient('198.51.100.1', 1111, 'http'));
  const second = await one(asClient('2001:db8::2', 2222, 'https'));
  const nobody = await one({ Host: 'example.com' });
  assert.deepEqual(
    [first, second, nobody].map(({ remoteAddress, remotePort, encrypted }) => [
      remoteAddress,
      remotePort,
      encrypted,
    ]),
    [
      ['198.51.100.1', 1111, undefined],
      ['2001:db8::2', 2222, true],
      ['127.0.0.1', undefined, undefined],
    ],
  );
});

test('a program may set what it could set on a plain socket', async (t) => {
  const daemon = await Daemon.start(t);
  const port = await freePort();
  daemon.run({
    orders: { socket: daemon.socket },
    code: `'use strict';
      require('node:http').createServer((req, res) => {
        req.socket.encrypted = 'set';
        Object.defineProperty(req.socket, 'remoteAddress', { value: 'defined' });
        res.end(req.socket.encrypted + req.socket.remoteAddress);
      }).listen(${port});`,
  });
  await daemon.hears('listening');
  assert.equal((await ask({ socketPath: daemon.socket, headers: asClient() })).body, 'setdefined');
});

test('on a door nobody can pretend to be somebody else', async (t) => {
  const daemon = await Daemon.start(t);
  const door = await holdDoor(t);
  daemon.run({ code: seeing(door.port), doors: [door] });
  await daemon.hears('listening');
  const answer = JSON.parse((await ask({ port: door.port, host: '127.0.0.1', headers: asClient() })).body);
  assert.equal(answer.remoteAddress, '::ffff:127.0.0.1');
  assert.equal(answer.encrypted, undefined);
  assert.equal(answer.headers['x-holdfast-client'], '203.0.113.7 51234 https');
});

test('the edge may leave its connections idle, whatever the app sets', async (t) => {
  const daemon = await Daemon.start(t);
  const port = await freePort();
  const app = daemon.run({
    orders: { socket: daemon.socket },
    code: `
      const server = require('node:http').createServer((req, res) => res.end('x'));
      server.keepAliveTimeout = 1000;
      server.listen(${port}, () => {
        server.keepAliveTimeout = 2000;
        server.headersTimeout = 3000;
        const edge = [server.keepAliveTimeout, server.headersTimeout];
        server.keepAliveTimeout = 0;
        edge.push(server.keepAliveTimeout);
        server.keepAliveTimeout = 99000;
        edge.push(server.keepAliveTimeout);
        const own = require('node:http').createServer().listen(0, () => {
          own.keepAliveTimeout = 2000;
          console.log(JSON.stringify({ edge, own: own.keepAliveTimeout }));
        });
      });
    `,
  });
  assert.deepEqual(JSON.parse(await app.printed('own')), { edge: [75000, 0, 0, 99000], own: 2000 });
  const answer = await exchange(
    { path: daemon.socket },
    'GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
  );
  assert.match(answer, /Keep-Alive: timeout=99/);
});

test('the second server on the port is refused, on another address it hears nothing', async (t) => {
  const daemon = await Daemon.start(t);
  const port = await freePort();
  const app = daemon.run({
    orders: { socket: daemon.socket },
    code: `
      const http = require('node:http');
      const first = http.createServer((req, res) => res.end('first')).listen(${port}, '127.0.0.1', () => {
        const second = http.createServer();
        second.on('error', ({ message, code, errno, syscall, address, port }) => {
          console.log(JSON.stringify({ message, code, errno, syscall, address, port }));
          const beside = http.createServer().listen(${port}, '::1', () => {
            console.log('beside ' + JSON.stringify(beside.address()));
            beside.close(() => first.close(() => {
              http.createServer((req, res) => res.end('third')).listen(${port}, () => console.log('third'));
            }));
          });
        });
        second.listen(${port}, () => console.log('never'));
      });
    `,
  });
  await app.printed('third');
  const [refused, beside] = app.output.split('\n');
  assert.deepEqual(JSON.parse(refused ?? ''), {
    message: `listen EADDRINUSE: address already in use :::${port}`,
    code: 'EADDRINUSE',
    errno: -98,
    syscall: 'listen',
    address: '::',
    port,
  });
  assert.equal(beside, `beside {"address":"::1","family":"IPv6","port":${port}}`);
  assert.doesNotMatch(app.output, /never/);
  assert.equal((await ask({ socketPath: daemon.socket, headers: asClient() })).body, 'third');
});

test('only HTTP servers, and of these the first, are for the edge when the plan names no port', async (t) => {
  const daemon = await Daemon.start(t);
  const [tcp, web, admin] = [await freePort(), await freePort(), await freePort()];
  const app = daemon.run({
    orders: { socket: daemon.socket },
    code: `
      require('node:net').createServer((s) => s.end('tcp')).listen(${tcp}, '127.0.0.1', () => {
        const http = require('node:http');
        http.createServer((req, res) => res.end('web')).listen(${web}, () => {
          http.createServer((req, res) => res.end('admin')).listen(${admin}, '127.0.0.1', () => console.log('all'));
        });
      });
    `,
  });
  await app.printed('all');
  await daemon.hears('listening', 3);
  assert.deepEqual(
    daemon.heardOf('listening').map(({ host, port, via }) => [host, port, via]),
    [
      ['127.0.0.1', tcp, 'own'],
      [null, web, 'socket'],
      ['127.0.0.1', admin, 'own'],
    ],
  );
  assert.equal((await ask({ socketPath: daemon.socket, headers: asClient() })).body, 'web');
  assert.equal((await ask({ port: admin })).body, 'admin');
});
