/** The hundred raw requests of http1-requests.json through the whole edge: what must be refused reaches nobody. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { certificateFor, testCa } from '../support/certificates.ts';
import { root } from '../support/root.ts';
import { startEdge, tableOf, targetOf } from './edge-process.ts';
import { RawClient, startRawApp, until } from './support.ts';

interface Case {
  readonly id: string;
  /** R: refused with 4xx or 5xx and closed. F: forwarded. E: either. */
  readonly want: 'R' | 'F' | 'E';
  readonly note: string;
  readonly raw: string;
  /** Patterns in the lower-cased bytes that the app gets. */
  readonly must?: readonly string[];
  /** A second request may be there, as one of its own. */
  readonly two?: boolean;
  /** The request is cut off. */
  readonly trunc?: boolean;
}

const cases: Case[] = JSON.parse(readFileSync(join(root, 'test/edge/http1-requests.json'), 'utf8'));

const keys = {
  certificates: [certificateFor(['*'], 'a.test')],
  clientAuthorities: {},
  ticketKeys: Buffer.alloc(48).toString('base64'),
  challenges: { http: {}, alpn: [] },
};

test('every case of http1-requests.json is refused or forwarded as it says', (t) => runCases(t, false));

test('and so it is over TLS', (t) => runCases(t, true));

async function runCases(t: TestContext, secure: boolean): Promise<void> {
  let reached = '';
  const app = await startRawApp(t, (socket) => {
    let text = '';
    let answered = 0;
    socket.setEncoding('latin1').on('data', (piece: string) => {
      reached += piece;
      text += piece;
      for (; answered < completeRequests(text); answered++)
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
    });
  });
  const edge = await startEdge(
    t,
    tableOf({ pools: { web: { targets: [targetOf('web.0#1', app.address)] } } }),
    false,
    secure ? keys : undefined,
  );
  const options = secure ? { ca: testCa, servername: 'a.test' } : undefined;
  for (const one of cases) {
    await t.test(`${one.id} ${one.want} ${one.note}`, async (t) => {
      reached = '';
      const client = new RawClient(t, edge.port, options).write(one.raw);
      if (one.trunc) client.socket.end();
      await until(() => /^HTTP\/1.1 [2-5]/.test(client.received) || client.closed, 'there is an answer');
      const status = Number(client.received.slice(9, 12));
      if (one.want === 'R' || status >= 400) {
        assert.ok(status >= 400 && status < 600, `refused, not ${client.received.slice(0, 40)}`);
        await client.sawEnd();
        assert.match(client.received, /\r\nConnection: close\r\n/);
        assert.equal(reached, '');
        return;
      }
      if (one.want === 'F') assert.equal(status, 200);
      if (one.two) await client.sees(/HTTP[\s\S]+HTTP/);
      else client.write('GET /next HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n');
      if (!one.two) await client.sawEnd();
      checkReached(one, reached);
    });
  }
}

/** What the app got is one request, or two if the case says so, each whole and in plain shape. */
function checkReached(one: Case, bytes: string): void {
  for (const pattern of one.must ?? []) assert.match(bytes.toLowerCase(), new RegExp(pattern));
  const own = bytes.split('GET /next ')[0] as string;
  if (one.trunc) return;
  assert.equal(completeRequests(own), one.two && own.includes('/smuggled') ? 2 : 1, own);
  const heads = own.split('\r\n\r\n')[0] as string;
  assert.doesNotMatch(heads, /[^\r]\n|\r[^\n]/);
  for (const line of heads.split('\r\n').slice(1))
    assert.match(line, /^[!#$%&'*+.^`|~0-9A-Za-z-]+: [\t\x20-\x7e\x80-\xff]*$/);
}

/** How many whole requests there are in what an app got, by the plainest reading of RFC 9112. */
function completeRequests(bytes: string): number {
  let rest = bytes;
  for (let count = 0; ; count++) {
    const end = rest.indexOf('\r\n\r\n');
    if (end < 0) return count;
    const head = rest.slice(0, end);
    rest = rest.slice(end + 4);
    const length = Number(/\r\nContent-Length: (\d+)/.exec(head)?.[1] ?? 0);
    if (/\r\nTransfer-Encoding: chunked/.test(head)) {
      const body = /^(?:([0-9a-f]+)\r\n[\s\S]*?\r\n)*?0\r\n\r\n/.exec(rest);
      if (!body) return count;
      rest = rest.slice(body[0].length);
    } else {
      if (rest.length < length) return count;
      rest = rest.slice(length);
    }
  }
}
