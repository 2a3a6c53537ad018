import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import type { WantedModule } from './wanted.cts';

const { hostsAgree, hostsCollide, isWithin, wantedAddress }: WantedModule = createRequire(import.meta.url)(
  './wanted.cjs',
);

test('a TCP listen on a named port is read in every form', () => {
  const none = () => {};
  const { signal } = new AbortController();
  const forms: [unknown[], object][] = [
    [[3000], { port: 3000 }],
    [['3000'], { port: 3000 }],
    [['0xbb8'], { port: 3000 }],
    [[3000, none], { port: 3000, callback: none }],
    [[3000, '::1', 9, none], { port: 3000, host: '::1', backlog: 9, callback: none }],
    [[3000, 9, none], { port: 3000, backlog: 9, callback: none }],
    [[3000, undefined, 9], { port: 3000, backlog: 9 }],
    [[3000, null, none], { port: 3000, callback: none }],
    [[3000, ''], { port: 3000 }],
    [
      [{ port: 3000, host: 'a', backlog: 9, signal }, none],
      { port: 3000, host: 'a', backlog: 9, signal, callback: none },
    ],
  ];
  for (const [args, expected] of forms) {
    const defaults = {
      host: null,
      address: null,
      backlog: undefined,
      signal: undefined,
      callback: undefined,
    };
    assert.deepEqual(wantedAddress(args), { ...defaults, ...expected });
  }
});

test('everything else is for Node', () => {
  const others: unknown[][] = [
    [],
    [() => {}],
    [0],
    ['0'],
    [null],
    [undefined, () => {}],
    [{}],
    [{ port: 0 }],
    [{ port: undefined }],
    [{ fd: 3 }],
    [{ fd: 3, port: 3000 }],
    [{ path: '/run/app.sock' }],
    [{ _handle: {} }],
    [{ handle: {}, port: 3000 }],
    ['/run/app.sock'],
    ['3000x'],
    [' '],
    [-1],
    [65536],
    [1.5],
    [Number.NaN],
    [true],
    [{ port: true }],
    [{ port: 3000, host: 5 }],
    [{ port: 3000, signal: 'no signal' }],
  ];
  for (const args of others) assert.equal(wantedAddress(args), null, JSON.stringify(args));
});

test('when a socket is what the app means', () => {
  const every = [null, '::', '0.0.0.0'];
  for (const asked of every) for (const bound of every) assert.equal(hostsAgree(asked, bound), true);
  const agree: [string | null, string | null, boolean][] = [
    ['127.0.0.1', '127.0.0.1', true],
    ['FE80::1', 'fe80::1', true],
    ['localhost', '127.0.0.1', true],
    ['localhost', '::1', true],
    ['127.0.0.1', 'localhost', false],
    ['127.0.0.1', '::1', false],
    ['127.0.0.1', null, false],
    [null, '127.0.0.1', false],
    ['localhost', null, false],
  ];
  for (const [asked, bound, expected] of agree)
    assert.equal(hostsAgree(asked, bound), expected, `${asked} ${bound}`);
});

test('when a wider socket has what the app asks for in it', () => {
  const within: [string | null, string | null, boolean][] = [
    ['127.0.0.1', null, true],
    ['::1', null, true],
    ['localhost', '::', true],
    ['127.0.0.1', '0.0.0.0', true],
    ['::1', '0.0.0.0', false],
    [null, null, false],
    ['127.0.0.1', '127.0.0.1', false],
    ['127.0.0.1', '10.0.0.1', false],
  ];
  for (const [asked, bound, expected] of within)
    assert.equal(isWithin(asked, bound), expected, `${asked} ${bound}`);
});

test('when the kernel would refuse a second bind', () => {
  assert.equal(hostsCollide(null, '127.0.0.1'), true);
  assert.equal(hostsCollide('127.0.0.1', '0.0.0.0'), true);
  assert.equal(hostsCollide('localhost', '127.0.0.1'), true);
  assert.equal(hostsCollide('127.0.0.1', '::1'), false);
});
