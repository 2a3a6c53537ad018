import assert from 'node:assert/strict';
import { test } from 'node:test';
import { canonicalAddress, isPublic, parseAuthority } from './address.ts';

test('addresses of this machine, its network and the metadata of clouds are not public, in any way of writing', () => {
  const inside = [
    ...['0.0.0.0', '10.1.2.3', '100.64.0.1', '127.0.0.1', '127.1.2.3', '169.254.169.254', '172.16.0.1'],
    ...['172.31.255.255', '192.168.1.1', '198.18.0.1', '224.0.0.1', '240.0.0.1', '255.255.255.255'],
    ...['::', '::1', 'fc00::1', 'fd00:ec2::254', 'fe80::1', 'ff02::1', '2001:db8::1', '2002:7f00:1::'],
    ...[
      '::ffff:127.0.0.1',
      '::ffff:a9fe:a9fe',
      '::ffff:10.0.0.1',
      '64:ff9b::7f00:1',
      '64:ff9b::169.254.169.254',
    ],
    ...['64:ff9b::1', '::7f00:1', 'no address', ''],
  ];
  assert.deepEqual(inside.filter(isPublic), []);
  const outside = [
    '1.1.1.1',
    '172.32.0.1',
    '100.128.0.1',
    '2606:4700::1111',
    '::ffff:1.1.1.1',
    '64:ff9b::101:101',
  ];
  assert.deepEqual(
    outside.filter((address) => !isPublic(address)),
    [],
  );
});

test('an address has one form', () => {
  assert.equal(canonicalAddress('::FFFF:7F00:1'), '127.0.0.1');
  assert.equal(canonicalAddress('2001:0DB8:0:0::1'), '2001:db8::1');
  assert.equal(canonicalAddress('fe80::1%eth0'), 'fe80::1');
});

test('an authority is a name or an address, and a port; nothing that two readers could take for different things', () => {
  assert.deepEqual(parseAuthority('API.Example.com.:443'), { host: 'api.example.com', port: 443 });
  assert.deepEqual(parseAuthority('example.com', 80), { host: 'example.com', port: 80 });
  assert.deepEqual(parseAuthority('[::FFFF:7F00:1]:80'), { host: '127.0.0.1', port: 80 });
  for (const text of [
    ...[
      'example.com',
      'example.com:0',
      'example.com:65536',
      'example.com:',
      ':443',
      'a b:1',
      'a@b:1',
      'a/b:1',
    ],
    ...[
      '2130706433:80',
      '0x7f000001:80',
      '127.1:80',
      '0177.0.0.1:80',
      '127.0.0.0x1:80',
      '::1:80',
      '[1.2.3.4]:80',
    ],
    ...[
      'exa%6dple.com:80',
      'example.com:80:80',
      'exämple.com:80',
      '-a.com:80',
      'a..b:80',
      `${'a'.repeat(64)}.com:1`,
    ],
  ]) {
    assert.equal(parseAuthority(text), undefined, text);
  }
});
