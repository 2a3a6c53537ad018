import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Forwarder, plainIp, Trust } from './forwarded.ts';
import { parseRequestHead, type RequestHead } from './http1/request-head.ts';

function head(fields: string): RequestHead {
  const text = `GET / HTTP/1.1\r\nHost: a.test\r\n${fields}`;
  const parsed = parseRequestHead(`${text}\r\n`, text.length - 2);
  assert.ok(!('reason' in parsed));
  return parsed;
}

const peer = { ip: '10.0.0.1', port: 5000, scheme: 'http', localPort: 80 } as const;

test('trust knows addresses and blocks of both families', () => {
  const trust = new Trust(['10.0.0.0/8', '192.0.2.7', 'fd00::/8', 'nonsense', '']);
  for (const ip of ['10.9.9.9', '192.0.2.7', 'fd12::1']) assert.equal(trust.includes(ip), true, ip);
  for (const ip of ['11.0.0.1', '192.0.2.8', 'fe80::1', '', 'x']) assert.equal(trust.includes(ip), false, ip);
  assert.equal(new Trust([]).includes('10.0.0.1'), false);
});

test('an IPv4 client is one however its socket says it', () => {
  assert.equal(plainIp('::ffff:1.2.3.4'), '1.2.3.4');
  assert.equal(plainIp('::1'), '::1');
});

test('without trust everything is said by the edge, and remembered for the same host', () => {
  const forwarder = new Forwarder(peer, new Trust([]));
  const client = forwarder.describe(head('X-Forwarded-For: 6.6.6.6\r\n'));
  assert.deepEqual(
    [client.ip, client.scheme, client.guestLine],
    ['10.0.0.1', 'http', 'X-Holdfast-Client: 10.0.0.1 5000 http\r\n'],
  );
  assert.doesNotMatch(client.lines, /6\.6\.6\.6/);
  assert.equal(forwarder.describe(head('')), client);
});

test('an IPv6 client is quoted in Forwarded', () => {
  const { lines } = new Forwarder({ ...peer, ip: '::1' }, new Trust([])).describe(head(''));
  assert.match(lines, /X-Forwarded-For: ::1\r\n/);
  assert.match(lines, /Forwarded: for="\[::1\]";host="a\.test";proto=http\r\n/);
});

test('the client is the nearest hop that is not a trusted proxy', () => {
  const forwarder = new Forwarder(peer, new Trust(['10.0.0.0/8']));
  const clientOf = (chain: string) => forwarder.describe(head(`X-Forwarded-For: ${chain}\r\n`)).ip;
  assert.equal(clientOf('6.6.6.6, 9.9.9.9, 10.0.0.3'), '9.9.9.9');
  assert.equal(clientOf('10.0.0.3'), '10.0.0.3');
  assert.equal(clientOf('9.9.9.9, unknown, 10.0.0.3'), '10.0.0.3');
  assert.equal(clientOf(''), '10.0.0.1');
});

test('what a trusted proxy says badly is said by the edge', () => {
  const forwarder = new Forwarder(peer, new Trust(['10.0.0.0/8']));
  const { lines, scheme } = forwarder.describe(
    head('X-Forwarded-Proto: https, gopher\r\nX-Forwarded-Host: a b\r\nX-Forwarded-Port: x\r\n'),
  );
  assert.equal(scheme, 'http');
  assert.match(lines, /X-Forwarded-Host: a\.test\r\nX-Forwarded-Port: 80\r\n/);
});
