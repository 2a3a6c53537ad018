/**
 * Every head and body that the edge accepts means the same to Node's own parser: as it came from the client, and as the
 * edge writes it anew. What the edge refuses does not matter here.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Forwarder, Trust } from '../../src/edge/forwarded.ts';
import { RequestWriter, responseText } from '../../src/edge/headers.ts';
import { ChunkedReader } from '../../src/edge/http1/chunked.ts';
import { Kind } from '../../src/edge/http1/fields.ts';
import { canonicalTarget } from '../../src/edge/http1/path.ts';
import { CHUNKED } from '../../src/edge/http1/request-fields.ts';
import { parseRequestHead, type RequestHead } from '../../src/edge/http1/request-head.ts';
import { parseResponseHead, UNTIL_CLOSE } from '../../src/edge/http1/response-head.ts';
import { readAnswer, readRequests } from './node-http.ts';

const RUNS = Number(process.env.FUZZ_RUNS ?? 3_000);
const MARKER = 'GET /marker HTTP/1.1\r\nHost: marker\r\n\r\n';

/** Mostly the first, so that a head with several parts still has a chance to be accepted. */
function mostly<T>(usual: fc.Arbitrary<T>, odd: fc.Arbitrary<T>): fc.Arbitrary<T> {
  return fc.oneof({ weight: 12, arbitrary: usual }, { weight: 1, arbitrary: odd });
}

/** Bytes at which parsers disagree. */
const sharp = fc.constantFrom(
  ...'\0\t\n\v\f\r !"#$%&\'()*+,-./0159:;<=>?@AZ[\\]^_`az{|}~\x7f\x80\x85\xa0\xad\xff',
  '\r\n',
  '\r\n ',
  '\n\n',
  ': ',
  ', ',
);
const token = fc.string({ unit: fc.constantFrom(..."abcXYZ019-_.!#$%&'*+^`|~"), minLength: 1, maxLength: 8 });
const value = mostly(
  fc.string({ unit: fc.constantFrom(...'abc \t,;="@\xe9'), maxLength: 12 }),
  fc.string({ unit: fc.oneof(sharp, fc.constantFrom(...'abc')), maxLength: 12 }),
);

const known = fc.oneof(
  fc.tuple(
    fc.constantFrom('Content-Length', 'content-length'),
    fc.constantFrom('0', '3', '5', '+3', '3, 3', '03', '3 '),
  ),
  fc.tuple(
    fc.constantFrom('Transfer-Encoding', 'transfer-encoding'),
    fc.constantFrom(
      'chunked',
      'Chunked',
      'gzip, chunked',
      'chunked, chunked',
      'identity',
      'chunked ',
      '"chunked"',
    ),
  ),
  fc.tuple(
    fc.constant('Connection'),
    fc.constantFrom('close', 'keep-alive', 'Upgrade', 'X-Hop, close', 'te,,x', '', 'a;b'),
  ),
  fc.tuple(fc.constant('Upgrade'), fc.constantFrom('websocket', 'h2c', 'WebSocket, h2c')),
  fc.tuple(fc.constant('Expect'), fc.constantFrom('100-continue', '100-Continue', 'x')),
  fc.tuple(fc.constantFrom('X-Forwarded-For', 'Forwarded', 'X_Y', 'Proxy', 'X-Holdfast-Client'), value),
);
const field = fc
  .tuple(
    fc.oneof({ weight: 3, arbitrary: known }, { weight: 2, arbitrary: fc.tuple(token, value) }),
    mostly(fc.constantFrom(': ', ':', ':\t '), fc.constant(' :')),
    mostly(fc.constantFrom('\r\n', ' \r\n'), fc.constantFrom('\n', '\r')),
  )
  .map(([[name, content], colon, end]) => name + colon + content + end);
const target = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.string({ unit: fc.constantFrom(...'/ab.%2eF5cC~?&=;'), maxLength: 12 }).map((s) => `/${s}`),
  },
  { weight: 2, arbitrary: value.map((text) => `/${text}`) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      '*',
      'http://b.test/x',
      'HTTP://b.test:81?q',
      'https://b.test/',
      'a:80',
      '//a/b',
    ),
  },
);
const requestHead = fc
  .tuple(
    fc.constantFrom(
      'GET',
      'GET',
      'POST',
      'PUT',
      'OPTIONS',
      'HEAD',
      'QUERY',
      'M-SEARCH',
      'get',
      'FOO',
      'CONNECT',
    ),
    target,
    mostly(fc.constantFrom('HTTP/1.1', 'HTTP/1.0'), fc.constantFrom('HTTP/1.2', 'HTTP/2.0', 'http/1.1')),
    mostly(
      fc.constant('Host: a.test\r\n'),
      fc.constantFrom(
        '',
        'Host: b.test:81\r\n',
        'Host: [::1]:80\r\n',
        'Host: a b\r\n',
        'Host: a\r\nHost: a\r\n',
      ),
    ),
    fc.array(field, { maxLength: 5 }),
    mostly(
      fc.constant<[number, string, boolean][]>([]),
      fc.array(fc.tuple(fc.nat(200), sharp, fc.boolean()), { minLength: 1, maxLength: 2 }),
    ),
  )
  .map(([method, path, version, host, fields, changes]) => {
    let text = `${method} ${path} ${version}\r\n${host}${fields.join('')}\r\n`;
    for (const [place, byte, replace] of changes) {
      const at = place % text.length;
      text = text.slice(0, at) + byte + text.slice(replace ? at + 1 : at);
    }
    return text;
  });

/** What the edge makes of a head, if it is one and is accepted. */
function accept(text: string): RequestHead | undefined {
  const end = text.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const head = parseRequestHead(text, end);
  return 'reason' in head ? undefined : head;
}

function bodyOf(head: RequestHead): readonly [bytes: string, meaning: string] {
  if (head.length === CHUNKED) return ['3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n', 'abcde'];
  return ['x'.repeat(head.length), 'x'.repeat(head.length)];
}

test('an accepted request means the same to Node', async () => {
  let accepted = 0;
  await fc.assert(
    fc.asyncProperty(requestHead, async (text) => {
      const head = accept(text);
      if (!head || head.length > 1_000) return;
      accepted++;
      const [bytes, body] = bodyOf(head);
      const raw = text.slice(0, text.indexOf('\r\n\r\n') + 4);
      const { requests, error } = await readRequests(raw + bytes + (head.keepAlive ? MARKER : ''));
      const [first, second] = requests;
      assert.ok(first, `Node refuses it: ${error}`);
      assert.equal(first.method, head.method);
      assert.deepEqual(
        first.fields,
        head.fields.names.map((name, i) => [name, head.fields.values[i]]),
      );
      assert.equal(first.body, body);
      // Not the other way round: of `keep-alive, close` in HTTP/1.0 Node believes the first.
      if (head.keepAlive) assert.equal(first.keepAlive, true);
      // Behind an upgrade Node reads nothing more as HTTP; the edge passes only those on that it understands.
      const upgrades = head.fields.has(Kind.upgrade);
      if (head.keepAlive && !upgrades) assert.equal(second?.url, '/marker');
      const path = first.url.replace(/^http:\/\/[^/?]*/i, '');
      const canonical = canonicalTarget(path.startsWith('/') ? path : `/${path}`);
      assert.equal(head.target, head.target === '*' ? '*' : `${canonical?.path}${canonical?.query}`);
    }),
    { numRuns: RUNS, seed: 1 },
  );
  assert.ok(accepted > RUNS / 20, `only ${accepted} heads were accepted`);
});

test('an accepted request, written anew, means the same to Node', async () => {
  const client = new Forwarder({ ip: '9.9.9.9', port: 9, scheme: 'http', localPort: 80 }, new Trust([]));
  await fc.assert(
    fc.asyncProperty(requestHead, async (text) => {
      const head = accept(text);
      if (!head || head.length > 1_000) return;
      const [bytes, body] = bodyOf(head);
      const { requests, error } = await readRequests(
        new RequestWriter().text(head, client.describe(head), true, false) + bytes + MARKER,
      );
      const [first, second] = requests;
      assert.ok(first, `Node refuses it: ${error}`);
      assert.equal(first.method, head.method);
      assert.equal(first.url, head.target);
      assert.equal(first.body, body);
      assert.equal(second?.url, '/marker');
      assert.equal(requests.length, 2);
      assert.deepEqual(first.fields[0], ['X-Holdfast-Client', '9.9.9.9 9 http']);
      const one = (name: string) => first.fields.filter((field) => field[0].toLowerCase() === name);
      for (const name of ['host', 'x-holdfast-client', 'x-forwarded-for', 'x-real-ip', 'forwarded']) {
        assert.equal(one(name).length, 1, name);
      }
      assert.equal(one('host')[0]?.[1], head.host);
      // Every field that came and is nobody's but the two ends' has arrived, in order.
      const own = head.fields.names.flatMap((name, i) =>
        /^[a-zA-Z0-9!#$%&'*+.^`|~]{1,8}$/.test(name) &&
        !/^(?:host|te|proxy|trailer|upgrade|expect)$/i.test(name)
          ? [[name, head.fields.values[i]]]
          : [],
      );
      const named = (name: string) => head.hopNames.includes(name.toLowerCase());
      const arrived = first.fields.filter(([name]) => own.some((field) => field[0] === name));
      assert.deepEqual(
        arrived,
        own.filter(([name]) => !named(name as string)),
      );
    }),
    { numRuns: RUNS, seed: 2 },
  );
});

const answerField = fc
  .tuple(
    fc.oneof(
      fc.tuple(
        fc.constantFrom('Content-Length', 'content-length'),
        fc.constantFrom('0', '3', '5', '03', '3, 3', ''),
      ),
      fc.tuple(
        fc.constant('Transfer-Encoding'),
        fc.constantFrom('chunked', 'gzip, chunked', 'identity', 'CHUNKED'),
      ),
      fc.tuple(fc.constant('Connection'), fc.constantFrom('close', 'keep-alive', 'x, y')),
      fc.tuple(token, value),
    ),
    mostly(fc.constantFrom(': ', ':'), fc.constant(' : ')),
    mostly(fc.constant('\r\n'), fc.constantFrom('\n', '\r')),
  )
  .map(([[name, content], colon, end]) => name + colon + content + end);
const answerHead = fc
  .tuple(
    fc.constantFrom('HTTP/1.1', 'HTTP/1.1', 'HTTP/1.0', 'HTTP/1.2', 'ICY'),
    fc.constantFrom(
      '200 OK',
      '200 OK',
      '204 No Content',
      '304 Not Modified',
      '404 ',
      '500',
      '99 X',
      '2000 X',
      '599 \xe9',
    ),
    fc.array(answerField, { maxLength: 4 }),
  )
  .map(([version, status, fields]) => `${version} ${status}\r\n${fields.join('')}\r\n`);

test('an accepted answer means the same to Node, as it came and written anew', async () => {
  let accepted = 0;
  await fc.assert(
    fc.asyncProperty(answerHead, fc.constantFrom('GET', 'GET', 'HEAD'), async (text, method) => {
      const end = text.indexOf('\r\n\r\n');
      const head = end < 0 ? '' : parseResponseHead(text, end, method === 'HEAD');
      if (typeof head === 'string') return;
      accepted++;
      let bytes = 'x'.repeat(Math.max(head.length, 0));
      let body = bytes;
      if (head.length === CHUNKED) [bytes, body] = ['3\r\nabc\r\n0\r\n\r\n', 'abc'];
      if (head.length === UNTIL_CLOSE) bytes = body = 'until the end';
      const raw = await readAnswer(text.slice(0, end + 4) + bytes, method);
      assert.ok(typeof raw === 'object', `Node refuses it: ${raw}`);
      assert.deepEqual(
        [raw.status, raw.reason, raw.body, raw.complete],
        [head.status, head.reason, body, true],
      );
      assert.deepEqual(
        raw.fields,
        head.fields.names.map((name, i) => [name, head.fields.values[i]]),
      );
      const chunked = head.length === CHUNKED || head.length === UNTIL_CLOSE;
      const framing = chunked ? 'chunked' : head.length > 0 ? 'length' : 'none';
      const anew = responseText(head, framing, '') + (chunked ? `d\r\nuntil the end\r\n0\r\n\r\n` : bytes);
      const seen = await readAnswer(anew, method);
      assert.ok(typeof seen === 'object', `Node refuses what we write: ${seen}`);
      assert.deepEqual([seen.status, seen.reason, seen.complete], [head.status, head.reason, true]);
      assert.equal(seen.body, chunked ? 'until the end' : body);
    }),
    { numRuns: RUNS, seed: 3 },
  );
  assert.ok(accepted > RUNS / 10, `only ${accepted} heads were accepted`);
});

const chunks = fc
  .tuple(
    fc.array(
      fc.tuple(
        fc.string({ unit: fc.constantFrom(...'ab\r\n0'), minLength: 1, maxLength: 20 }),
        fc.constantFrom('', '', ';a', ';a=b', ';a="b;\\"c"', ';a="b', '; a', ';'),
        fc.boolean(),
      ),
      { maxLength: 4 },
    ),
    fc.constantFrom('', '', 'X: y\r\n', 'X : y\r\n', 'Date: 5\r\nX:\r\n', ' X: y\r\n'),
    fc.array(fc.tuple(fc.nat(100), sharp), { maxLength: 1 }),
  )
  .map(([list, trailers, changes]) => {
    const upper = (size: number, big: boolean) =>
      big ? size.toString(16).toUpperCase() : `0${size.toString(16)}`;
    let text = list
      .map(([data, extension, big]) => `${upper(data.length, big)}${extension}\r\n${data}\r\n`)
      .join('');
    text += `0\r\n${trailers}\r\n`;
    for (const [place, byte] of changes)
      text = text.slice(0, place % text.length) + byte + text.slice(place % text.length);
    return text;
  });

/** Reads a body in pieces of a size; returns the payload, and what is behind the end. */
function readChunks(text: string, size: number): { payload: string; rest: string } | undefined {
  const reader = new ChunkedReader();
  let payload = '';
  for (let at = 0; at < text.length; at += size) {
    const piece = Buffer.from(text.slice(at, at + size), 'latin1');
    if (!reader.feed(piece, 0, piece.length)) return undefined;
    payload += piece.toString('latin1', reader.from, reader.to);
    if (reader.done) return { payload, rest: piece.toString('latin1', reader.next) + text.slice(at + size) };
  }
  return undefined;
}

test('an accepted chunked body means the same to Node, in whatever pieces it comes', async () => {
  let accepted = 0;
  const head = 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n';
  await fc.assert(
    fc.asyncProperty(chunks, async (text) => {
      const whole = readChunks(text + MARKER, 10_000);
      for (let size = 1; size < 12; size++) assert.deepEqual(readChunks(text + MARKER, size), whole);
      if (whole?.rest !== MARKER) return;
      accepted++;
      const { requests, error } = await readRequests(head + text + MARKER);
      assert.equal(requests[0]?.body, whole.payload, `Node: ${error}`);
      assert.equal(requests[1]?.url, '/marker');
    }),
    { numRuns: RUNS, seed: 4 },
  );
  assert.ok(accepted > RUNS / 10, `only ${accepted} bodies were accepted`);
});
