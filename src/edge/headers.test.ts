import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Client } from './forwarded.ts';
import { RequestWriter } from './headers.ts';
import { parseRequestHead, type RequestHead } from './http1/request-head.ts';

const client: Client = {
  ip: '192.0.2.1',
  scheme: 'http',
  lines: '',
  guestLine: '',
  peer: { ip: '192.0.2.1', port: 1, scheme: 'http', localPort: 80 },
};

function headOf(target: string, before?: RequestHead): RequestHead {
  const text = `GET ${target} HTTP/1.1\r\nHost: a.test\r\nX-A: b\r\n\r\n`;
  const head = parseRequestHead(text, text.length - 4, before?.said);
  assert.ok('method' in head);
  return head;
}

test('the lines of the last head are used again only for one that says the same, not for one with the same fields', () => {
  const first = headOf('/');
  const same = headOf('/other', first);
  assert.equal(same.said, first.said);
  const others: readonly RequestHead[] = [
    headOf('http://b.test/', first),
    { ...first, webSocketKey: 'dGhlIHNhbXBsZSBub25jZQ==' },
    { ...first, length: 5, framed: true },
    { ...first, hopNames: ['x-a'] },
  ];
  for (const other of others) {
    const requests = new RequestWriter();
    const before = requests.text(first, client, false, false);
    const text = requests.text(other, client, false, false);
    assert.equal(text, new RequestWriter().text(other, client, false, false));
    assert.notEqual(text, before);
    assert.equal(requests.text(same, client, false, false), before.replace('/ ', '/other '));
  }
});
