import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { test } from 'node:test';
import tls from 'node:tls';
import fc from 'fast-check';
import { HELLO_MAX, readClientHello } from './client-hello.ts';

/** The first bytes that a client of Node sends. */
async function greeting(options: tls.ConnectionOptions): Promise<Buffer> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as net.AddressInfo;
  const client = tls.connect({ port, host: '127.0.0.1', ...options }).on('error', () => {});
  const [socket] = (await once(server, 'connection')) as [net.Socket];
  const [bytes] = (await once(socket, 'data')) as [Buffer];
  client.destroy();
  socket.destroy();
  server.close();
  return bytes;
}

/** The same message in records of `size` bytes. */
function inRecords(hello: Buffer, size: number): Buffer {
  const message = hello.subarray(5);
  const pieces: Buffer[] = [];
  for (let at = 0; at < message.length; at += size) {
    const piece = message.subarray(at, at + size);
    pieces.push(Buffer.from([22, 3, 1, piece.length >> 8, piece.length & 255]), piece);
  }
  return Buffer.concat(pieces);
}

const named = { servername: 'Example.COM', ALPNProtocols: ['h2', 'http/1.1'] };
const expected = { serverName: 'example.com', protocols: ['h2', 'http/1.1'] };

test('name and protocols are read', async () => {
  assert.deepEqual(readClientHello(await greeting(named)), expected);
  assert.deepEqual(readClientHello(await greeting({ maxVersion: 'TLSv1.2' })), {
    serverName: undefined,
    protocols: [],
  });
});

test('a greeting may come in any pieces and records', async () => {
  const hello = await greeting(named);
  for (let end = 0; end < hello.length; end++) assert.equal(readClientHello(hello.subarray(0, end)), 'more');
  for (const size of [150, 300]) assert.deepEqual(readClientHello(inRecords(hello, size)), expected);
  assert.deepEqual(readClientHello(Buffer.concat([hello, Buffer.from([22, 3, 3])])), expected);
});

test('what is something else is told from what is broken', () => {
  assert.equal(readClientHello(Buffer.from('GET / HTTP/1.1\r\n')), 'not-tls');
  assert.equal(readClientHello(Buffer.from([22, 3, 1, 0, 0])), 'malformed');
  assert.equal(readClientHello(Buffer.from([22, 3, 1, 0, 1, 2])), 'malformed');
  assert.equal(readClientHello(Buffer.from([22, 3, 1, 0, 4, 1, 255, 255, 255])), 'malformed');
});

test('no bytes do any harm', async () => {
  const hello = await greeting(named);
  const change = fc.tuple(fc.nat(hello.length - 1), fc.nat(255));
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), (changes) => {
      const bytes = Buffer.from(hello);
      for (const [at, byte] of changes) bytes[at] = byte;
      const read = readClientHello(bytes);
      assert.ok(typeof read === 'string' || Array.isArray(read.protocols));
    }),
    { numRuns: 2000 },
  );
  const huge = inRecords(Buffer.alloc(HELLO_MAX * 2, 1), 16_000);
  assert.equal(readClientHello(huge), 'malformed');
  assert.equal(readClientHello(inRecords(hello, 3)), 'malformed');
});
