import assert from 'node:assert/strict';
import { once } from 'node:events';
import net, { type LookupFunction } from 'node:net';
import { test } from 'node:test';
import { Dialer } from './dialer.ts';

test('where a name has several addresses the next one is asked when one refuses', async (t) => {
  const server = net.createServer((socket) => socket.end('here'));
  server.listen(0, '127.0.0.3');
  await once(server, 'listening');
  t.after(() => server.close());
  const { port } = server.address() as net.AddressInfo;
  const lookup: LookupFunction = (_name, _options, callback) =>
    callback(
      null,
      ['127.0.0.1', '::1', '127.0.0.2', '127.0.0.3'].map((address) => ({
        address,
        family: net.isIP(address),
      })),
    );
  const target = { id: 'x', address: { host: 'several.test', port }, guest: false, state: 'ready' } as const;
  const got: string[] = [];
  const socket = new Dialer(target, 'http/1.1', lookup).dial('', {
    buffer: Buffer.alloc(10),
    callback: (size, buffer) => got.push(String(Buffer.from(buffer).subarray(0, size))) > 0,
  });
  await once(socket, 'end');
  socket.end();
  assert.deepEqual(got, ['here']);
});
