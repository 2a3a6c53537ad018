/** What passes between the guest and the daemon, and what the app must never notice of it. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { freePort } from '../support/ports.ts';
import { until } from '../support/until.ts';
import { ask } from './ask.ts';
import { Daemon, guestFile, holdDoor, type RawHandle } from './play-daemon.ts';

const serving = (port: number) =>
  `require('node:http').createServer((req, res) => res.end('pid ' + process.pid)).listen(${port});`;

test('a socket of its own is offered, and the copy keeps the port open after a crash', async (t) => {
  const daemon = await Daemon.start(t);
  const port = await freePort();
  const app = daemon.run({ code: serving(port), orders: { offer: true } });
  assert.deepEqual(await daemon.hears('listening'), {
    type: 'listening',
    host: null,
    port,
    via: 'offered',
    tls: false,
  });
  const { offer, handle } = await until(() => app.offers[0], { why: 'the copy arrives' });
  assert.deepEqual(offer, { cmd: 'NODE_HOLDFAST_DOOR', host: null, port });
  assert.equal((await ask({ port })).body, `pid ${app.child.pid}`);
  app.child.kill('SIGKILL');
  await app.ended();
  const waiting = ask({ port });
  const next = daemon.run({ code: serving(port), doors: [{ handle, host: null, port }] });
  assert.equal((await waiting).body, `pid ${next.child.pid}`);
});

test('several servers are offered, each with the address that it is bound to', async (t) => {
  const daemon = await Daemon.start(t);
  const [one, two, three] = [await freePort(), await freePort(), await freePort()];
  const app = daemon.run({
    orders: { offer: true },
    code: `
      const net = require('node:net');
      net.createServer().listen(${one}, '127.0.0.1');
      net.createServer().listen({ port: ${two}, host: '::1' });
      net.createServer().listen(${three}, '0.0.0.0');
      net.createServer().listen(0);
      net.createServer().listen(process.env.SOCKET);`,
  });
  await daemon.hears('listening', 3);
  await until(() => app.offers.length === 3, { why: 'three copies arrive' });
  const expected = [
    ['0.0.0.0', three],
    ['127.0.0.1', one],
    ['::1', two],
  ];
  assert.deepEqual(app.offers.map(({ offer }) => [offer.host, offer.port]).sort(), expected);
  assert.deepEqual(
    daemon
      .heardOf('listening')
      .map(({ host, port }) => [host, port])
      .sort(),
    expected,
  );
  assert.equal(new Set(app.offers.map(({ handle }: { handle: RawHandle }) => handle.fd)).size, 3);
});

const looksForked = `
  const seen = ['send', 'channel', 'connected', 'disconnect', '_send', '_channel', '_disconnect']
    .filter((name) => process[name] || Object.keys(process).includes(name));
  for (const event of ['message', 'disconnect', 'internalMessage']) process.on(event, () => console.log('EMITTED ' + event));`;

test('the app sees no channel, before and after the daemon’s death', async (t) => {
  const daemon = await Daemon.start(t);
  const port = await freePort();
  const app = daemon.run({
    orders: { offer: true },
    code: `${looksForked}
      console.log('first ' + JSON.stringify(seen) + process.env.NODE_CHANNEL_FD + process.env.HOLDFAST_GUEST);
      const http = require('node:http');
      http.createServer((req, res) => {
        if (req.url === '/again') http.createServer().listen(${port} + 1, '127.0.0.1', () => res.end('listens'));
        else res.end(JSON.stringify(Object.keys(process).filter((n) => /channel|send|connect/i.test(n))));
      }).listen(${port}, '127.0.0.1');
      process.on('uncaughtException', (error) => console.log('UNCAUGHT ' + error.stack));`,
  });
  await daemon.hears('listening');
  await until(() => app.offers[0], { why: 'the copy arrives' });
  app.child.disconnect();
  await daemon.down();
  assert.equal((await ask({ port })).body, '[]');
  assert.equal((await ask({ port, path: '/again' })).body, 'listens');
  await daemon.up();
  const heard = () => daemon.heardOf('listening').find((one) => one.port === port + 1);
  assert.equal((await until(heard, { why: 'the new server is told' })).via, 'own');
  assert.equal(app.output, 'first []undefinedundefined\n');
});

test('an app that waits for messages ends as if it had no channel', async (t) => {
  const daemon = await Daemon.start(t);
  const app = daemon.run({ orders: { offer: true }, code: `${looksForked} console.log('waits');` });
  assert.equal(await app.ended(), 0);
  assert.equal(app.output, 'waits\n');
});

test('a program that does nothing ends at once, whether the daemon is there or not', async (t) => {
  const daemon = await Daemon.start(t);
  const there = daemon.run({ code: '' });
  assert.equal(await there.ended(), 0);
  await daemon.down();
  const away = daemon.run({ code: '', orders: { offer: true } });
  assert.equal(await away.ended(), 0);
});

test('a new daemon is told everything again', async (t) => {
  const daemon = await Daemon.start(t);
  const [one, two] = [await freePort(), await freePort()];
  const app = daemon.run({
    code: `
      const http = require('node:http');
      http.createServer((req, res) => res.end('still')).listen(${one}, '127.0.0.1');
      const other = http.createServer().listen(${two}, '127.0.0.1');
      process.on('SIGUSR2', () => other.close(() => console.log('closed')));`,
  });
  await daemon.hears('listening', 2);
  await daemon.down();
  assert.equal((await ask({ port: one })).body, 'still');
  app.child.kill('SIGUSR2');
  await app.printed('closed');
  daemon.heard.length = 0;
  await daemon.up();
  const listening = await daemon.hears('listening');
  assert.equal(daemon.heard[0]?.type, 'hello');
  assert.deepEqual([listening.port, listening.via], [one, 'own']);
  await daemon.hears('health');
  assert.equal(daemon.heardOf('listening').length, 1, 'the server that was closed is not told');
});

test('the health of the process: a blocked event loop shows', async (t) => {
  const daemon = await Daemon.start(t);
  const port = await freePort();
  daemon.run({
    code: `${serving(port)} setTimeout(() => { for (const end = Date.now() + 300; Date.now() < end; ); }, 200);`,
  });
  const { loopDelayMs, heapBytes } = await daemon.hears('health');
  assert.ok(loopDelayMs > 100, `${loopDelayMs} ms`);
  assert.ok(heapBytes > 1_000_000, `${heapBytes} bytes`);
});

test('garbage and unknown messages on the link are ignored', async (t) => {
  const daemon = await Daemon.start(t);
  const port = await freePort();
  daemon.run({ code: serving(port) });
  await daemon.hears('listening');
  const line = daemon.lines.at(-1);
  line?.write('garbage\n[]\nnull\n7\n{"type":"unknown"}\n{"type":"drain"');
  line?.write(',"timeoutMs":"x"}\n{}\n');
  await daemon.hears('drained');
});

test('without orders, in workers and in children there is no guest', async (t) => {
  const daemon = await Daemon.start(t);
  const check = `console.log(JSON.stringify({
    native: require('node:net').Server.prototype.listen.toString().includes('normalizeArgs'),
    send: typeof process.send, env: process.env.HOLDFAST_GUEST, execArgv: process.execArgv,
  }))`;
  const plain = daemon.run({ code: check, withoutOrders: true });
  const { native } = JSON.parse(await plain.printed('\n'));
  assert.equal(native, true);
  const [script, file] = [join(daemon.dir, 'app.cjs'), join(daemon.dir, 'check.cjs')];
  writeFileSync(file, check);
  writeFileSync(
    script,
    `const { fork, spawnSync } = require('node:child_process');
    const { Worker } = require('node:worker_threads');
    const [file, guest] = ${JSON.stringify([file, guestFile])};
    ${check};
    console.log(spawnSync(process.execPath, ['--require', guest, file]).stdout + '');
    const worker = new Worker(file);
    worker.on('exit', () => fork(file, { stdio: 'inherit' }).on('exit', () => console.log('done')));`,
  );
  const app = daemon.run({
    orders: { socket: daemon.socket, offer: true },
    nodeArgs: ['--no-warnings'],
    file: script,
  });
  const lines = (await app.printed('done')).split('\n').filter((line) => line.startsWith('{'));
  assert.equal(lines.length, 4, app.output);
  const [main, child, worker, forked] = lines.map((line) => JSON.parse(line));
  assert.equal(main.native, false);
  assert.equal(main.execArgv.includes(guestFile), false);
  assert.equal(main.execArgv.includes('--no-warnings'), true);
  for (const other of [child, worker, forked]) assert.equal(other.native, true);
  assert.deepEqual(
    [main.send, child.send, worker.send, forked.send].join(),
    'undefined,undefined,undefined,function',
  );
  assert.equal(forked.execArgv.includes(guestFile), false);
});

const clustered = (port: number, host = '') => `const cluster = require('node:cluster');
  if (cluster.isPrimary) {
    for (const _ of [1, 2]) cluster.fork();
    cluster.on('listening', () => console.log('listening'));
  } else {
    require('node:http').createServer((req, res) => res.end('worker ' + req.socket.remoteAddress)).listen(${port}${host});
  }`;

test('an app that runs node:cluster itself: on its own port, also when it is routed, and offered', async (t) => {
  for (const routed of [false, true]) {
    const daemon = await Daemon.start(t);
    const port = await freePort();
    const file = join(daemon.dir, 'cluster.cjs');
    writeFileSync(file, clustered(port));
    const app = daemon.run({ orders: { socket: routed ? daemon.socket : null, port, offer: true }, file });
    await app.printed(/(listening\n){2}/);
    assert.equal((await ask({ port })).body, 'worker ::ffff:127.0.0.1');
    const { host, via } = await daemon.hears('listening');
    assert.deepEqual([host, via], [null, 'offered']);
    assert.deepEqual(app.offers[0]?.offer, { cmd: 'NODE_HOLDFAST_DOOR', host: null, port });
    daemon.tell({ type: 'drain', timeoutMs: 1000 });
    await daemon.hears('drained');
    assert.equal(daemon.heardOf('listening').length, 1);
    app.child.kill('SIGKILL');
  }
});

test('an app that runs node:cluster itself, on a door; but not wider than it asked for', async (t) => {
  const daemon = await Daemon.start(t);
  const door = await holdDoor(t);
  const file = join(daemon.dir, 'cluster.cjs');
  writeFileSync(file, clustered(door.port));
  const app = daemon.run({ doors: [door], file });
  await app.printed(/(listening\n){2}/);
  assert.equal((await ask({ port: door.port })).body, 'worker ::ffff:127.0.0.1');
  assert.equal((await daemon.hears('listening')).via, 'door');

  const narrow = await holdDoor(t);
  writeFileSync(file, clustered(narrow.port, ", '127.0.0.1'"));
  await daemon.run({ doors: [narrow], file }).printed(/(listening\n){2}/);
  const own = await daemon.hears('listening', 2);
  assert.deepEqual([own.host, own.via], ['127.0.0.1', 'own']);
  await assert.rejects(ask({ port: narrow.port, host: '::1' }), /ECONNREFUSED/);
});

test('orders that cannot be read are no orders', async (t) => {
  const daemon = await Daemon.start(t);
  const port = await freePort();
  for (const text of ['', '{', 'null', '{"link":5}']) {
    const app = daemon.run({
      withoutOrders: true,
      env: { HOLDFAST_GUEST: text },
      code: `console.log('ran ' + process.env.HOLDFAST_GUEST); ${serving(port)}`,
    });
    await app.printed('ran undefined');
    await until(() => ask({ port }), { why: 'it listens' });
    app.child.kill();
    await app.ended();
  }
  assert.equal(daemon.heard.length, 0);
});

test('an instance whose health does not change says so rarely; for the watchdog always', async (t) => {
  const [idle, watched] = [await Daemon.start(t), await Daemon.start(t)];
  const code = 'setInterval(() => {}, 1000);';
  idle.run({ code, orders: { healthEveryMs: 50 } });
  await idle.hears('health');
  watched.run({ code, orders: { healthEveryMs: 50, watchdogMs: 1000 } });
  await watched.hears('health', 12);
  // A busy machine may make it late, which is worth telling.
  assert.ok(idle.heardOf('health').length < 6);
});
