/** What a site does with requests and answers besides passing them on, through the edge as a process. */

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import http from 'node:http';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import zlib from 'node:zlib';
import { accessLogDefaults } from '../../src/config/traffic-defaults.ts';
import { hashPassword } from '../../src/kit/password.ts';
import { contentEdge, filesDir, filesRoute } from './content-support.ts';
import { ask, RawClient, until } from './support.ts';

const TEXT = 'The quick brown fox jumps over the lazy dog. '.repeat(200);

function unpacked({ body, headers }: { body: string; headers: http.IncomingHttpHeaders }): string {
  const bytes = Buffer.from(body, 'latin1');
  const coding = headers['content-encoding'];
  if (coding === 'br') return zlib.brotliDecompressSync(bytes).toString();
  return coding === 'gzip' ? zlib.gunzipSync(bytes).toString() : bytes.toString();
}

describe('compression', () => {
  test('is for text that gains by it, once, for clients that can read it', async (t) => {
    const app: http.RequestListener = ({ url = '' }, response) => {
      const said = new URL(url, 'http://x').searchParams;
      for (const [name, value] of said) if (name !== 'size') response.setHeader(name, value);
      response.end(TEXT.slice(0, Number(said.get('size') ?? TEXT.length)));
    };
    const { port } = await contentEdge(t, { content: { compress: true }, app });
    const get = async (accept: string, query = '', options: http.RequestOptions = {}) =>
      ask(port, `/?Content-Type=text/html${query}`, { ...options, headers: { 'Accept-Encoding': accept } });
    for (const coding of ['gzip', 'br']) {
      const answer = await get(coding, '&ETag="v1"&Vary=Cookie&Accept-Ranges=bytes');
      assert.equal(answer.headers['content-encoding'], coding);
      assert.equal(unpacked(answer), TEXT);
      assert.ok(answer.body.length < TEXT.length / 4);
      const { etag, vary, 'content-length': length, 'accept-ranges': ranges } = answer.headers;
      assert.deepEqual(
        [etag, vary, length, ranges],
        ['W/"v1"', 'Cookie, Accept-Encoding', undefined, undefined],
      );
    }
    const plain = await get('gzip;q=0, identity');
    assert.deepEqual([plain.headers['content-encoding'], plain.headers.vary], [undefined, 'Accept-Encoding']);
    assert.equal(plain.body, TEXT);
    const untouched = [
      '&size=1000',
      '&Content-Encoding=gzip',
      '&Cache-Control=public,no-transform',
      '&Content-Digest=x',
    ]; // prettier-ignore
    for (const query of untouched) {
      const answer = await get('gzip, br', query);
      assert.deepEqual([query, answer.headers.vary], [query, undefined]);
      assert.equal(answer.body, TEXT.slice(0, query.includes('size') ? 1000 : undefined));
    }
    const image = await ask(port, '/?Content-Type=image/png', { headers: { 'Accept-Encoding': 'gzip' } });
    assert.equal(image.headers['content-encoding'], undefined);
    const head = await get('gzip', '', { method: 'HEAD' });
    assert.deepEqual([head.headers['content-encoding'], head.headers['content-length']], ['gzip', undefined]);
  });

  test('lets out what there is when an app pauses, and leaves event streams alone', async (t) => {
    const open: http.ServerResponse[] = [];
    const app: http.RequestListener = ({ url = '' }, response) => {
      response.setHeader('Content-Type', url.slice(1));
      response.write('first\n');
      open.push(response);
    };
    const { port } = await contentEdge(t, { content: { compress: true }, app });
    for (const type of ['text/plain', 'text/event-stream']) {
      const headers = { 'Accept-Encoding': 'gzip' };
      const request = http.get({ host: '127.0.0.1', port, path: `/${type}`, headers, agent: false });
      const [response] = (await once(request, 'response')) as [http.IncomingMessage];
      assert.equal(response.headers['content-encoding'], type === 'text/plain' ? 'gzip' : undefined);
      const stream = type === 'text/plain' ? response.pipe(zlib.createGunzip()) : response;
      let text = '';
      stream.on('data', (bytes: Buffer) => {
        text += bytes;
      });
      await until(() => text === 'first\n', `the first line of ${type}`);
      open.pop()?.end('last\n');
      await once(stream, 'end');
      assert.equal(text, 'first\nlast\n');
    }
  });

  test('keeps to the pace of its client, both ways, and ends whole or broken', async (t) => {
    // More than the kernel keeps for a client that does not read.
    const noise = randomBytes(16 * 1024 * 1024).toString('base64');
    const written: string[] = [];
    const app: http.RequestListener = ({ url }, response) => {
      response.setHeader('Content-Type', 'text/plain');
      if (url === '/broken') {
        response.write(noise.slice(0, 200_000));
        response.write(noise.slice(0, 200_000), () => response.destroy());
      } else {
        response.on('finish', () => written.push(url ?? ''));
        response.end(noise);
      }
    };
    const { port, edge } = await contentEdge(t, { content: { compress: true }, app });
    const headers = { 'Accept-Encoding': 'gzip' };
    const slow = new RawClient(t, port);
    slow.socket.pause();
    slow.write('GET /slow HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\n\r\n');
    assert.ok(unpacked(await ask(port, '/', { headers })) === noise);
    assert.deepEqual(written, ['/']);
    slow.socket.resume();
    await slow.sees('\r\n0\r\n\r\n');
    await assert.rejects(ask(port, '/broken', { headers }));
    const leaver = new RawClient(t, port);
    leaver.write('GET / HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\n\r\n');
    await leaver.sees('gzip');
    leaver.socket.destroy();
    slow.socket.destroy();
    edge.send({ type: 'drain', timeoutMs: 5_000 });
    assert.equal(await edge.exited, 0);
  });

  test('is for files, too, small and large', async (t) => {
    const large = TEXT.repeat(40);
    const root = filesDir(t, { 'a.txt': TEXT, 'large.txt': large });
    const { port } = await contentEdge(t, {
      content: { compress: true },
      routes: [{ prefix: '/', files: filesRoute(root) }],
    });
    for (const [path, text] of [
      ['/a.txt', TEXT],
      ['/large.txt', large],
    ] as const) {
      const answer = await ask(port, path, { headers: { 'Accept-Encoding': 'br' } });
      assert.equal(unpacked(answer), text);
      assert.match(answer.headers.etag ?? '', /^W\//);
      const { etag = '' } = answer.headers;
      const headers = { 'Accept-Encoding': 'br', 'If-None-Match': etag };
      assert.equal((await ask(port, path, { headers })).status, 304);
      const part = await ask(port, path, { headers: { 'Accept-Encoding': 'br', Range: 'bytes=4-8' } });
      assert.deepEqual([part.status, part.body], [206, 'quick']);
    }
  });
});

describe('fields of answers', () => {
  test('are set, added and removed, whoever answers', async (t) => {
    const headers = {
      set: { 'X-Frame-Options': 'DENY', 'Cache-Control': 'private' },
      fallback: { 'Referrer-Policy': 'no-referrer' },
      remove: ['X-Powered-By'],
    };
    const app: http.RequestListener = ({ url }, response) => {
      response.setHeader('X-Powered-By', 'Express');
      response.setHeader('x-frame-options', 'ALLOWALL');
      response.setHeader('Set-Cookie', ['a=1', 'b=2']);
      if (url === '/own') response.setHeader('referrer-policy', 'origin');
      response.end('app');
    };
    const root = filesDir(t, { 'a.txt': 'a' });
    const { port } = await contentEdge(t, {
      content: { headers },
      app,
      routes: [
        { prefix: '/', pool: 'web' },
        { prefix: '/files/', files: filesRoute(root) },
      ],
    });
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    t.after(() => agent.destroy());
    for (const path of ['/', '/', '/', '/own', '/', '/files/a.txt', '/files/none', '/']) {
      const answer = await ask(port, path, { agent });
      const { 'x-frame-options': frame, 'referrer-policy': referrer, 'x-powered-by': by } = answer.headers;
      assert.deepEqual(
        [frame, referrer, by],
        ['DENY', path === '/own' ? 'origin' : 'no-referrer', undefined],
      );
      const count = answer.rawHeaders.filter((name) =>
        /^(?:x-frame-options|cache-control)$/i.test(name),
      ).length;
      assert.equal(count, 2);
      if (path === '/') assert.deepEqual(answer.headers['set-cookie'], ['a=1', 'b=2']);
    }
  });

  test('a number for each request: in the log, for the app, for the client, and from those who are trusted', async (t) => {
    const app: http.RequestListener = ({ headers }, response) => response.end(headers['x-request-id']);
    const given = { content: { requestId: true }, app, table: { accessLog: accessLogDefaults } };
    const { port, edge, apply } = await contentEdge(t, given);
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    t.after(() => agent.destroy());
    const headers = { 'X-Request-Id': 'mine' };
    const first = await ask(port, '/', { agent, headers });
    const second = await ask(port, '/', { agent, headers });
    assert.match(first.body, /^[0-9a-f-]{36}$/);
    assert.notEqual(first.body, second.body);
    assert.equal(first.headers['x-request-id'], first.body);
    await until(() => edge.stdout().includes(first.body), 'the log has it');
    await apply({ ...given, table: { trust: ['127.0.0.0/8'] } });
    assert.equal((await ask(port, '/', { headers })).body, 'mine');
    assert.notEqual((await ask(port, '/', { headers: { 'X-Request-Id': 'a b"' } })).body, 'a b"');
  });
});

describe('who gets in, and where to', () => {
  test('redirects and rewrites, exact and for what is below', async (t) => {
    const rule = (from: string, to: string, below: boolean) => ({ from, to, below, toBelow: below });
    const { port } = await contentEdge(t, {
      content: {
        redirects: [
          { ...rule('/old', '/new?x=1', false), status: 308 },
          { ...rule('/blog/', 'https://blog.test/', true), status: 301 },
          { ...rule('/any/', '/', true), status: 307 },
        ],
        rewrites: [rule('/v1/', '/api/', true), rule('/about', '/pages/about.html', false)],
      },
      app: (request, response) => response.end(request.url),
    });
    const where = async (path: string) => {
      const { status, headers } = await ask(port, path);
      return [status, headers.location];
    };
    assert.deepEqual(await where('/old?a=b'), [308, '/new?x=1']);
    assert.deepEqual(await where('/old/'), [200, undefined]);
    assert.deepEqual(await where('/blog'), [301, 'https://blog.test/']);
    assert.deepEqual(await where('/blog/2024/x?y=z'), [301, 'https://blog.test/2024/x?y=z']);
    assert.deepEqual(await where('/any//evil.test/'), [307, '/evil.test/']);
    assert.equal((await ask(port, '/v1/users?q=%20')).body, '/api/users?q=%20');
    assert.equal((await ask(port, '/about?z')).body, '/pages/about.html?z');
  });

  test('a name and a password, asked once and never forgotten to be asked', async (t) => {
    const users = { ann: await hashPassword('pässword:1') };
    const { port, edge } = await contentEdge(t, {
      content: { auth: { realm: 'Inside', users } },
      app: async (request, response) => {
        let size = 0;
        for await (const chunk of request) size += (chunk as Buffer).length;
        response.end(`in ${size}`);
      },
    });
    const get = (name: string, password: string, options: Parameters<typeof ask>[2] = {}) => {
      const Authorization = `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`;
      return ask(port, '/', { ...options, headers: { Authorization } });
    };
    const asked = await ask(port, '/');
    assert.deepEqual(
      [asked.status, asked.headers['www-authenticate']],
      [401, 'Basic realm="Inside", charset="UTF-8"'],
    );
    // Several at once, with a body that has to wait.
    const body = 'x'.repeat(300_000);
    const all = await Promise.all([1, 2, 3].map(() => get('ann', 'pässword:1', { method: 'POST', body })));
    assert.deepEqual(
      all.map(({ body: answer }) => answer),
      Array(3).fill('in 300000'),
    );
    assert.equal((await get('ann', 'pässword:1')).body, 'in 0');
    for (const [name, password] of [
      ['ann', 'wrong'],
      ['bob', 'pässword:1'],
      ['ann', ''],
      ['constructor', 'x'],
    ] as const)
      assert.equal((await get(name, password)).status, 401);
    // The client leaves while its password is looked at.
    const leaver = new RawClient(t, port);
    leaver.write('GET / HTTP/1.1\r\nHost: x\r\nAuthorization: Basic YW5uOng=\r\n\r\n');
    leaver.socket.end();
    edge.send({ type: 'drain', timeoutMs: 5_000 });
    assert.equal(await edge.exited, 0);
  });

  test('lists of addresses, through proxies that are trusted', async (t) => {
    const site = {
      content: { allow: ['10.0.0.0/8', '::1'], deny: ['10.6.6.6'] },
      table: { trust: ['127.0.0.1'] },
    };
    const { port } = await contentEdge(t, site);
    const from = async (ip: string) => (await ask(port, '/', { headers: { 'X-Forwarded-For': ip } })).status;
    assert.equal((await ask(port, '/')).status, 403);
    assert.deepEqual(
      [await from('10.1.2.3'), await from('10.6.6.6'), await from('11.0.0.1'), await from('::1')],
      [200, 403, 403, 200],
    );
  });

  test('maintenance, and pages of one’s own for errors', async (t) => {
    const dir = filesDir(t, {
      'down.html': '<h1>zurück um 5</h1>',
      '404.html': 'ours',
      '502.html': 'broken',
    });
    const pages = { errorPages: { 404: join(dir, '404.html'), 502: join(dir, '502.html') } };
    const closed = { maintenance: { page: join(dir, 'down.html'), allow: ['10.0.0.1'] } };
    const site = {
      content: { ...closed, ...pages },
      routes: [{ prefix: '/app', pool: 'web' }],
      table: { trust: ['127.0.0.1'] },
      app: (_request: http.IncomingMessage, response: http.ServerResponse) => response.destroy(),
    };
    const { port, apply } = await contentEdge(t, site);
    const get = (path: string, headers = {}) =>
      ask(port, path, { headers: { Accept: 'text/html', ...headers } });
    const down = await get('/');
    assert.deepEqual(
      [down.status, Buffer.from(down.body, 'latin1').toString()],
      [503, '<h1>zurück um 5</h1>'],
    );
    assert.match(String(down.headers['retry-after']), /^\d+$/);
    assert.match((await ask(port, '/')).body, /^503 Service Unavailable\n/);
    assert.equal((await get('/app', { 'X-Forwarded-For': '10.0.0.1' })).status, 502);
    await apply({ ...site, content: pages });
    assert.deepEqual([(await get('/')).body, (await get('/app')).body], ['ours', 'broken']);
    writeFileSync(join(dir, '404.html'), 'ours, again');
    await until(async () => (await get('/')).body === 'ours, again', 'the new page is there');
  });
});
