/** A site with a cache: many clients at once, answers that change, memory, and those who mean harm. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import type http from 'node:http';
import http2 from 'node:http2';
import { describe, test } from 'node:test';
import zlib from 'node:zlib';
import { accessLogDefaults } from '../../src/config/traffic-defaults.ts';
import { Fields } from '../../src/edge/http1/fields.ts';
import { cacheEdge } from './cache-edge.ts';
import { type Answer, ask, RawClient, until } from './support.ts';

/** An app whose answers wait until the test lets them go. */
class HeldApp {
  readonly open: { readonly request: http.IncomingMessage; readonly response: http.ServerResponse }[] = [];
  seen = 0;

  readonly listener: http.RequestListener = (request, response) => {
    this.seen++;
    request.resume();
    this.open.push({ request, response });
  };

  async sees(count: number): Promise<void> {
    await until(() => this.seen >= count, `the app has seen ${count} requests`);
    assert.equal(this.seen, count);
  }

  /** Answers all that wait. */
  answer(body: string, cacheControl: string, more: Readonly<Record<string, string>> = {}): void {
    for (const { response } of this.open.splice(0))
      response.writeHead(200, { 'Cache-Control': cacheControl, ...more }).end(body);
  }
}

const bodies = (answers: readonly Answer[]) => answers.map(({ body }) => body);
const many = (port: number, count: number, path = '/') =>
  Array.from({ length: count }, () => ask(port, path));

describe('many that ask for the same at once', () => {
  test('are answered with one question to the app', async (t) => {
    const app = new HeldApp();
    const { port } = await cacheEdge(t, { app: app.listener });
    const first = ask(port, '/');
    await app.sees(1);
    const others = many(port, 20);
    const other = ask(port, '/other');
    await app.sees(2);
    app.answer('one', 'max-age=60');
    assert.deepEqual(new Set(bodies(await Promise.all([first, ...others, other]))), new Set(['one']));
    assert.equal(app.seen, 2);
  });

  test('do not wait for each other when the answer is for one alone', async (t) => {
    const app = new HeldApp();
    const { port } = await cacheEdge(t, { app: app.listener });
    const first = ask(port, '/');
    await app.sees(1);
    const others = many(port, 10);
    await until(() => app.open.length === 1, 'the first is there');
    app.answer('mine', 'private');
    // All together, or it would never come to that.
    await app.sees(11);
    app.answer('mine', 'private');
    await Promise.all([first, ...others]);
    const next = many(port, 10);
    await app.sees(21);
    app.answer('mine', 'max-age=60');
    await Promise.all(next);
    assert.equal((await ask(port, '/')).body, 'mine');
    assert.equal(app.seen, 21);
  });

  test('lose nothing when the one who asked leaves', async (t) => {
    const app = new HeldApp();
    const { port } = await cacheEdge(t, { app: app.listener });
    const leaver = new RawClient(t, port).write('GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n');
    await app.sees(1);
    const host = { headers: { Host: '127.0.0.1' } };
    const others = [ask(port, '/', host), ask(port, '/', host), ask(port, '/', host)];
    await ask(port, '/none', { headers: { 'Cache-Control': 'only-if-cached' } });
    leaver.socket.destroy();
    await app.sees(2);
    app.open.shift();
    app.answer('for all', 'max-age=60');
    assert.deepEqual(bodies(await Promise.all(others)), ['for all', 'for all', 'for all']);
    assert.equal(app.seen, 2);
  });

  test('are not held up by an answer that does not end', async (t) => {
    const app = new HeldApp();
    const { port, clock } = await cacheEdge(t, { app: app.listener });
    const first = ask(port, '/');
    await app.sees(1);
    const second = ask(port, '/');
    await ask(port, '/none', { headers: { 'Cache-Control': 'only-if-cached' } });
    const [endless] = app.open.splice(0);
    endless?.response.writeHead(200, { 'Cache-Control': 'max-age=60' }).write('be');
    await until(() => {
      clock.advance(500);
      return app.seen === 2;
    }, 'the second asks itself');
    app.answer('whole', 'max-age=60');
    assert.equal((await second).body, 'whole');
    endless?.response.end('gun');
    assert.equal((await first).body, 'begun');
  });
});

describe('answers that grow old', () => {
  test('stand in for an error as soon as that is known, and not when it has ended', async (t) => {
    const app = new HeldApp();
    const { port, clock } = await cacheEdge(t, { app: app.listener });
    const first = ask(port, '/');
    await app.sees(1);
    app.answer('kept', 'max-age=1, stale-if-error=60', { ETag: '"1"' });
    await first;
    clock.advance(5_000);
    const second = ask(port, '/');
    await app.sees(2);
    const [endless] = app.open.splice(0);
    endless?.response.writeHead(503).write('the app is ');
    assert.equal((await second).body, 'kept');
    await once(endless?.response as http.ServerResponse, 'close');
  });

  test('are given while the app is asked for new ones, once and in nobody’s name', async (t) => {
    const app = new HeldApp();
    const { port, clock, edge } = await cacheEdge(t, { app: app.listener });
    const control = 'max-age=1, stale-while-revalidate=60';
    const first = ask(port, '/');
    await app.sees(1);
    app.answer('old', control, { ETag: '"1"' });
    await first;
    clock.advance(5_000);
    const headers = { Cookie: 'session=secret', Authorization: 'Basic x' };
    assert.deepEqual([(await ask(port, '/', { headers })).body, (await ask(port, '/')).body], ['old', 'old']);
    await app.sees(2);
    const [asked] = app.open;
    const { cookie, authorization, 'if-none-match': tag } = asked?.request.headers ?? {};
    assert.deepEqual([cookie, authorization, tag], [undefined, undefined, '"1"']);
    app.answer('new', 'max-age=10, stale-while-revalidate=60', { ETag: '"2"' });
    const cache = edge.caches.of('*', '/')?.cache;
    await until(
      () => cache?.store.find(`http://127.0.0.1:${port}/`, `127.0.0.1:${port}`, new Fields())?.etag === '"2"',
      'the new answer is kept',
    );
    assert.equal((await ask(port, '/')).body, 'new');
    assert.equal(app.seen, 2);
    clock.advance(100_000);
    const late = ask(port, '/');
    await app.sees(3);
    app.answer('newest', control);
    assert.equal((await late).body, 'newest');
  });

  test('are kept no longer than nothing changes, also when they are still on their way', async (t) => {
    const app = new HeldApp();
    const { port } = await cacheEdge(t, { app: app.listener });
    const before = ask(port, '/');
    await app.sees(1);
    const [slow] = app.open.splice(0);
    const change = ask(port, '/', { method: 'POST', body: 'x' });
    await app.sees(2);
    app.answer('done', 'no-store');
    await change;
    slow?.response.writeHead(200, { 'Cache-Control': 'max-age=60' }).end('before');
    assert.equal((await before).body, 'before');
    const after = ask(port, '/');
    await app.sees(3);
    app.answer('after', 'max-age=60');
    assert.equal((await after).body, 'after');
  });
});

/** Says how often it was asked, and what it was asked. */
function counting(headers: Readonly<Record<string, string>> = { 'Cache-Control': 'max-age=60' }) {
  let count = 0;
  const listener: http.RequestListener = (request, response) => {
    request.resume();
    response.writeHead(200, headers).end(`${++count} ${request.method} ${request.url}`);
  };
  return { listener, asked: () => count };
}

describe('what belongs to the site', () => {
  test('compressed answers are kept as they are sent, one for each coding', async (t) => {
    const text = 'All work and no play makes Jack a dull boy. '.repeat(100);
    let count = 0;
    const app: http.RequestListener = (_request, response) => {
      count++;
      response
        .writeHead(200, { 'Content-Type': 'text/plain', ETag: '"v"', 'Cache-Control': 'max-age=60' })
        .end(text);
    };
    const { port, clock } = await cacheEdge(t, { app, content: { compress: true } });
    const get = (coding: string, more = {}) =>
      ask(port, '/', { headers: { 'Accept-Encoding': coding, ...more } });
    for (const coding of ['gzip', 'br', 'gzip', 'br', 'gzip, x-other', 'identity', 'identity']) {
      const { body, headers } = await get(coding);
      const bytes = Buffer.from(body, 'latin1');
      const plain =
        headers['content-encoding'] === 'gzip'
          ? zlib.gunzipSync(bytes)
          : headers['content-encoding'] === 'br'
            ? zlib.brotliDecompressSync(bytes)
            : bytes; // prettier-ignore
      assert.equal(plain.toString(), text);
      assert.equal(headers.vary, 'Accept-Encoding');
    }
    assert.equal(count, 3);
    const { status, headers } = await get('gzip', { 'If-None-Match': 'W/"v"' });
    assert.deepEqual([status, headers.etag, count], [304, 'W/"v"', 3]);
    clock.advance(100_000);
    assert.equal((await get('gzip', { Range: 'bytes=0-3' })).status, 200);
  });

  test('a route may stay out of it, and other settings begin anew', async (t) => {
    const { listener, asked } = counting();
    const routes = [
      { prefix: '/', pool: 'web' },
      { prefix: '/live/', pool: 'web', cache: false },
    ];
    const { port, edge, apply } = await cacheEdge(t, { app: listener, routes });
    await Promise.all([ask(port, '/'), ask(port, '/live/'), ask(port, '/live/')]);
    assert.equal(asked(), 3);
    apply({ app: listener, routes });
    await ask(port, '/');
    assert.equal(asked(), 3);
    apply({ app: listener, routes, content: { headers: { set: { 'X-A': 'b' }, fallback: {}, remove: [] } } });
    assert.equal((await ask(port, '/')).headers['x-a'], 'b');
    assert.equal((await ask(port, '/')).headers['x-a'], 'b');
    assert.equal(asked(), 4);
    assert.deepEqual([edge.caches.clear('*'), edge.caches.clear('*'), edge.caches.clear('none')], [1, 0, 0]);
    await ask(port, '/');
    assert.equal(asked(), 5);
  });

  test('what is done at a route that stays out of it changes what is kept of others', async (t) => {
    const app: http.RequestListener = (request, response) => {
      request.resume();
      response.writeHead(200, { 'Cache-Control': 'max-age=60', 'Content-Location': '/page' }).end();
    };
    const routes = [
      { prefix: '/', pool: 'web' },
      { prefix: '/api/', pool: 'web', cache: false },
    ];
    const { port } = await cacheEdge(t, { app, routes });
    await ask(port, '/page');
    assert.equal((await ask(port, '/page')).headers.age, '0');
    await ask(port, '/api/', { method: 'POST', body: 'x' });
    assert.equal((await ask(port, '/page')).headers.age, undefined);
  });

  test('the number of a request and the cookie of a session are never another one’s', async (t) => {
    const app: http.RequestListener = (request, response) => {
      response
        .writeHead(200, {
          'Cache-Control': 'public, max-age=60',
          'X-Request-Id': request.headers['x-request-id'],
          'Set-Cookie': 'sid=1',
        })
        .end(); // prettier-ignore
    };
    const { port } = await cacheEdge(t, { app, content: { requestId: true } });
    const first = await ask(port, '/');
    const second = await ask(port, '/');
    assert.ok(second.headers.age);
    assert.match(String(second.headers['x-request-id']), /^[\w-]{36}$/);
    assert.notEqual(second.headers['x-request-id'], String(first.headers['x-request-id']).split(',')[0]);
    assert.equal(second.headers['set-cookie'], undefined);
  });

  test('the books say where an answer came from, and every request ends in them once', async (t) => {
    let status = 200;
    const app: http.RequestListener = (request, response) => {
      if (status === 0) request.socket.destroy();
      else response.writeHead(status, { ETag: '"a"', 'Cache-Control': 'max-age=2, stale-if-error=10' }).end();
    };
    const accessLog = { ...accessLogDefaults, format: 'json', fields: ['status', 'cache'] } as const;
    const { port, lines, clock, edge } = await cacheEdge(t, { app, table: { accessLog } });
    const steps: readonly (readonly [appSays: number, seconds: number, written: object])[] = [
      [200, 0, { status: 200, cache: 'miss' }],
      [200, 0, { status: 200, cache: 'hit' }],
      [304, 5, { status: 200, cache: 'revalidated' }],
      [503, 5, { status: 200, cache: 'stale' }],
      [0, 0, { status: 200, cache: 'stale' }],
      [503, 60, { status: 503, cache: 'miss' }],
      [0, 0, { status: 502, cache: 'miss' }],
    ];
    for (const [says, seconds, written] of steps) {
      status = says;
      clock.advance(seconds * 1000);
      await ask(port, '/');
      await until(() => lines.length > 0, 'a line is written');
      assert.deepEqual(
        lines.splice(0).map((line) => JSON.parse(line)),
        [written],
      );
    }
    assert.deepEqual([edge.traffic.of('*').requests, edge.traffic.of('*').openRequests], [7, 0]);
  });

  test('memory is bounded: what is too large is not kept, and the oldest goes', async (t) => {
    let count = 0;
    const app: http.RequestListener = ({ url = '' }, response) => {
      count++;
      response.setHeader('Cache-Control', 'max-age=60');
      if (url.endsWith('chunked')) response.write('x');
      response.end('x'.repeat(Number(url.split('/')[1])));
    };
    const { port } = await cacheEdge(t, { app, cache: { totalBytes: 40_000, entryBytes: 10_000 } });
    for (const path of ['/10001', '/10001', '/10000/chunked', '/10000/chunked']) await ask(port, path);
    assert.equal(count, 4);
    for (const path of ['/9000/a', '/9000/b', '/9000/c', '/9000/a', '/9000/d', '/9000/a'])
      await ask(port, path);
    assert.equal(count, 8);
    await ask(port, '/9000/b');
    assert.equal(count, 9);
  });
});

describe('who means harm', () => {
  const evil: readonly (readonly [what: string, request: http.RequestOptions & { body?: string }])[] = [
    ['another method in a field', { headers: { 'X-HTTP-Method-Override': 'DELETE' } }],
    ['another address in a field', { headers: { 'X-Original-URL': '/admin' } }],
    ['another host in a field', { headers: { 'X-Host': 'evil.example' } }],
    ['another scheme in a field', { headers: { 'X-Forwarded-Scheme': 'http' } }],
    ['a port in Host', { headers: { Host: '127.0.0.1:1337' } }],
    ['other letters in Host', { headers: { Host: 'LOCALHOST' } }],
    ['a body where none is expected', { headers: { 'Content-Length': '3' }, body: 'a=b' }],
    ['a page that is for its own user', { headers: { Cookie: 'session=victim' } }],
    ['a page for its own user, with Authorization', { headers: { Authorization: 'Bearer victim' } }],
    ['a part that is given for the whole', { headers: { Range: 'bytes=0-1' } }],
  ];
  for (const [what, request] of evil) {
    test(`cannot give to others: ${what}`, async (t) => {
      const app: http.RequestListener = (request, response) => {
        const { range, host, cookie } = request.headers;
        request.resume();
        response.setHeader('Cache-Control', 'max-age=60');
        if (range !== undefined) response.writeHead(206, { 'Content-Range': 'bytes 0-1/9' }).end('po');
        else response.end(`${host} ${cookie} ${Object.keys(request.headers).join()}`);
      };
      const { port } = await cacheEdge(t, { app });
      const innocent = { headers: { Host: 'localhost' } };
      await ask(port, '/', { ...request, headers: { Host: 'localhost', ...request.headers } });
      const answer = await ask(port, '/', innocent);
      assert.equal(answer.headers.age, undefined);
      assert.match(answer.body, /^localhost undefined /);
      assert.doesNotMatch(answer.body, /victim|x-h|x-o|x-forwarded-scheme|authorization/);
      // And not because nothing is kept.
      assert.equal((await ask(port, '/', innocent)).headers.age, '0');
    });
  }

  test('cannot have an error kept in place of a page', async (t) => {
    const app: http.RequestListener = (request, response) => {
      const bad = request.headers['x-bad'] !== undefined;
      response.writeHead(bad ? Number(request.headers['x-bad']) : 200, {
        'Cache-Control': 'public, max-age=60',
      });
      response.end(bad ? 'error' : 'page');
    };
    const { port } = await cacheEdge(t, { app });
    for (const status of ['400', '403', '405', '413', '414', '431', '500', '501', '502', '503']) {
      await ask(port, `/${status}`, { headers: { 'X-Bad': status } });
      assert.equal((await ask(port, `/${status}`)).body, 'page');
    }
  });

  test('cannot have the answer to their own origin kept for others', async (t) => {
    const app: http.RequestListener = ({ headers, url }, response) => {
      if (headers.origin) response.setHeader('Access-Control-Allow-Origin', headers.origin);
      if (url === '/varies') response.setHeader('Vary', 'Origin');
      response.writeHead(200, { 'Cache-Control': 'max-age=60' }).end();
    };
    const { port } = await cacheEdge(t, { app });
    for (const path of ['/', '/varies']) {
      const from = (origin: string) => ask(port, path, { headers: { Origin: origin } });
      await from('http://evil.example');
      const { headers } = await from('http://good.example');
      assert.equal(headers['access-control-allow-origin'], 'http://good.example');
      assert.equal((await from('http://good.example')).headers.age, path === '/' ? undefined : '0');
    }
  });

  test('cannot say through a trusted proxy what others get', async (t) => {
    const app: http.RequestListener = ({ headers }, response) => {
      response.writeHead(200, { 'Cache-Control': 'max-age=60' });
      response.end(
        [
          headers['x-forwarded-host'],
          headers['x-forwarded-proto'],
          /host=[^;]*/.exec(headers.forwarded ?? ''),
        ].join(' '),
      ); // prettier-ignore
    };
    const { port } = await cacheEdge(t, { app, table: { trust: ['127.0.0.1'] } });
    const told = (fields: http.OutgoingHttpHeaders) => ask(port, '/', { headers: { Host: 'x', ...fields } });
    await told({ 'X-Forwarded-Host': 'evil.example' });
    await told({ 'X-Forwarded-Proto': 'https' });
    await told({ Forwarded: 'for=1.2.3.4;host=evil.example' });
    assert.equal((await told({ 'X-Forwarded-For': '1.2.3.4' })).body, 'x http host="x"');
    const again = await told({ 'X-Forwarded-For': '5.6.7.8' });
    assert.deepEqual([again.body, again.headers.age], ['x http host="x"', '0']);
  });

  test('cannot have what a 304 tells one of them told to others', async (t) => {
    const cases: readonly (readonly [says: object, kept: boolean])[] = [
      [{ 'Cache-Control': 'private, max-age=600' }, false],
      [{ 'Cache-Control': 'no-store' }, false],
      [{ 'Cache-Control': 'max-age=600' }, false],
      [{ 'Cache-Control': 'max-age=600', 'Set-Cookie': 'sid=alice' }, false],
      [{ 'Cache-Control': 'public, max-age=600' }, true],
    ];
    const says: Record<string, object> = Object.fromEntries(cases.map(([fields], i) => [`/${i}`, fields]));
    const app: http.RequestListener = ({ headers, url = '' }, response) => {
      const isAlice = headers.cookie !== undefined;
      const own = isAlice ? { 'X-Csrf': 'alice', ...says[url] } : { 'Cache-Control': 'max-age=0' };
      const status = headers['if-none-match'] === undefined ? 200 : 304;
      response.writeHead(status, { ETag: '"1"', ...own }).end(status === 200 ? 'page' : undefined);
    };
    const { port } = await cacheEdge(t, { app });
    for (const [i, [fields, kept]] of cases.entries()) {
      await ask(port, `/${i}`);
      const alice = await ask(port, `/${i}`, { headers: { Cookie: 'sid=alice' } });
      assert.deepEqual([alice.status, alice.body, alice.headers['x-csrf']], [200, 'page', 'alice']);
      assert.equal(alice.headers['set-cookie']?.[0], 'Set-Cookie' in fields ? 'sid=alice' : undefined);
      const bob = await ask(port, `/${i}`);
      assert.deepEqual([bob.body, bob.headers['x-csrf']], ['page', kept ? 'alice' : undefined]);
    }
  });

  test('cannot hide the scheme or the host where only some look for it', async (t) => {
    const { listener, asked } = counting();
    const { port } = await cacheEdge(t, { app: listener, table: { trust: ['127.0.0.1'] } });
    const said = ['for=1.2.3.4; host=evil', 'for=a, for=b;Proto = https', 'host=evil;for=1.2.3.4'];
    for (const Forwarded of said) await ask(port, '/', { headers: { Forwarded } });
    await ask(port, '/');
    assert.equal(asked(), 4);
    await ask(port, '/', { headers: { Forwarded: 'for=1.2.3.4' } });
    assert.equal(asked(), 4);
  });

  test('cannot have an answer about them kept, when it depends on what the edge says of them', async (t) => {
    for (const Vary of ['X-Forwarded-For', 'Accept, X-Real-IP', 'x-request-id', 'X-Client-Cert-Subject']) {
      const { listener, asked } = counting({ 'Cache-Control': 'max-age=60', Vary });
      const { port } = await cacheEdge(t, { app: listener });
      await ask(port, '/');
      await ask(port, '/');
      assert.equal(asked(), 2, Vary);
    }
  });

  test('what a site takes out of answers says all the same what may be kept', async (t) => {
    const app: http.RequestListener = ({ headers, url }, response) => {
      const control = url === '/private' ? 'private' : 'max-age=60';
      response.writeHead(200, { 'Content-Type': 'text/plain', Vary: 'X-Lang', 'Cache-Control': control });
      response.end(`${headers['x-lang']} `.repeat(1000));
    };
    const headers = { set: {}, fallback: {}, remove: ['Vary', 'Cache-Control'] };
    const { port } = await cacheEdge(t, { app, content: { headers, compress: true } });
    const get = (path: string, lang: string, coding = 'identity') =>
      ask(port, path, { headers: { 'X-Lang': lang, 'Accept-Encoding': coding } });
    for (const lang of ['de', 'fr']) assert.match((await get('/', lang)).body, new RegExp(`^${lang} `));
    assert.equal((await get('/', 'fr', 'gzip')).headers['content-encoding'], 'gzip');
    const again = await get('/', 'fr');
    assert.deepEqual([again.headers.age, again.headers['content-encoding']], ['0', undefined]);
    for (let i = 0; i < 2; i++) assert.equal((await get('/private', 'de')).headers.age, undefined);
  });

  test('cannot throw out all others with one address', async (t) => {
    const { listener, asked } = counting({ 'Cache-Control': 'max-age=60', Vary: 'X-Any' });
    const { port, edge } = await cacheEdge(t, { app: listener });
    for (let i = 0; i < 40; i++) await ask(port, '/', { headers: { 'X-Any': String(i) } });
    assert.equal(asked(), 40);
    assert.equal(edge.caches.clear('*'), 24);
  });
});

test('HTTP/1.0 goes by', async (t) => {
  const { listener, asked } = counting();
  const { port } = await cacheEdge(t, { app: listener });
  for (const line of ['GET / HTTP/1.0\r\n', 'GET / HTTP/1.0\r\n']) {
    const client = new RawClient(t, port).write(`${line}Host: x\r\n\r\n`);
    await client.sees('GET /');
  }
  assert.equal(asked(), 2);
});

test('streams of HTTP/2 share what is kept, and the question for it', async (t) => {
  const app = new HeldApp();
  const { port } = await cacheEdge(t, { app: app.listener, table: { http2: { cleartext: true } } });
  const session = http2.connect(`http://127.0.0.1:${port}`);
  t.after(() => session.destroy());
  const get = async () => {
    const stream = session.request({ ':path': '/' });
    let body = '';
    stream.setEncoding('utf8').on('data', (text: string) => {
      body += text;
    });
    const [headers] = (await once(stream, 'response')) as [http2.IncomingHttpHeaders];
    await once(stream, 'end');
    return { body, age: headers.age };
  };
  const all = [get(), get(), get()];
  await app.sees(1);
  const large = 'x'.repeat(300_000);
  app.answer(large, 'max-age=60');
  for (const { body } of await Promise.all(all)) assert.ok(body === large);
  const { body, age } = await get();
  assert.ok(body === large && age === '0');
  assert.equal(app.seen, 1);
});
