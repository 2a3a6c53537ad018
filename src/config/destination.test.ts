import assert from 'node:assert/strict';
import { test } from 'node:test';
import { destination, parseDestination } from './destination.ts';

test('requests go to apps and to servers, in one form', () => {
  const read = (input: string): unknown => destination.safeParse(input).data;
  const server = (url: string, host: string, port: number, tlsHost: string | null = null) => ({
    kind: 'server',
    url,
    address: { host, port },
    tlsHost,
  });
  assert.deepEqual(read('web'), { kind: 'app', app: 'web' });
  assert.deepEqual(read('http://127.0.0.1:3000'), server('http://127.0.0.1:3000', '127.0.0.1', 3000));
  assert.deepEqual(read('http://Backend/'), server('http://backend:80', 'backend', 80));
  assert.deepEqual(read('http://[::1]:3000'), server('http://[::1]:3000', '::1', 3000));
  assert.deepEqual(read('http://my_app.local.:80'), server('http://my_app.local.:80', 'my_app.local.', 80));
  assert.deepEqual(read('http://bücher'), server('http://xn--bcher-kva:80', 'xn--bcher-kva', 80));
  assert.deepEqual(read('HTTPS://Cluster'), server('https://cluster:443', 'cluster', 443, 'cluster'));
  assert.deepEqual(read('https://[::1]'), server('https://[::1]:443', '::1', 443, '::1'));
  const socket = { kind: 'server', url: 'unix:/run/a.sock', address: { path: '/run/a.sock' }, tlsHost: null };
  for (const written of ['unix:/run/a.sock', 'unix:///run/a.sock', 'unix:/run/./x/../a.sock'])
    assert.deepEqual(read(written), socket, written);
});

test('what leads nowhere is refused, and a password is not printed', () => {
  const wrongs = [
    '',
    'ftp://a',
    'http://',
    'http://a:0',
    'http://a:99999',
    'http://a/path',
    'https://a?x',
    'http://u:p@a',
    'https://10.0.0.{',
    'http://a;b:80',
    'http://a..b',
    `http://${'a'.repeat(64)}`,
  ];
  for (const wrong of [
    ...wrongs,
    'unix:',
    'unix:a.sock',
    'unix:/',
    'unix:/a/',
    'unix://a',
    `unix:/${'a'.repeat(200)}`,
  ])
    assert.equal(destination.safeParse(wrong).success, false, wrong);
  assert.doesNotMatch(JSON.stringify(parseDestination('http://u:hush@a')), /hush/);
});
