/** Draining: nothing new, what is open is finished, WebSockets get a close frame, and the app notices nothing. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { Agent } from 'node:http';
import { connect as connectHttp2 } from 'node:http2';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { cleanup, type Test } from '../support/cleanup.ts';
import { freePort } from '../support/ports.ts';
import { app as fixture } from '../support/root.ts';
import { until } from '../support/until.ts';
import { ask } from './ask.ts';
import { Daemon, holdDoor } from './play-daemon.ts';

const LONG_MS = 60_000;

/** A raw connection and what came over it. */
class Line {
  readonly socket: Socket;
  bytes = Buffer.alloc(0);
  closed = false;

  constructor(t: Test, to: { port: number } | { path: string }) {
    this.socket = connect({ host: '127.0.0.1', ...to });
    cleanup(t, () => this.socket.destroy());
    this.socket.on('data', (chunk: Buffer) => {
      this.bytes = Buffer.concat([this.bytes, chunk]);
    });
    this.socket.on('error', () => {});
    this.socket.on('close', () => {
      this.closed = true;
    });
  }

  get text(): string {
    return this.bytes.toString('latin1');
  }

  async has(text: string): Promise<void> {
    await until(() => this.text.includes(text), { why: `${text} comes, after ${JSON.stringify(this.text)}` });
  }

  async ends(): Promise<void> {
    await until(() => this.closed, { why: `the line ends, after ${JSON.stringify(this.text)}` });
  }
}

const slow = (port: number) => `
  const http = require('node:http');
  const server = http.createServer((req, res) => {
    if (req.url === '/fast') return res.end('fast');
    if (req.url === '/stream') { res.write('begun'); process.once('SIGUSR2', () => res.end(' streamed')); return; }
    console.log('asked');
    process.once('SIGUSR2', () => res.end('slow'));
  });
  server.on('close', () => console.log('CLOSE EVENT'));
  process.on('beforeExit', () => console.log('BEFORE EXIT'));
  process.on('SIGTERM', () => server.close((error) => { console.log('closed ' + error); process.exit(7); }));
  process.on('SIGHUP', () => console.log(JSON.stringify([server.listening, server.address()])));
  server.listen(${port});`;

test('requests in flight are answered, the connection says that it closes, and nothing new is accepted', async (t) => {
  const daemon = await Daemon.start(t);
  const port = await freePort();
  const app = daemon.run({ code: slow(port) });
  await daemon.hears('listening');
  const [waiting, streaming] = [new Line(t, { port }), new Line(t, { port })];
  waiting.socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  streaming.socket.write('GET /stream HTTP/1.1\r\nHost: a\r\n\r\n');
  await streaming.has('begun');
  await app.printed('asked');
  daemon.tell({ type: 'drain', timeoutMs: LONG_MS });
  await until(
    () =>
      ask({ port, path: '/fast' }).then(
        () => false,
        (error) => /ECONNREFUSED/.test(error.message),
      ),
    {
      why: 'it does not accept any more',
    },
  );
  app.child.kill('SIGHUP');
  await app.printed(`[true,{"address":"::","family":"IPv6","port":${port}}]`);
  assert.equal(daemon.heardOf('drained').length, 0);
  app.child.kill('SIGUSR2');
  await waiting.ends();
  await streaming.ends();
  assert.match(waiting.text, /\r\nConnection: close\r\n[\s\S]*slow$/);
  assert.match(streaming.text, /streamed\r\n0\r\n\r\n$/);
  await daemon.hears('drained');
  assert.doesNotMatch(app.output, /CLOSE|EXIT/, 'the app still believes that it serves');
  app.child.kill('SIGTERM');
  assert.equal(await app.ended(), 7);
  await app.printed('closed undefined');
});

test('an idle connection is closed, but a request that comes before that is answered', async (t) => {
  const daemon = await Daemon.start(t);
  const port = await freePort();
  daemon.run({ code: slow(port) });
  await daemon.hears('listening');
  const [idle, late, fresh] = [new Line(t, { port }), new Line(t, { port }), new Line(t, { port })];
  for (const line of [idle, late]) line.socket.write('GET /fast HTTP/1.1\r\nHost: a\r\n\r\n');
  for (const line of [idle, late]) await line.has('fast');
  daemon.tell({ type: 'drain', timeoutMs: LONG_MS });
  await until(
    () =>
      ask({ port, path: '/fast' }).then(
        () => false,
        () => true,
      ),
    { why: 'the drain has begun' },
  );
  for (const line of [late, fresh]) line.socket.write('GET /fast HTTP/1.1\r\nHost: b\r\n\r\n');
  for (const line of [idle, late, fresh]) await line.ends();
  assert.equal(idle.text.match(/fast/g)?.length, 1);
  assert.match(late.text, /keep-alive[\s\S]*fast[\s\S]*Connection: close[\s\S]*fast$/);
  assert.match(fresh.text, /Connection: close[\s\S]*fast$/);
  await daemon.hears('drained');
});

test('under keep-alive load on a door, no request fails while one of two processes drains', async (t) => {
  const daemon = await Daemon.start(t);
  const door = await holdDoor(t);
  const code = `require('node:http').createServer((req, res) => setTimeout(() => res.end('pid ' + process.pid), 2))
    .listen(${door.port});`;
  const first = daemon.run({ code, doors: [door] });
  await daemon.hears('listening');
  const agent = new Agent({ keepAlive: true });
  cleanup(t, () => agent.destroy());
  const pids = new Set<string>();
  let [on, done] = [true, 0];
  const client = async (): Promise<void> => {
    while (on) {
      pids.add((await ask({ port: door.port, agent })).body);
      done += 1;
    }
  };
  const load = Promise.all(Array.from({ length: 20 }, client));
  await until(() => done > 200, { why: 'the load runs' });
  const draining = daemon.lines[0];
  const second = daemon.run({ code, doors: [door] });
  await daemon.hears('listening', 2);
  draining?.write(`${JSON.stringify({ type: 'drain', timeoutMs: LONG_MS })}\n`);
  await daemon.hears('drained');
  const soFar = done;
  await until(() => done > soFar + 200, { why: 'the load goes on' });
  on = false;
  await load;
  assert.deepEqual(pids, new Set([`pid ${first.child.pid}`, `pid ${second.child.pid}`]));
});

test('at the end of the time WebSockets get 1012 between frames, and what hangs is cut', async (t) => {
  const daemon = await Daemon.start(t);
  const port = await freePort();
  const app = daemon.run({ file: fixture('echo-ws.js'), env: { PORT: String(port) } });
  await daemon.hears('listening');
  const { WebSocket } = await import('ws');
  const ws = new WebSocket(`ws://127.0.0.1:${port}/`);
  cleanup(t, () => ws.terminate());
  await once(ws, 'open');
  const hanging = new Line(t, { port });
  hanging.socket.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\nX: '); // its head never ends
  const big = Buffer.alloc(5_000_000, 'x');
  const echoed = once(ws, 'message');
  ws.send(big);
  const closed = once(ws, 'close');
  daemon.tell({ type: 'drain', timeoutMs: 3_000 });
  const [echo] = await echoed;
  assert.equal(echo.length, big.length, 'it works while it drains');
  const [code] = await closed;
  assert.equal(code, 1012);
  await hanging.ends();
  await daemon.hears('drained');
  assert.equal(app.child.exitCode, null);
  assert.equal(app.output, '');
});

test('when no successor comes, WebSockets are closed at once and requests still finish', async (t) => {
  const daemon = await Daemon.start(t);
  const port = await freePort();
  const app = daemon.run({
    code: `${slow(port)}
      server.on('upgrade', (req, socket) => {
        socket.write('HTTP/1.1 101 Switching Protocols\\r\\nUpgrade: websocket\\r\\nConnection: Upgrade\\r\\n\\r\\n');
      });`,
  });
  await daemon.hears('listening');
  const [talking, deaf, waiting] = [new Line(t, { port }), new Line(t, { port }), new Line(t, { port })];
  for (const line of [talking, deaf]) {
    line.socket.write('GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
    await line.has('101');
  }
  waiting.socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  await app.printed('asked');
  deaf.socket.removeAllListeners('end').allowHalfOpen = true; // does not end when the other side does
  daemon.tell({ type: 'drain', timeoutMs: LONG_MS, final: true });
  for (const line of [talking, deaf]) await line.has('\x88\x02\x03\xf4');
  await talking.ends();
  assert.equal(daemon.heardOf('drained').length, 0);
  app.child.kill('SIGUSR2');
  await waiting.has('slow');
  await daemon.hears('drained');
});

test('an app that goes on writing to a WebSocket that was closed for it does not crash', async (t) => {
  const daemon = await Daemon.start(t);
  const port = await freePort();
  const app = daemon.run({
    code: `
      const server = require('node:http').createServer();
      server.on('upgrade', (req, socket) => {
        socket.write('HTTP/1.1 101 Switching Protocols\\r\\nUpgrade: websocket\\r\\nConnection: Upgrade\\r\\n\\r\\n');
        const timer = setInterval(() => socket.write(Buffer.from([0x81, 1, 65])), 5);
        socket.on('close', () => clearInterval(timer));
      });
      server.listen(${port});`,
  });
  await daemon.hears('listening');
  const line = new Line(t, { port });
  line.socket.write('GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: WebSocket\r\n\r\n');
  await line.has('\x81\x01A\x81\x01A');
  daemon.tell({ type: 'drain', timeoutMs: 0 });
  await line.ends();
  assert.deepEqual(line.bytes.subarray(-4), Buffer.from([0x88, 0x02, 0x03, 0xf4]));
  await daemon.hears('drained');
  assert.equal(app.child.exitCode, null, app.output);
});

test('HTTP/2 sessions get a GOAWAY and finish their streams', async (t) => {
  const daemon = await Daemon.start(t);
  const port = await freePort();
  const app = daemon.run({
    code: `
      const server = require('node:http2').createServer((req, res) => {
        console.log('asked');
        process.once('SIGUSR2', () => res.end('slow'));
      });
      server.listen(${port});`,
  });
  await daemon.hears('listening');
  const session = connectHttp2(`http://127.0.0.1:${port}`);
  cleanup(t, () => session.destroy());
  const [away, closed] = [once(session, 'goaway'), once(session, 'close')];
  const stream = session.request({ ':path': '/' });
  stream.setEncoding('utf8');
  await app.printed('asked');
  daemon.tell({ type: 'drain', timeoutMs: LONG_MS });
  await away;
  app.child.kill('SIGUSR2');
  let text = '';
  for await (const chunk of stream) text += chunk;
  assert.equal(text, 'slow');
  await closed;
  await daemon.hears('drained');
});

test('a connection that was handed to another process is not waited for', async (t) => {
  const daemon = await Daemon.start(t);
  const port = await freePort();
  const child = join(daemon.dir, 'child.cjs');
  writeFileSync(
    child,
    "process.on('message', (_, socket) => socket.write('from the child')).on('disconnect', process.exit);",
  );
  const file = join(daemon.dir, 'app.cjs');
  writeFileSync(
    file,
    `const child = require('node:child_process').fork(${JSON.stringify(child)});
    require('node:net').createServer({ pauseOnConnect: true }, (socket) => child.send('take', socket)).listen(${port});`,
  );
  const app = daemon.run({ file });
  await daemon.hears('listening');
  const line = new Line(t, { port });
  await line.has('from the child');
  daemon.tell({ type: 'drain', timeoutMs: LONG_MS });
  await daemon.hears('drained');
  assert.equal(line.closed, false);
  app.child.kill('SIGKILL'); // its child sees the channel close, and ends
  await line.ends();
});

test('HTTPS with keep-alive', async (t) => {
  const daemon = await Daemon.start(t);
  const port = await freePort();
  const [key, cert] = [join(daemon.dir, 'key.pem'), join(daemon.dir, 'cert.pem')];
  const args =
    'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost';
  execFileSync('openssl', [...args.split(' '), '-keyout', key, '-out', cert], { stdio: 'ignore' });
  const env = { TLS_KEY: key, TLS_CERT: cert, PORT: String(port) };
  daemon.run({ file: fixture('https-server.js'), env });
  assert.equal((await daemon.hears('listening')).tls, true);
  const { Agent: TlsAgent } = await import('node:https');
  const agent = new TlsAgent({ keepAlive: true, maxSockets: 1 });
  cleanup(t, () => agent.destroy());
  const first = await ask({ port, tls: true, agent });
  assert.equal(first.headers.connection, 'keep-alive');
  daemon.tell({ type: 'drain', timeoutMs: LONG_MS });
  await until(
    () =>
      ask({ port, tls: true }).then(
        () => false,
        () => true,
      ),
    { why: 'the drain has begun' },
  );
  assert.equal((await ask({ port, tls: true, agent })).headers.connection, 'close');
  await daemon.hears('drained');
});

test('a daemon that comes back hears that all is done; nothing to drain is done at once', async (t) => {
  const daemon = await Daemon.start(t);
  const port = await freePort();
  daemon.run({ code: slow(port), orders: { socket: daemon.socket } });
  await daemon.hears('listening');
  daemon.tell({ type: 'drain', timeoutMs: LONG_MS });
  await daemon.hears('drained');
  daemon.tell({ type: 'drain', timeoutMs: LONG_MS });
  await daemon.hears('drained', 2);
  await daemon.down();
  daemon.heard.length = 0;
  await daemon.up();
  await daemon.hears('drained');
});
