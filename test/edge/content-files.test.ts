/** Files of a directory, through the edge as a process. */
import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { noContent } from '../../src/config/content-defaults.ts';
import type { ClientSide } from '../../src/edge/client-side.ts';
import { Edge } from '../../src/edge/edge.ts';
import { Forwarder, Trust } from '../../src/edge/forwarded.ts';
import { enter } from '../../src/edge/gate/entrance.ts';
import { parseRequestHead, type RequestHead } from '../../src/edge/http1/request-head.ts';
import { contentEdge, filesDir, filesRoute } from './content-support.ts';
import { tableOf } from './edge-process.ts';
import { ask, RawClient, until } from './support.ts';

const LONG_AGO = new Date('2024-05-06T07:08:09Z');

describe('files', () => {
  test('are found below their route, with their type, and directories by their index', async (t) => {
    const root = filesDir(t, {
      'index.html': '<h1>top</h1>',
      'a b.txt': 'blank',
      'ä.json': '{}',
      'sub/index.html': 'sub',
      'empty.css': '',
      'strange.xyz': 'x',
    });
    const { port } = await contentEdge(t, {
      routes: [
        { prefix: '/', pool: 'web' },
        { prefix: '/files/', files: filesRoute(root) },
        { prefix: '/bare', files: filesRoute(root, { index: null, cacheControl: 'public, max-age=60' }) },
      ],
    });
    const get = (path: string, options = {}) => ask(port, path, options);
    assert.equal((await get('/')).body, 'app\n');
    const top = await get('/files/?x=1');
    assert.equal(top.body, '<h1>top</h1>');
    assert.equal(top.headers['content-type'], 'text/html; charset=utf-8');
    assert.equal(top.headers['cache-control'], 'no-cache');
    assert.equal((await get('/files/a%20b.txt')).body, 'blank');
    assert.equal((await get('/files/%C3%A4.json')).headers['content-type'], 'application/json');
    assert.equal((await get('/files/empty.css')).headers['content-length'], '0');
    assert.equal((await get('/files/strange.xyz')).headers['content-type'], 'application/octet-stream');
    assert.equal((await get('/files/none.txt')).status, 404);
    for (const [path, to] of [
      ['/files', '/files/'],
      ['/files/sub?a=b', '/files/sub/?a=b'],
      ['/bare', '/bare/'],
    ] as const) {
      const moved = await get(path);
      assert.deepEqual([moved.status, moved.headers.location], [301, to]);
    }
    assert.equal((await get('/files/sub/')).body, 'sub');
    assert.equal((await get('/bare/')).status, 404);
    assert.equal((await get('/bare/sub')).status, 404);
    assert.equal((await get('/bare/index.html')).headers['cache-control'], 'public, max-age=60');
    const head = await get('/files/', { method: 'HEAD' });
    assert.deepEqual([head.status, head.body, head.headers['content-length']], [200, '', '12']);
    const post = await get('/files/', { method: 'POST', body: 'x' });
    assert.deepEqual([post.status, post.headers.allow], [405, 'GET, HEAD']);
  });

  test('that are hidden or elsewhere are not there, however one asks', async (t) => {
    const outside = filesDir(t, { 'secret.txt': 'SECRET' });
    const root = filesDir(t, {
      'ok.txt': 'ok',
      '.env': 'SECRET',
      '.git/config': 'SECRET',
      'sub/.hidden/x.txt': 'SECRET',
      '.well-known/security.txt': 'contact',
    });
    symlinkSync(outside, join(root, 'out'));
    symlinkSync(join(outside, 'secret.txt'), join(root, 'link.txt'));
    symlinkSync(join(root, 'ok.txt'), join(root, 'inside.txt'));
    symlinkSync('.env', join(root, 'env.txt'));
    symlinkSync('loop', join(root, 'loop'));
    const { port } = await contentEdge(t, { routes: [{ prefix: '/', files: filesRoute(root) }] });
    assert.equal((await ask(port, '/inside.txt')).body, 'ok');
    assert.equal((await ask(port, '/.well-known/security.txt')).body, 'contact');
    const paths = [
      '/.env',
      '/%2eenv',
      '/.git/config',
      '/sub/.hidden/x.txt',
      '/sub/%2Ehidden/x.txt',
      '/out/secret.txt',
      '/link.txt',
      '/env.txt',
      '/loop',
      '/..%2fsecret.txt',
      '/%2e%2e/x',
      '/..%5cx',
      '/sub/..%2f..%2f..%2fetc%2fpasswd',
      '/ok.txt/',
      '/ok.txt%00.html',
      '//etc/passwd',
      '//ok.txt',
      '/sub//x',
      '/%c0%ae%c0%ae/etc/passwd',
      '/ok.txt%2f',
      '/..;/x',
      '/out',
      `/${'a'.repeat(300)}`,
      '/sub/%ff',
      '/dev/stdin',
      '/proc/self/environ',
    ]; // prettier-ignore
    for (const path of paths) {
      const answer = await ask(port, path);
      assert.ok([400, 404].includes(answer.status), `${path}: ${answer.status}`);
      assert.doesNotMatch(answer.body, /SECRET|root:/);
    }
  });

  test('are not sent to those who have them, nor more of them than is wanted', async (t) => {
    const root = filesDir(t, { 'a.txt': '0123456789' });
    utimesSync(join(root, 'a.txt'), LONG_AGO, LONG_AGO);
    const { port } = await contentEdge(t, { routes: [{ prefix: '/', files: filesRoute(root) }] });
    const get = (headers: Record<string, string>, method = 'GET') => ask(port, '/a.txt', { headers, method });
    // Until it has not changed for a moment its tag is a weak one.
    let first = await get({});
    for (const end = Date.now() + 5_000; first.headers.etag?.startsWith('W/') && Date.now() < end; )
      first = await get({});
    const { etag = '', 'last-modified': modified = '' } = first.headers;
    assert.match(etag, /^"[\w-]+"$/);
    assert.equal(modified, LONG_AGO.toUTCString());
    const not = await get({ 'If-None-Match': `"x", W/${etag}` });
    assert.deepEqual(
      [not.status, not.body, not.headers.etag, not.headers['content-length']],
      [304, '', etag, undefined],
    );
    assert.equal((await get({ 'If-None-Match': '"x"', 'If-Modified-Since': modified })).status, 200);
    assert.equal((await get({ 'If-Modified-Since': modified })).status, 304);
    assert.equal((await get({ 'If-Match': '"x"' })).status, 412);
    const part = await get({ Range: 'bytes=2-4' });
    assert.deepEqual([part.status, part.body, part.headers['content-range']], [206, '234', 'bytes 2-4/10']);
    assert.equal((await get({ Range: 'bytes=-3' })).body, '789');
    assert.equal((await get({ Range: 'bytes=8-99' })).body, '89');
    assert.equal((await get({ Range: 'bytes=0-1,3-4' })).body, '0123456789');
    assert.equal((await get({ Range: 'bytes=2-4', 'If-Range': etag })).body, '234');
    assert.equal((await get({ Range: 'bytes=2-4', 'If-Range': '"x"' })).body, '0123456789');
    const beyond = await get({ Range: 'bytes=10-' });
    assert.deepEqual([beyond.status, beyond.headers['content-range']], [416, 'bytes */10']);
    writeFileSync(join(root, 'a.txt'), 'new');
    let again = await get({ 'If-None-Match': etag });
    for (const end = Date.now() + 5_000; again.status === 304 && Date.now() < end; )
      again = await get({ 'If-None-Match': etag });
    assert.equal(again.body, 'new');
  });

  test('lie there in other codings, too', async (t) => {
    const root = filesDir(t, {
      'app.js': 'plain',
      'app.js.gz': gzipSync('zipped'),
      'app.js.br': 'br-bytes',
      'x.png': 'png',
      'x.png.gz': 'never',
    });
    const { port } = await contentEdge(t, { routes: [{ prefix: '/', files: filesRoute(root) }] });
    const get = (accept: string, path = '/app.js') =>
      ask(port, path, { headers: { 'Accept-Encoding': accept } });
    const br = await get('gzip, deflate, br');
    assert.deepEqual(
      [br.body, br.headers['content-encoding'], br.headers['content-type'], br.headers.vary],
      ['br-bytes', 'br', 'text/javascript; charset=utf-8', 'Accept-Encoding'],
    );
    const plain = await get('br;q=0');
    assert.deepEqual(
      [plain.body, plain.headers['content-encoding'], plain.headers.vary],
      ['plain', undefined, 'Accept-Encoding'],
    );
    assert.notEqual(plain.headers.etag, br.headers.etag);
    assert.equal((await get('br;q=0.5, gzip')).headers['content-encoding'], 'gzip');
    assert.equal((await get('gzip', '/x.png')).body, 'png');
  });

  test('a page of an app in the browser is at every address that no file has', async (t) => {
    const root = filesDir(t, { 'index.html': 'spa', 'a.js': 'js' });
    const { port } = await contentEdge(t, {
      routes: [{ prefix: '/', files: filesRoute(root, { spa: true }) }],
    });
    assert.equal((await ask(port, '/users/7')).body, 'spa');
    assert.equal((await ask(port, '/a.b', { headers: { Accept: 'text/html' } })).body, 'spa');
    assert.equal((await ask(port, '/a.js')).body, 'js');
    assert.equal((await ask(port, '/old.js')).status, 404);
    assert.equal((await ask(port, '/.env')).status, 404);
  });

  test('large ones flow as fast as their client reads, and one connection carries many', async (t) => {
    const big = Buffer.alloc(8 * 1024 * 1024, 'abcdefgh');
    const root = filesDir(t, { 'big.bin': big, 'a.txt': 'a' });
    mkdirSync(join(root, 'sub'));
    const { port, edge } = await contentEdge(t, { routes: [{ prefix: '/', files: filesRoute(root) }] });
    const slow = new RawClient(t, port);
    slow.socket.pause();
    slow.write('GET /big.bin HTTP/1.1\r\nHost: x\r\n\r\nGET /a.txt HTTP/1.1\r\nHost: x\r\n\r\n');
    // Others are served meanwhile, whole and byte for byte.
    const whole = await ask(port, '/big.bin');
    assert.ok(Buffer.from(whole.body, 'latin1').equals(big));
    const part = await ask(port, '/big.bin', { headers: { Range: 'bytes=70000-300000' } });
    assert.ok(Buffer.from(part.body, 'latin1').equals(big.subarray(70_000, 300_001)));
    slow.socket.resume();
    await slow.sees(/\r\n\r\na$/);
    assert.equal(slow.received.length > big.length, true);
    // Who leaves in the middle leaves nothing open.
    const leaver = new RawClient(t, port);
    leaver.write('GET /big.bin HTTP/1.1\r\nHost: x\r\n\r\n');
    await leaver.sees('abcdefgh');
    leaver.socket.destroy();
    assert.equal((await ask(port, '/a.txt')).body, 'a');
    edge.send({ type: 'drain', timeoutMs: 2_000 });
    assert.equal(await edge.exited, 0);
  });

  test('one that is in memory is copied only as fast as its client reads', async (t) => {
    const root = filesDir(t, { 'a.bin': Buffer.alloc(128 * 1024, 'abcdefgh') });
    const sites = [{ host: '*', content: noContent, routes: [{ prefix: '/', files: filesRoute(root) }] }];
    const failed = (error: unknown) => assert.ifError(error);
    const edge = new Edge(tableOf({ sites }), { retired() {}, log() {}, notice() {}, failed });
    t.after(() => edge.sweeper.close());
    const pieces: number[] = [];
    let ended = 0;
    const channel = {
      congested: true,
      unwritten: 1,
      secured: undefined,
      pause() {},
      watch() {},
      guard: (action: () => void) => action(),
    };
    const peer = { ip: '192.0.2.1', port: 1, scheme: 'http', localPort: 80, certificateLines: '' } as const;
    const side: Partial<ClientSide> = {
      channel,
      edge,
      ip: peer.ip,
      deadline: 0,
      client: (head) => new Forwarder(peer, new Trust([])).describe(head),
      answer: () => ({
        status: 200,
        bytes: 0,
        endsByClose: false,
        write: (_buffer, from, to) => pieces.push(to - from),
      }),
      finished: () => ended++,
    };
    const text = 'GET /a.bin HTTP/1.1\r\nHost: x\r\n\r\n';
    const answering = enter(side as ClientSide, parseRequestHead(text, text.length - 4) as RequestHead, true);
    answering.begin(Buffer.alloc(0), 0, 0);
    await until(() => pieces.length > 0, 'it begins');
    assert.deepEqual([pieces, ended], [[65_536], 0]);
    answering.clientDrained();
    assert.deepEqual([pieces, ended], [[65_536, 65_536], 1]);
  });
});
