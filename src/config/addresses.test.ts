import assert from 'node:assert/strict';
import { test } from 'node:test';
import { canonicalHost, canonicalPrefix, listenAddress, peer } from './addresses.ts';
import { Refusal } from './kinds.ts';

function refusal(result: unknown): string {
  assert.ok(result instanceof Refusal, `"${String(result)}" should have been refused`);
  return result.text;
}

test('hosts are taken in any case and script, and kept as requests name them', () => {
  assert.equal(canonicalHost('Example.COM'), 'example.com');
  assert.equal(canonicalHost('*.Example.com'), '*.example.com');
  assert.equal(canonicalHost('*'), '*');
  assert.equal(canonicalHost('localhost'), 'localhost');
  assert.equal(canonicalHost('192.168.0.1'), '192.168.0.1');
  assert.equal(canonicalHost('::1'), '[::1]');
  assert.equal(canonicalHost('[::1]'), '[::1]');
  assert.equal(canonicalHost('bücher.example'), 'xn--bcher-kva.example');
});

test('what is no host is refused, with what would be right', () => {
  assert.match(refusal(canonicalHost('https://example.com/a')), /such as "example.com"/);
  assert.match(refusal(canonicalHost('example.com:8080')), /without a port, such as "example.com"/);
  for (const host of [
    '',
    ' ',
    'a b',
    'a..b',
    '-a.com',
    'a.com.',
    '*.*.com',
    '*.',
    'a*.com',
    'x%41.com',
    'a_é\0.com',
    `${'a'.repeat(64)}.com`,
  ]) {
    refusal(canonicalHost(host));
  }
});

test('prefixes have one form', () => {
  assert.equal(canonicalPrefix('/'), '/');
  assert.equal(canonicalPrefix('/a%7eb/%c3%a9'), '/a~b/%C3%A9');
  assert.equal(canonicalPrefix('/é x'), '/%C3%A9%20x');
  assert.equal(canonicalPrefix('/a%2fb'), '/a%2Fb');
  assert.equal(canonicalPrefix('/a|b[1]'), '/a|b[1]', 'the edge leaves these as browsers send them');
  for (const prefix of [
    '',
    'a',
    '*',
    '/a?b',
    '/a#b',
    '/a/../b',
    '/./a',
    '/%2e%2e/a',
    '/..;/a',
    '//a',
    '/a\\b',
    '/a%00',
    '/a%zz',
    '/a\n',
    '/\ud800',
  ]) {
    refusal(canonicalPrefix(prefix));
  }
});

test('addresses to listen on', () => {
  const read = (input: number | string): unknown => listenAddress.safeParse(input).data;
  assert.deepEqual(read(80), { host: null, port: 80 });
  assert.deepEqual(read('80'), { host: null, port: 80 });
  assert.deepEqual(read('*:80'), { host: null, port: 80 });
  assert.deepEqual(read('127.0.0.1:8080'), { host: '127.0.0.1', port: 8080 });
  assert.deepEqual(read('[::1]:8080'), { host: '::1', port: 8080 });
  assert.deepEqual(read('Localhost:8080'), { host: 'localhost', port: 8080 });
  for (const wrong of [
    0,
    65536,
    1.5,
    '',
    'x',
    ':80',
    'a:b',
    'a:0',
    '::1:80',
    'a b:80',
    'http://a:80',
    '1:2:3',
  ]) {
    assert.equal(read(wrong), undefined, String(wrong));
  }
});

test('peers are addresses or networks', () => {
  for (const right of ['10.0.0.1', '10.0.0.0/8', '::1', 'fd00::/8'])
    assert.equal(peer.safeParse(right).data, right);
  for (const wrong of [
    '',
    'a',
    '10.0.0.0/33',
    '10.0.0.0/',
    '10.0.0/8',
    'fe80::1%eth0',
    '::/129',
    '1.1.1.1/8/8',
  ]) {
    assert.equal(peer.safeParse(wrong).success, false, wrong);
  }
});
