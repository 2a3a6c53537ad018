import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Ends } from './ends.ts';
import { readProxyHeader, SIGNATURE_V2 } from './read.ts';
import { proxyHeader } from './write.ts';

const four: Ends = { ip: '192.0.2.7', port: 56_324, localIp: '198.51.100.1', localPort: 443 };
const six: Ends = { ip: '2001:db8::7', port: 1, localIp: '2001:db8:0:1::2', localPort: 65_535 };

function read(text: string) {
  return readProxyHeader(Buffer.from(text, 'latin1'));
}

/** A header of version 2. */
function binary(command: number, kind: number, payload: Buffer): string {
  const head = Buffer.from([command, kind, payload.length >> 8, payload.length & 255]);
  return Buffer.concat([SIGNATURE_V2, head, payload]).toString('latin1');
}

test('what is written is read again, byte by byte', () => {
  for (const version of ['v1', 'v2'] as const) {
    for (const ends of [four, six]) {
      const header = proxyHeader(version, ends);
      for (let i = 0; i < header.length; i++)
        assert.equal(read(header.slice(0, i)), 'more', `${version} ${i}`);
      assert.deepEqual(read(`${header}GET / HTTP/1.1`), { ends, size: header.length });
    }
  }
});

test('the examples of the specification', () => {
  const line = 'PROXY TCP4 192.168.0.1 192.168.0.11 56324 443\r\n';
  const ends = { ip: '192.168.0.1', port: 56_324, localIp: '192.168.0.11', localPort: 443 };
  assert.deepEqual(read(`${line}GET / HTTP/1.1\r\n`), { ends, size: line.length });
  assert.equal(proxyHeader('v1', ends), line);
  assert.equal(
    Buffer.from(proxyHeader('v2', four), 'latin1').toString('hex'),
    '0d0a0d0a000d0a515549540a2111000cc0000207c6336401dc0401bb',
  );
});

test('a sender that speaks for itself, or does not know, leaves the peer in place', () => {
  const texts = [
    'PROXY UNKNOWN\r\n',
    'PROXY UNKNOWN ffff::1 ffff::2 1 2\r\n',
    binary(0x20, 0, Buffer.alloc(0)),
    // With addresses that are to be ignored, also such as nobody knows.
    binary(0x20, 0x11, Buffer.alloc(12)),
    binary(0x20, 0x44, Buffer.alloc(3)),
    binary(0x21, 0, Buffer.alloc(7)),
    binary(0x21, 0x31, Buffer.alloc(216)),
    proxyHeader('v1', undefined),
    proxyHeader('v2', undefined),
    proxyHeader('v1', { ...four, ip: '' }),
  ];
  for (const text of texts) assert.deepEqual(read(text), { ends: undefined, size: text.length });
});

test('what a sender adds behind the addresses is skipped', () => {
  const addresses = Buffer.from(proxyHeader('v2', four), 'latin1').subarray(16);
  const text = binary(0x21, 0x11, Buffer.concat([addresses, Buffer.from([4, 0, 3, 1, 2, 3])]));
  assert.deepEqual(read(`${text}x`), { ends: four, size: text.length });
  assert.equal(read(text.slice(0, -1)), 'more');
});

test('addresses of IPv4 within IPv6 are those of IPv4; two families become one', () => {
  const mapped = { ...four, ip: '::ffff:192.0.2.7', localIp: '::ffff:198.51.100.1' };
  for (const version of ['v1', 'v2'] as const) {
    const header = proxyHeader(version, mapped);
    assert.deepEqual(read(header), { ends: four, size: header.length });
    const mixed = { ...six, ip: four.ip };
    assert.deepEqual(read(proxyHeader(version, mixed)), {
      ends: mixed,
      size: proxyHeader(version, mixed).length,
    });
  }
});

test('anything else is malformed', () => {
  const bad = [
    'GET / HTTP/1.1\r\n',
    'proxy TCP4 1.2.3.4 5.6.7.8 1 2\r\n',
    'PROXY  TCP4 1.2.3.4 5.6.7.8 1 2\r\n',
    'PROXY TCP4 1.2.3.4 5.6.7.8 1 2\n',
    'PROXY TCP4 1.2.3.4 5.6.7.8 1 2 \r\n',
    'PROXY TCP4 1.2.3.4 5.6.7.8 1\r\n',
    'PROXY TCP4 1.2.3.4 5.6.7.8 01 2\r\n',
    'PROXY TCP4 1.2.3.4 5.6.7.8 1 65536\r\n',
    'PROXY TCP4 1.2.3.4 5.6.7.8 -1 2\r\n',
    'PROXY TCP4 1.2.3 5.6.7.8 1 2\r\n',
    'PROXY TCP4 01.2.3.4 5.6.7.8 1 2\r\n',
    'PROXY TCP4 ::1 ::2 1 2\r\n',
    'PROXY TCP6 1.2.3.4 5.6.7.8 1 2\r\n',
    'PROXY UDP4 1.2.3.4 5.6.7.8 1 2\r\n',
    'PROXY UNKNOWNX\r\n',
    `PROXY UNKNOWN ${'x'.repeat(100)}\r\n`,
    '\r\n\r\n\0\r\nQUIX',
    binary(0x22, 0x11, Buffer.alloc(12)),
    binary(0x11, 0x11, Buffer.alloc(12)),
    binary(0x21, 0x11, Buffer.alloc(11)),
    binary(0x21, 0x21, Buffer.alloc(35)),
    binary(0x21, 0x12, Buffer.alloc(12)),
    binary(0x21, 0x13, Buffer.alloc(12)),
    binary(0x20, 0, Buffer.alloc(60_000)),
  ];
  for (const text of bad) assert.equal(read(text), 'malformed', JSON.stringify(text));
});
