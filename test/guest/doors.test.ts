/** Sockets that the daemon holds: inherited, used instead of a bind, and never more widely than the app asked for. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { connect } from 'node:net';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { cleanup, type Test } from '../support/cleanup.ts';
import { freePort } from '../support/ports.ts';
import { app as fixture } from '../support/root.ts';
import { tempDir } from '../support/temp-dir.ts';
import { ask, exchange } from './ask.ts';
import { type App, Daemon, holdDoor } from './play-daemon.ts';

const hello = (port: number, host = '') =>
  `require('node:http').createServer((req, res) => res.end('pid ' + process.pid))
     .listen(${port}${host && `, '${host}'`});`;

test('two processes serve one port, and it stays open while neither is there', async (t) => {
  const daemon = await Daemon.start(t);
  const door = await holdDoor(t);
  const first = daemon.run({ code: hello(door.port), doors: [door] });
  assert.deepEqual(await daemon.hears('listening'), {
    type: 'listening',
    host: null,
    port: door.port,
    via: 'door',
    tls: false,
  });
  const second = daemon.run({ code: hello(door.port), doors: [door] });
  await daemon.hears('listening', 2);
  first.child.kill('SIGKILL');
  await first.ended();
  assert.equal((await ask({ port: door.port })).body, `pid ${second.child.pid}`);
  second.child.kill('SIGKILL');
  await second.ended();
  const waiting = ask({ port: door.port });
  const third = daemon.run({ code: hello(door.port), doors: [door] });
  assert.equal((await waiting).body, `pid ${third.child.pid}`);
});

test('an ES module, over IPv4 and IPv6', async (t) => {
  const daemon = await Daemon.start(t);
  const door = await holdDoor(t);
  const esm = `import { createServer } from 'node:http';
    const server = createServer((req, res) => res.end(req.socket.remoteAddress)).listen(${door.port}, () => {
      console.log(JSON.stringify(server.address()));
    });`;
  const app = daemon.run({ esm, doors: [door] });
  assert.deepEqual(JSON.parse(await app.printed('\n')), { address: '::', family: 'IPv6', port: door.port });
  assert.equal((await ask({ port: door.port, host: '127.0.0.1' })).body, '::ffff:127.0.0.1');
  assert.equal((await ask({ port: door.port, host: '::1' })).body, '::1');
});

for (const host of ['127.0.0.1', '::1']) {
  test(`a door on ${host}`, async (t) => {
    const daemon = await Daemon.start(t);
    const door = await holdDoor(t, host);
    daemon.run({ code: hello(door.port, host), doors: [door] });
    const listening = await daemon.hears('listening');
    assert.deepEqual([listening.host, listening.via], [host, 'door']);
    assert.match((await ask({ port: door.port, host })).body, /^pid/);
  });
}

test('localhost is either loopback address', async (t) => {
  const daemon = await Daemon.start(t);
  for (const host of ['127.0.0.1', '::1']) {
    const door = await holdDoor(t, host);
    daemon.run({ code: hello(door.port, 'localhost'), doors: [door] });
    const listening = await daemon.hears('listening', daemon.heardOf('listening').length + 1);
    assert.deepEqual([listening.host, listening.via], [host, 'door']);
    assert.match((await ask({ port: door.port, host })).body, /^pid/);
  }
});

test('an app that keeps to loopback is not reached from elsewhere over a door on all addresses', async (t) => {
  const outside = Object.values(networkInterfaces())
    .flat()
    .find((address) => address?.family === 'IPv4' && !address.internal)?.address;
  const daemon = await Daemon.start(t);
  for (const [host, reached] of [
    ['127.0.0.1', ['127.0.0.1']],
    ['localhost', ['127.0.0.1', '::1']],
  ] as const) {
    const door = await holdDoor(t);
    const app = daemon.run({
      code: `
        let seen = 0;
        const server = require('node:http').createServer((req, res) => res.end('in ' + seen));
        server.on('connection', () => { seen += 1; });
        server.listen(${door.port}, '${host}', () => console.log(JSON.stringify(server.address())));`,
      doors: [door],
    });
    await app.printed('\n');
    const address = JSON.parse(app.output);
    assert.ok(['127.0.0.1', '::1'].includes(address.address));
    const listening = await daemon.hears('listening', daemon.heardOf('listening').length || 1);
    assert.deepEqual([listening.host, listening.via], [address.address, 'door']);
    for (const to of reached) assert.match((await ask({ port: door.port, host: to })).body, /^in/);
    const elsewhere = host === '127.0.0.1' ? ['::1', '127.0.0.2'] : ['127.0.0.2'];
    if (outside) elsewhere.push(outside);
    for (const to of elsewhere) {
      await assert.rejects(ask({ port: door.port, host: to }), /ECONNRESET|socket hang up/, to);
    }
    assert.equal((await ask({ port: door.port, host: '127.0.0.1' })).body, `in ${reached.length + 1}`);
  }
});

test('a program that tries its port first does not use the door up', async (t) => {
  const daemon = await Daemon.start(t);
  const door = await holdDoor(t);
  const app = daemon.run({
    doors: [door],
    code: `
      const net = require('node:net');
      const isFree = () => new Promise((resolve, reject) => {
        const probe = net.createServer().unref();
        probe.on('error', reject);
        probe.listen(${door.port}, () => probe.close(() => resolve()));
      });
      const isFreeByPromise = async () => {
        const probe = net.createServer().listen(${door.port});
        await require('node:events').once(probe, 'listening');
        await new Promise((resolve) => probe.close(resolve));
      };
      (async () => {
        for (let i = 0; i < 3; i++) await isFree();
        for (let i = 0; i < 3; i++) await isFreeByPromise();
        ${hello(door.port)}
      })();`,
  });
  assert.equal((await daemon.hears('listening')).via, 'door');
  assert.equal((await ask({ port: door.port })).body, `pid ${app.child.pid}`);
  assert.equal(daemon.heardOf('listening').length, 1, 'only what lasts is told');
});

test('an app that asks itself as soon as it listens gets an answer', async (t) => {
  const daemon = await Daemon.start(t);
  const door = await holdDoor(t);
  const esm = `import { createServer } from 'node:http';
    createServer((req, res) => res.end('itself')).listen(${door.port}, async () => {
      console.log(await (await fetch('http://127.0.0.1:${door.port}/')).text());
      process.exit();
    });`;
  await daemon.run({ esm, doors: [door] }).printed('itself');
});

test('a second fd of the socket lets a server close and listen again; one at a time', async (t) => {
  const daemon = await Daemon.start(t);
  const door = await holdDoor(t);
  const app = daemon.run({
    doors: [door, door],
    code: `
      const http = require('node:http');
      const server = http.createServer((req, res) => { res.end('again'); });
      server.listen(${door.port}, () => setImmediate(() => setImmediate(() => {
        const other = http.createServer();
        other.on('error', (error) => {
          console.log(error.message);
          server.close(() => server.listen(${door.port}, () => console.log('listens ' + JSON.stringify(server.address()))));
        });
        other.listen(${door.port});
      })));`,
  });
  await app.printed('listens');
  assert.match(app.output, /^listen EADDRINUSE: address already in use :::\d+\n/);
  assert.match(app.output, /listens \{"address":"::","family":"IPv6","port":\d+\}/);
  assert.equal((await ask({ port: door.port })).body, 'again');
});

test('several servers of one app, each on its own door or port', async (t) => {
  const daemon = await Daemon.start(t);
  const [one, two] = [await holdDoor(t), await holdDoor(t)];
  const own = await freePort();
  const app = daemon.run({
    doors: [two, one],
    code: `
      const http = require('node:http');
      for (const port of [${one.port}, ${two.port}, ${own}]) {
        http.createServer((req, res) => res.end('port ' + port)).listen(port);
      }
      const any = http.createServer((req, res) => res.end('any')).listen(0, () => console.log(any.address().port));`,
  });
  await daemon.hears('listening', 3);
  const told = daemon.heardOf('listening').map(({ port, via }) => [port, via]);
  assert.deepEqual(
    new Map(told as [number, string][]),
    new Map([
      [one.port, 'door'],
      [two.port, 'door'],
      [own, 'own'],
    ]),
  );
  for (const port of [one.port, two.port, own]) assert.equal((await ask({ port })).body, `port ${port}`);
  const any = Number.parseInt(await app.printed('\n'), 10);
  assert.equal((await ask({ port: any })).body, 'any');
});

function certificate(t: Test): { TLS_KEY: string; TLS_CERT: string } {
  const dir = tempDir(t);
  const [key, cert] = [join(dir, 'key.pem'), join(dir, 'cert.pem')];
  const args =
    'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost';
  execFileSync('openssl', [...args.split(' '), '-keyout', key, '-out', cert], { stdio: 'ignore' });
  return { TLS_KEY: key, TLS_CERT: cert };
}

test('a server that speaks TLS itself, though the app is routed', async (t) => {
  const daemon = await Daemon.start(t);
  const door = await holdDoor(t);
  const env = { ...certificate(t), PORT: String(door.port) };
  const app = daemon.run({
    file: fixture('https-server.js'),
    doors: [door],
    env,
    orders: { socket: daemon.socket, port: door.port },
  });
  const listening = await daemon.hears('listening');
  assert.deepEqual([listening.via, listening.tls], ['door', true]);
  assert.equal((await ask({ port: door.port, tls: true })).body, `secure pid ${app.child.pid}\n`);
});

test('plain TCP', async (t) => {
  const daemon = await Daemon.start(t);
  const door = await holdDoor(t);
  daemon.run({ file: fixture('tcp-echo.js'), doors: [door], env: { PORT: String(door.port) } });
  await daemon.hears('listening');
  const socket = connect(door.port, '127.0.0.1');
  cleanup(t, () => socket.destroy());
  socket.end('over and out');
  let text = '';
  for await (const chunk of socket) text += chunk;
  assert.equal(text, 'over and out');
});

test('a descriptor that is no socket is left alone', async (t) => {
  const daemon = await Daemon.start(t);
  const port = await freePort();
  const file = openSync(join(tempDir(t), 'file'), 'w');
  cleanup(t, () => closeSync(file));
  const { handle } = await holdDoor(t);
  const bogus = { host: null, port, handle: { ...handle, fd: file } };
  const app: App = daemon.run({ code: hello(port), doors: [bogus] });
  assert.equal((await daemon.hears('listening')).via, 'own');
  assert.equal((await ask({ port })).body, `pid ${app.child.pid}`);
});

test('a door stays with this process: its children do not inherit it', async (t) => {
  const daemon = await Daemon.start(t);
  const door = await holdDoor(t);
  const app = daemon.run({
    doors: [door],
    code: `
      const look = "const fs=require('fs'); console.log(fs.readdirSync('/proc/self/fd').map(f=>{try{return fs.readlinkSync('/proc/self/fd/'+f)}catch{return ''}}).filter(l=>l.startsWith('socket')).length)";
      require('node:http').createServer().listen(${door.port}, () => setImmediate(() => setImmediate(() => {
        const { status, stdout } = require('node:child_process').spawnSync(process.execPath, ['-e', look], { stdio: ['ignore', 'pipe', 'ignore'] });
        console.log('sockets of a child ' + Number(stdout) + ' ' + status);
      })));`,
  });
  // Its stdout is one: Node makes such pipes of socket pairs.
  await app.printed('sockets of a child 1 0');
});

test('an answer is whole when the app closes its server while it is sent', async (t) => {
  const daemon = await Daemon.start(t);
  const door = await holdDoor(t);
  const app = daemon.run({
    doors: [door],
    code: `
      const server = require('node:http').createServer((req, res) => {
        res.write('first ');
        server.close(() => console.log('closed'));
        setTimeout(() => res.end('last'), 20);
      }).listen(${door.port});`,
  });
  await daemon.hears('listening');
  const text = await exchange({ port: door.port }, 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
  assert.match(text, /first [\s\S]*last/);
  await app.printed('closed');
  assert.equal(await app.ended(), 0, 'and nothing of the guest keeps the process alive');
});

test('behind a server in front: the web server of the app is on its door, whatever port it means, and clients cannot say who they are', async (t) => {
  const daemon = await Daemon.start(t);
  const door = await holdDoor(t, '127.0.0.1');
  const port = await freePort();
  const code = `const server = require('node:http').createServer((req, res) =>
      res.end(JSON.stringify([req.socket.remoteAddress, req.headers['x-holdfast-client']])));
    server.listen(${port}, () => console.log(JSON.stringify(server.address())));`;
  const app = daemon.run({ code, doors: [door], orders: { front: door.port } });
  assert.deepEqual(JSON.parse(await app.printed('\n')), { address: '::', family: 'IPv6', port });
  const { via } = await daemon.hears('listening');
  assert.equal(via, 'front');
  const headers = { 'X-Holdfast-Client': '6.6.6.6 1 https' };
  const { body } = await ask({ port: door.port, headers });
  assert.deepEqual(JSON.parse(body), ['127.0.0.1', '6.6.6.6 1 https'], 'a field like any other');
});
