/** The proxy on real sockets. */
import assert from 'node:assert/strict';
import http from 'node:http';
import net from 'node:net';
import { describe, test } from 'node:test';
import { exchange } from '../guest/ask.ts';
import { until } from '../support/until.ts';
import { BASIC, here, mirror, startProxy, startServer } from './support.ts';

const auth = `Proxy-Authorization: ${BASIC}\r\n`;

function connect(port: number, to: string, more = ''): Promise<{ head: string; socket: net.Socket }> {
  return new Promise((resolve, reject) => {
    const socket = net.connect({ host: '127.0.0.1', port, allowHalfOpen: true });
    socket.on('error', reject);
    socket.once('data', (data) => resolve({ head: data.toString('latin1'), socket }));
    socket.write(`CONNECT ${to} HTTP/1.1\r\nHost: ${to}\r\n${auth}${more}\r\n`);
  });
}

test('a request is written anew: origin-form, the host of the URL, no field of the hop, and the connection stays', async (t) => {
  const origin = await startServer(t, mirror());
  const { port, counts } = await startProxy(t, [here(origin)]);
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  t.after(() => agent.destroy());
  const ask = (path: string) =>
    new Promise<{ url: string; rawHeaders: string[]; body: string; reused: boolean }>((resolve, reject) => {
      const request = http.request(
        {
          agent,
          host: '127.0.0.1',
          port,
          method: 'POST',
          path: `http://127.0.0.1:${origin}${path}`,
          headers: {
            Host: 'other.example',
            'Proxy-Authorization': BASIC,
            Connection: 'keep-alive, X-Hop',
            'X-Hop': '1',
            'X-End': '2',
          },
        },
        (response) => {
          let text = '';
          response.on('data', (chunk) => {
            text += chunk;
          });
          response.on('end', () => resolve({ ...JSON.parse(text), reused: request.reusedSocket }));
        },
      );
      request.on('error', reject);
      request.end('hello');
    });
  await ask('/one');
  const second = await ask('/a?b=c');
  assert.equal(second.reused, true);
  assert.equal(second.url, '/a?b=c');
  assert.equal(second.body, 'hello');
  const fields = second.rawHeaders.join('\n');
  assert.match(fields, new RegExp(`^Host\n127.0.0.1:${origin}\n`));
  assert.match(fields, /X-End\n2/);
  assert.doesNotMatch(fields, /X-Hop|Proxy-|other\.example|secret/i);
  assert.deepEqual(
    counts.all.map(({ connections, denied }) => [connections, denied]),
    [[2, 0]],
  );
});

test('a tunnel carries bytes both ways, and the end of one direction as such', async (t) => {
  const echo = net.createServer({ allowHalfOpen: true }, (socket) => {
    let got = '';
    socket.on('data', (data) => {
      got += data;
    });
    socket.on('end', () => socket.end(`got ${got}`));
  });
  const { port } = await startProxy(t, [here(null)]);
  const { head, socket } = await connect(port, `127.0.0.1:${await startServer(t, echo)}`);
  assert.match(head, /^HTTP\/1\.1 200 /);
  socket.end('all of it');
  const answer = await new Promise((resolve) => socket.once('data', (data) => resolve(String(data))));
  assert.equal(answer, 'got all of it');
});

test('a tunnel whose far side breaks breaks', async (t) => {
  const breaking = net.createServer((socket) => socket.once('data', () => socket.resetAndDestroy()));
  const { port, counts } = await startProxy(t, [here(null)]);
  const { socket } = await connect(port, `127.0.0.1:${await startServer(t, breaking)}`);
  socket.on('error', () => undefined);
  socket.write('x');
  await new Promise((resolve) => socket.once('close', resolve));
  await until(() => counts.openOf('web') === 0, { why: 'nothing is left open' });
});

describe('what is not allowed', () => {
  test('is denied with the reason, whoever asks for it and however it is written', async (t) => {
    const origin = await startServer(t, mirror());
    const { port, counts } = await startProxy(t, [{ kind: 'host', host: '*', port: null }]);
    for (const to of [
      `127.0.0.1:${origin}`,
      `localhost:${origin}`,
      `[::1]:${origin}`,
      `[::ffff:7f00:1]:${origin}`,
      '169.254.169.254:80',
      '[fd00:ec2::254]:80',
    ]) {
      const { head } = await connect(port, to);
      assert.match(head, /^HTTP\/1\.1 403 [\s\S]*not a public/, to);
    }
    const answer = await exchange(
      { port },
      `GET http://127.0.0.1:${origin}/ HTTP/1.1\r\nHost: a\r\n${auth}Connection: close\r\n\r\n`,
    );
    assert.match(answer, /^HTTP\/1\.1 403 /);
    assert.equal(
      counts.all.reduce((sum, { denied }) => sum + denied, 0),
      7,
    );
  });

  test('a name that means something else at the second look gets nobody anywhere', async (t) => {
    const origin = await startServer(t, mirror());
    let looks = 0;
    // As an attacker's name server: a public address to whoever checks, this machine to whoever connects.
    const resolve = async () => (++looks === 1 ? ['192.88.98.1'] : ['127.0.0.1']);
    const rules = [{ kind: 'host', host: 'rebind.example', port: origin }] as const;
    const { port } = await startProxy(t, rules, { dial: { resolve, connectTimeoutMs: 300 } });
    assert.doesNotMatch((await connect(port, `rebind.example:${origin}`)).head, /^HTTP\/1\.1 200/);
    assert.equal(looks, 1);
    assert.match(
      (await connect(port, `rebind.example:${origin}`)).head,
      /^HTTP\/1\.1 403 [\s\S]*127\.0\.0\.1 is not a public/,
    );
  });

  test('of several addresses of a name only the allowed ones are tried', async (t) => {
    const origin = await startServer(t, mirror());
    const resolve = async () => ['10.0.0.1', '::ffff:127.0.0.1'];
    const { port } = await startProxy(t, [here(origin)], { dial: { resolve } });
    const { head, socket } = await connect(port, `any.example:${origin}`);
    socket.destroy();
    assert.match(head, /^HTTP\/1\.1 200/);
  });

  test('nobody gets in without a password, and requests that are not for a proxy are refused', async (t) => {
    const { port } = await startProxy(t, [here(null)]);
    const say = (text: string) => exchange({ port }, text);
    assert.match(
      await say('CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n'),
      /^HTTP\/1\.1 407 [\s\S]*Proxy-Authenticate: Basic/,
    );
    assert.match(
      await say('GET http://a/ HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'),
      /^HTTP\/1\.1 407 /,
    );
    for (const line of [
      'GET / HTTP/1.1',
      'GET ftp://a/ HTTP/1.1',
      'GET http://u:p@a/ HTTP/1.1',
      'CONNECT a HTTP/1.1',
      'CONNECT 0x7f.1:80 HTTP/1.1',
      'GET http://2130706433/ HTTP/1.1',
    ]) {
      assert.match(
        await say(`${line}\r\nHost: a\r\n${auth}Connection: close\r\n\r\n`),
        /^HTTP\/1\.1 400 /,
        line,
      );
    }
    assert.match(
      await say(
        `GET http://a/ HTTP/1.1\r\nHost: a\r\n${auth}Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n`,
      ),
      /^HTTP\/1\.1 400 /,
    );
  });
});

test('what cannot be reached is told apart: no such name, refused, too slow', async (t) => {
  const resolve = async (host: string) => {
    if (host === 'slow.example') return new Promise<never>(() => undefined);
    throw Object.assign(new Error(host), { code: 'ENOTFOUND' });
  };
  const closed = await startServer(t, net.createServer());
  const rules = [here(null), { kind: 'host', host: '*', port: null }] as const;
  const { port, counts } = await startProxy(t, rules, { dial: { resolve, resolveTimeoutMs: 50 } });
  assert.match((await connect(port, 'no.example:1')).head, /^HTTP\/1\.1 502 [\s\S]*holdfast-code: ENOTFOUND/);
  assert.match(
    (await connect(port, 'slow.example:1')).head,
    /^HTTP\/1\.1 504 [\s\S]*holdfast-code: EAI_AGAIN/,
  );
  assert.match(
    (await connect(port, '127.0.0.1:1')).head,
    /^HTTP\/1\.1 502 [\s\S]*holdfast-code: ECONNREFUSED/,
  );
  assert.equal(
    counts.all.reduce((sum, { failed }) => sum + failed, 0),
    3,
  );
  assert.ok(closed > 0);
});

test('a reserved connection is for the app that asked, once', async (t) => {
  const origin = await startServer(t, mirror());
  const { port } = await startProxy(t, [here(origin)]);
  const { head } = await connect(port, `127.0.0.1:${origin}`, 'Holdfast-Reserve: 1\r\n');
  const ticket = /holdfast-ticket: (\w+)/.exec(head)?.[1];
  const claim = (id: string | undefined) =>
    exchange(
      { port },
      `CONNECT 127.0.0.1:${origin} HTTP/1.1\r\nHost: a\r\n${auth}Holdfast-Ticket: ${id}\r\n\r\nGET /claimed HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`,
    );
  assert.equal(await claim('ffff'), '');
  const answer = await claim(ticket);
  assert.match(answer, /^HTTP\/1\.1 200 OK[\s\S]*"\/claimed"/);
  assert.equal(await claim(ticket), '');
});

test('slow heads, too many connections of one app and of all: bounded', async (t) => {
  const hanging = await startServer(
    t,
    net.createServer(() => undefined),
  );
  const { port, proxy } = await startProxy(t, [here(null)], {
    limits: { connections: 6, connectionsPerApp: 2, headTimeoutMs: 200 },
  });
  assert.match(await exchange({ port }, 'CONNECT a:1 HTTP/1.1\r\n'), /^HTTP\/1\.1 4\d\d |^$/);
  const to = `127.0.0.1:${hanging}`;
  const open = [await connect(port, to), await connect(port, to)];
  assert.match((await connect(port, to)).head, /^HTTP\/1\.1 503 [\s\S]*2 connections open/);
  const idle = Array.from({ length: 20 }, () => net.connect(port, '127.0.0.1').on('error', () => undefined));
  t.after(() => {
    for (const socket of [...idle, ...open.map(({ socket }) => socket)]) socket.destroy();
  });
  await until(() => idle.filter(({ destroyed }) => destroyed).length >= 16, { why: 'the rest is dropped' });
  assert.ok(proxy.open <= 6);
  for (const { head } of open) assert.match(head, /^HTTP\/1\.1 200/);
});
