/** HPACK, against node:http2 and against the examples of RFC 7541 appendix C. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import http2 from 'node:http2';
import net from 'node:net';
import { test } from 'node:test';
import fc from 'fast-check';
import { HpackDecoder } from './decoder.ts';
import { encodeField } from './encoder.ts';
import { decodeHuffman, encodeHuffman, huffmanLength } from './huffman.ts';

type Field = readonly [name: string, value: string];

function decode(decoder: HpackDecoder, bytes: Buffer): Field[] | undefined {
  const fields: Field[] = [];
  return decoder.decode(bytes, 0, bytes.length, (name, value) => fields.push([name, value]))
    ? fields
    : undefined;
}

const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex');
const bytesOf = (text: string) => Buffer.from(text, 'latin1');

test('the examples of RFC 7541 (C.4, C.6) with a table that grows and is evicted', () => {
  const requests = new HpackDecoder();
  const first = [
    [':method', 'GET'],
    [':scheme', 'http'],
    [':path', '/'],
    [':authority', 'www.example.com'],
  ];
  assert.deepEqual(decode(requests, hex('828684418cf1e3c2e5f23a6ba0ab90f4ff')), first);
  assert.deepEqual(decode(requests, hex('828684be5886a8eb10649cbf')), [
    ...first,
    ['cache-control', 'no-cache'],
  ]);
  assert.deepEqual(decode(requests, hex('828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf')), [
    [':method', 'GET'],
    [':scheme', 'https'],
    [':path', '/index.html'],
    [':authority', 'www.example.com'],
    ['custom-key', 'custom-value'],
  ]);
  const small = new HpackDecoder();
  assert.deepEqual(decode(small, hex('3fe101')), []);
  const answer = decode(
    small,
    hex(
      '488264025885aec3771a4b6196d07abe941054d444a8200595040b8166e082a62d1bff6e919d29ad171863c78f0b97c8e9ae82ae43d3',
    ),
  );
  assert.deepEqual(answer, [
    [':status', '302'],
    ['cache-control', 'private'],
    ['date', 'Mon, 21 Oct 2013 20:13:21 GMT'],
    ['location', 'https://www.example.com'],
  ]);
  assert.deepEqual(decode(small, hex('4883640effc1c0bf'))?.[0], [':status', '307']);
});

test('what is no header block is refused', () => {
  const bad = [
    '80', // index 0
    'be', // not in the table
    'ff80808080808001', // a number without end
    '3fe21f', // a table of 4097 bytes
    '8220', // its size changes behind a field
    '00', // no name
    '0001', // nor the text of one
    '000161', // no value
    '0001618100', // ... with a Huffman code that ends in zeros
    '00016184ffffffff', // EOS in the text
    '000161821fff', // more than seven bits of padding
    '7f', // an index that does not end
    '0001617f',
  ];
  for (const block of bad) assert.equal(decode(new HpackDecoder(), hex(block)), undefined, block);
});

test('an entry that is larger than the table empties it', () => {
  const decoder = new HpackDecoder();
  assert.ok(decode(decoder, hex('4001610162')));
  assert.ok(decode(decoder, hex('be')));
  const large = Buffer.concat([hex('400161 7f e11f'), Buffer.alloc(4192, 'x')]);
  assert.equal(decode(decoder, large)?.length, 1);
  assert.equal(decode(decoder, hex('be')), undefined);
});

test('whatever is written can be read again', () => {
  const text = fc.string({ unit: fc.nat(255).map((code) => String.fromCharCode(code)), maxLength: 60 });
  fc.assert(
    fc.property(text, (value) => {
      const coded = encodeHuffman(value);
      assert.equal(coded.length, huffmanLength(value));
      assert.equal(decodeHuffman(bytesOf(coded), 0, coded.length), value);
    }),
    { numRuns: 500 },
  );
  const names = fc.constantFrom(':status', 'date', 'set-cookie', 'x-own', 'vary', 'accept-encoding');
  fc.assert(
    fc.property(fc.array(fc.tuple(names, text)), (fields) => {
      const block = bytesOf(fields.map(([name, value]) => encodeField(name, value)).join(''));
      assert.deepEqual(decode(new HpackDecoder(), block), fields);
    }),
    { numRuns: 500 },
  );
  assert.equal(encodeField(':status', '200'), '\x88');
});

test('no bytes do any harm', () => {
  const decoder = new HpackDecoder();
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
      decode(decoder, Buffer.from(bytes));
    }),
    { numRuns: 3000 },
  );
});

/** The payloads of the HEADERS frames in what a client of Node sends. */
function* headerBlocks(bytes: Buffer): Generator<Buffer> {
  for (let at = 24; at + 9 <= bytes.length; ) {
    const length = bytes.readUIntBE(at, 3);
    const [type, flags = 0] = bytes.subarray(at + 3, at + 5);
    if (type === 1) yield bytes.subarray(at + 9 + (flags & 0x20 ? 5 : 0), at + 9 + length);
    at += 9 + length;
  }
}

test('blocks that node:http2 writes are read alike', async (t) => {
  const received: Buffer[] = [];
  const server = net.createServer((socket) => {
    socket.on('data', (chunk) => received.push(chunk)).on('error', () => {});
    // Empty SETTINGS.
    socket.write(hex('000000040000000000'));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const client = http2.connect(`http://127.0.0.1:${(server.address() as net.AddressInfo).port}`);
  client.on('error', () => {});
  t.after(() => {
    client.destroy();
    server.close();
  });
  const sent: Record<string, string>[] = [];
  for (let i = 0; i < 60; i++) {
    const fields = {
      ':path': `/${i % 7}`,
      'x-long': 'v'.repeat((i * 97) % 1500),
      'user-agent': `agent ${i % 3}`,
      'x-bytes': 'ü~|^{}',
    };
    sent.push(fields);
    client.request(fields).on('error', () => {});
  }
  let blocks: Buffer[] = [];
  while (blocks.length < sent.length) {
    await new Promise((resolve) => setTimeout(resolve, 5));
    blocks = [...headerBlocks(Buffer.concat(received))];
  }
  const decoder = new HpackDecoder();
  blocks.forEach((block, i) => {
    const fields = decode(decoder, block);
    const { ':path': path, 'x-long': long, 'user-agent': agent } = Object.fromEntries(fields ?? []);
    assert.deepEqual([path, long, agent], [sent[i]?.[':path'], sent[i]?.['x-long'], sent[i]?.['user-agent']]);
  });
});
