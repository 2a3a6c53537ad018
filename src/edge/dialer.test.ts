import assert from 'node:assert/strict';
import { once } from 'node:events';
import net, { type LookupFunction } from 'node:net';
import { test } from 'node:test';
import tls from 'node:tls';
import { pem, testCa } from '../../test/support/certificates.ts';
import { Dialer } from './dialer.ts';
import { Wire } from './wire.ts';

const ADDRESSES = ['127.0.0.1', '::1', '127.0.0.2', '127.0.0.3'];
const lookup: LookupFunction = (_name, _options, callback) =>
  callback(
    null,
    ADDRESSES.map((address) => ({ address, family: net.isIP(address) })),
  );

test('where a name has several addresses the next one is asked when one refuses', async (t) => {
  const said = (socket: net.Socket) => socket.end('here');
  const plain = net.createServer(said);
  const secure = tls.createServer({ cert: pem('a.test.pem'), key: pem('a.test.key') }, said);
  for (const server of [plain, secure]) {
    server.listen(0, '127.0.0.3');
    await once(server, 'listening');
    t.after(() => server.close());
    const address = { host: 'several.test', port: (server.address() as net.AddressInfo).port };
    const target = { id: 'x', address, guest: false, state: 'ready' } as const;
    const dialer = new Dialer(
      server === secure ? { ...target, tls: { serverName: 'a.test', ca: testCa } } : target,
      'http/1.1',
      lookup,
    );
    const got: string[] = [];
    const user = {
      onBytes: (buffer: Buffer, from: number, to: number) => got.push(buffer.toString('latin1', from, to)),
    };
    const ended = new Promise<void>((resolve) => {
      const wire = Wire.connect(dialer, '', {
        ...user,
        onConnect: () => got.push('connected'),
        onEnd: () => wire.end(),
        onDrain: () => {},
        onClose: () => resolve(),
      });
    });
    await ended;
    assert.deepEqual(got, ['connected', 'here']);
  }
});
