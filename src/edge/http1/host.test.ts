import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isHost, siteName } from './host.ts';

test('a host is a name or an address, with or without a port', () => {
  const hosts = [
    'a',
    'a.test',
    'A.Test.',
    'my_app',
    '127.0.0.1:80',
    'a.test:65535',
    '[::1]',
    '[2001:db8::1]:8080',
  ];
  for (const host of hosts) assert.equal(isHost(host), true, host);
});

test('anything else is no host', () => {
  const others = [
    '',
    '.',
    '.a',
    'a b',
    'a,b',
    'u@a',
    'a/b',
    'a:',
    'a:x',
    'a:65536',
    'a:80:80',
    '[::1',
    '[::1]x',
    '[1.2.3.4]',
    '[fe80::1%eth0]',
    '::1',
    'a\0',
    'a%20b',
    'é',
    `${'a'.repeat(300)}`,
  ];
  for (const host of others) assert.equal(isHost(host), false, host);
});

test('sites are looked up in lower case, without port and final dot', () => {
  assert.equal(siteName('A.Test.:8080'), 'a.test');
  assert.equal(siteName('[::1]:80'), '[::1]');
  assert.equal(siteName(''), '');
});
