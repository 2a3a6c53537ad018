import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { test } from 'node:test';
import { HoldfastError } from '../errors.ts';
import { Doors, describeAddress, mayHold, type OfferedHandle } from './doors.ts';
import { portOwner } from './port-owner.ts';

async function listener(t: { after(fn: () => void): void }, host?: string): Promise<number> {
  const server = net.createServer().listen(0, host);
  t.after(() => server.close());
  await once(server, 'listening');
  return (server.address() as net.AddressInfo).port;
}

async function freePort(): Promise<number> {
  const server = net.createServer().listen(0);
  await once(server, 'listening');
  const { port } = server.address() as net.AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

test('an open door is found, given out once, and closed', async () => {
  let changes = 0;
  const doors = new Doors([], () => changes++);
  const address = { host: null, port: await freePort() };
  const door = doors.open(address);
  assert.ok(door.fd > 2);
  assert.equal(doors.open(address), door);
  assert.equal(doors.find(address), door);
  doors.close(address);
  assert.equal(doors.find(address), undefined);
  assert.equal(changes, 2);
  doors.open(address);
  doors.close(address);
});

test('a taken port is an error that names who has it', async (t) => {
  const port = await listener(t);
  assert.throws(
    () => new Doors([], () => undefined).open({ host: null, port }),
    (error: unknown) => {
      assert.ok(error instanceof HoldfastError);
      assert.equal(error.code, 'PORT_TAKEN');
      if (process.platform === 'linux') assert.match(error.message, new RegExp(`\\(pid ${process.pid}\\)`));
      return true;
    },
  );
});

test('an address of another machine is an error that says so', () => {
  assert.throws(
    () => new Doors([], () => undefined).open({ host: '203.0.113.1', port: 8080 }),
    /EADDRNOTAVAIL|error/,
  );
});

test('an offered socket is held only where it really is, and not too many of an app', async (t) => {
  const server = net.createServer().listen(0, '127.0.0.1');
  t.after(() => server.close());
  await once(server, 'listening');
  const { port } = server.address() as net.AddressInfo;
  const { _handle: handle } = server as unknown as { _handle: OfferedHandle };
  const address = { host: '127.0.0.1', port };
  assert.ok(mayHold(address, handle, 0));
  assert.ok(!mayHold({ ...address, port: port === 443 ? 444 : 443 }, handle, 0));
  assert.ok(!mayHold({ ...address, host: null }, handle, 0));
  assert.ok(!mayHold({ ...address, host: '127.0.0.2' }, handle, 0));
  assert.ok(!mayHold(address, handle, 100));
  assert.ok(!mayHold(address, { fd: 0, close: () => undefined }, 0));
  const all = net.createServer().listen(0);
  t.after(() => all.close());
  await once(all, 'listening');
  const { _handle: wide } = all as unknown as { _handle: OfferedHandle };
  const { address: host, port: free } = all.address() as net.AddressInfo;
  assert.ok(mayHold({ host: host === '::' ? null : host, port: free }, wide, 0));
});

test('the owner of a port is found by IPv4 and IPv6 alike', {
  skip: process.platform !== 'linux',
}, async (t) => {
  for (const host of ['127.0.0.1', '::1']) {
    assert.equal(portOwner(await listener(t, host))?.pid, process.pid);
  }
  assert.equal(portOwner(await freePort()), undefined);
});

test('addresses are written as people type them', () => {
  assert.equal(describeAddress({ host: null, port: 80 }), '80');
  assert.equal(describeAddress({ host: '127.0.0.1', port: 80 }), '127.0.0.1:80');
  assert.equal(describeAddress({ host: '::1', port: 80 }), '[::1]:80');
});
