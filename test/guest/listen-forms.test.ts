/** Every way to call `listen` answers as under plain Node: on the edge's socket, on a door, and on a port of its own. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { freePort } from '../support/ports.ts';
import { Daemon, holdDoor } from './play-daemon.ts';

/** Prints what each call did: returned, thrown, emitted, in order, and what `address()` says. */
const script = (port: number) => `
const net = require('node:net');
const http = require('node:http');
const calls = {
  'number and callback': (s, cb) => s.listen(${port}, cb),
  'number only': (s) => s.listen(${port}),
  'numeric string': (s, cb) => s.listen('${port}', cb),
  'host and callback': (s, cb) => s.listen(${port}, '0.0.0.0', cb),
  'host, backlog, callback': (s, cb) => s.listen(${port}, '::', 64, cb),
  'backlog and callback': (s, cb) => s.listen(${port}, 64, cb),
  'undefined host': (s, cb) => s.listen(${port}, undefined, cb),
  'loopback': (s, cb) => s.listen(${port}, '127.0.0.1', cb),
  'options': (s, cb) => s.listen({ port: ${port} }, cb),
  'options, all': (s, cb) => s.listen({ port: '${port}', host: '::', backlog: 10, exclusive: true }, cb),
  'options with null host': (s, cb) => s.listen({ port: ${port}, host: null }, cb),
  'signal': (s, cb) => { const c = new AbortController(); s.listen({ port: ${port}, signal: c.signal }, () => { cb(); c.abort(); }); return s; },
  'signal aborted before': (s, cb) => s.listen({ port: ${port}, signal: AbortSignal.abort() }, cb),
  'bad signal': (s, cb) => s.listen({ port: ${port}, signal: 5 }, cb),
  'twice': (s, cb) => { s.listen(${port}, cb); return s.listen(${port}); },
  'host, then none': (s, cb) => { s.listen(${port}, '127.0.0.1', () => console.log('  first')); return s.listen(${port}, cb); },
  'closed at once': (s, cb) => { s.listen(${port}, cb); s.close(() => console.log('  closed')); return s; },
  'unref': (s, cb) => s.listen(${port}, cb).unref().ref(),
  'any port': (s, cb) => s.listen(0, cb),
  'no arguments': (s) => s.listen(),
  'callback only': (s, cb) => s.listen(cb),
  'null': (s, cb) => s.listen(null, cb),
  'undefined port': (s, cb) => s.listen({ port: undefined }, cb),
  'path': (s, cb) => s.listen(process.env.SOCKET + '.path', cb),
  'path in options': (s, cb) => s.listen({ path: process.env.SOCKET + '.path' }, cb),
  'port too big': (s, cb) => s.listen(65536, cb),
  'negative port': (s, cb) => s.listen(-1, cb),
  'fraction': (s, cb) => s.listen({ port: 1.5 }, cb),
  'empty string port': (s, cb) => s.listen({ port: ' ' }, cb),
  'boolean': (s, cb) => s.listen(false, cb),
  'empty object': (s, cb) => s.listen({}, cb),
  'bad fd': (s, cb) => s.listen({ fd: 99 }, cb),
};
const shown = (a) => JSON.stringify(a)?.replace(/"port":(?!${port}\\b)\\d+/, '"port":"other"').replace(process.env.SOCKET, 'SOCKET');
async function run(name, kind, make) {
  console.log(kind + ', ' + name);
  const server = make();
  const say = (text) => console.log('  ' + text);
  const over = new Promise((resolve) => {
    server.on('listening', () => { say('listening ' + shown(server.address())); setTimeout(resolve, 10); });
    server.on('error', (e) => { say('error ' + e.code + ' ' + e.syscall); resolve(); });
    server.on('close', () => { say('close ' + shown(server.address())); resolve(); });
    try {
      const same = calls[name](server, () => say('callback')) === server;
      say('returned ' + same + ' ' + server.listening);
    } catch (e) { say('threw ' + e.code + ' ' + e.message); resolve(); }
  });
  await over;
  say('listens ' + server.listening + ' ' + server.listenerCount('listening') + ' ' + server.listenerCount('connection'));
  if (server.listening) await new Promise((resolve) => server.close(resolve));
  say('after ' + server.listening + ' ' + shown(server.address()));
}
(async () => {
  for (const name of Object.keys(calls)) {
    await run(name, 'http', () => http.createServer());
    if (process.env.NET) await run(name, 'net', () => net.createServer());
  }
  console.log('done');
})();
`;

/** A close of a unix socket's server leaves its path as the address, a TCP one's leaves null: the last line of each call. */
function parts(output: string): Record<string, string> {
  const found = output.split(/^(?=\w+, )/m).map((part) => [part.split('\n')[0] ?? '', part] as const);
  return Object.fromEntries(found);
}

async function asPlainNode(
  t: Parameters<typeof Daemon.start>[0],
  port: number,
  net: string,
): Promise<string> {
  const daemon = await Daemon.start(t);
  const app = daemon.run({ code: script(port), env: { NET: net }, withoutOrders: true });
  return app.printed('done');
}

test('on the socket of the edge', async (t) => {
  const port = await freePort();
  const plain = await asPlainNode(t, port, '');
  const daemon = await Daemon.start(t);
  const app = daemon.run({ code: script(port), orders: { socket: daemon.socket } });
  assert.deepEqual(parts(await app.printed('done')), parts(plain));
});

test('on the socket of the edge, when the plan names the port', async (t) => {
  const port = await freePort();
  const plain = await asPlainNode(t, port, 'net');
  const daemon = await Daemon.start(t);
  const app = daemon.run({
    code: script(port),
    orders: { socket: daemon.socket, port },
    env: { NET: 'net' },
  });
  assert.deepEqual(parts(await app.printed('done')), parts(plain));
});

test('on a door, again and again', async (t) => {
  const port = await freePort();
  const plain = await asPlainNode(t, port, 'net');
  const daemon = await Daemon.start(t);
  // Each listen that lasts longer than a turn of the event loop uses up one fd.
  const door = await holdDoor(t, null, port);
  const doors = Array.from({ length: 40 }, () => door);
  const app = daemon.run({ code: script(port), doors, env: { NET: 'net' } });
  assert.deepEqual(parts(await app.printed('done')), parts(plain));
});

test('on a port of its own, with and without an offer', async (t) => {
  const port = await freePort();
  const plain = await asPlainNode(t, port, 'net');
  const daemon = await Daemon.start(t);
  const app = daemon.run({ code: script(port), env: { NET: 'net' } });
  assert.deepEqual(parts(await app.printed('done')), parts(plain));
});
