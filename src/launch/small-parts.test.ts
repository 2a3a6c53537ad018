import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { cleanup } from '../../test/support/cleanup.ts';
import { requireProgram, unavailable } from '../../test/support/programs.ts';
import { tempDir } from '../../test/support/temp-dir.ts';
import { findAccount, findGroup, parseAccount, parseGroup } from './accounts.ts';
import { parseHardLimit } from './machine.ts';
import { permissionArgs } from './permissions.ts';
import { readSecrets } from './secrets.ts';
import { isForSlot, slotPort } from './slot-port.ts';

test('accounts are found by name and by number', () => {
  const line = 'www:x:33:34:www,,,:/var/www:/usr/sbin/nologin';
  const www = { name: 'www', uid: 33, gid: 34, home: '/var/www', shell: '/usr/sbin/nologin' };
  assert.deepEqual(parseAccount(line, 'www'), www);
  assert.deepEqual(parseAccount(line, '33'), www);
  assert.equal(parseAccount(line, '34'), undefined);
  assert.equal(parseAccount('+::::::', ''), undefined);
  assert.deepEqual(parseAccount('x:x:5:5:::', 'x'), {
    name: 'x',
    uid: 5,
    gid: 5,
    home: '/',
    shell: '/bin/sh',
  });
  assert.deepEqual(parseGroup('adm:x:4:syslog', 'adm'), { gid: 4 });
  assert.equal(findAccount('root')?.uid, 0);
  assert.equal(findAccount('0')?.name, 'root');
  assert.deepEqual(findAccount('54321'), { name: null, uid: 54_321, gid: null, home: '/', shell: '/bin/sh' });
  assert.equal(findAccount('no-such-user-here'), undefined);
  assert.equal(findGroup('54321'), 54_321);
  assert.equal(findGroup('no-such-group-here'), undefined);
});

test('hard limits are read by their names', () => {
  const text = [
    'Limit                     Soft Limit           Hard Limit           Units     ',
    'Max open files            1024                 524288               files     ',
    'Max cpu time              unlimited            unlimited            seconds   ',
  ].join('\n');
  assert.equal(parseHardLimit(text, 'nofile'), 524_288);
  assert.equal(parseHardLimit(text, 'cpu'), 'unlimited');
  assert.equal(parseHardLimit(text, 'stack'), undefined);
});

test('secrets are the contents of files, without the last line end', (t) => {
  const dir = tempDir(t);
  const file = (name: string, text: string | Buffer) => {
    writeFileSync(join(dir, name), text);
    return join(dir, name);
  };
  assert.deepEqual(
    readSecrets(
      {
        A: file('a', 'one\n'),
        B: file('b', ' two \r\n'),
        C: file('c', 'x\ny\n\n'),
        D: file('d', ''),
      },
      null,
    ),
    { A: 'one', B: ' two ', C: 'x\ny\n', D: '' },
  );
  symlinkSync(join(dir, 'a'), join(dir, 'link'));
  assert.deepEqual(readSecrets({ A: join(dir, 'link') }, null), { A: 'one' });
});

test('a secret that cannot be read says which and why, and never what', (t) => {
  const dir = tempDir(t);
  mkdirSync(join(dir, 'sub'));
  writeFileSync(join(dir, 'zero'), 'hush\0hush');
  writeFileSync(join(dir, 'large'), 'hush'.repeat(50_000));
  const why = (name: string) => {
    try {
      readSecrets({ TOKEN: join(dir, name) }, null);
      return '';
    } catch (error) {
      return String(error);
    }
  };
  assert.match(why('none'), /cannot read the secret "TOKEN" from ".*none": there is no such file \(ENOENT\)/);
  assert.match(why('sub'), /it is not a file/);
  assert.match(why('zero'), /it holds a zero byte/);
  assert.match(why('large'), /more than 100 KB/);
  assert.doesNotMatch(why('zero') + why('large'), /hush/);
});

test('a FIFO in the place of a secret keeps nobody waiting', (t) => {
  if (!requireProgram(t, 'mkfifo')) return;
  const fifo = join(tempDir(t), 'fifo');
  execFileSync('mkfifo', [fifo]);
  assert.throws(() => readSecrets({ TOKEN: fifo }, null), /it is not a file/);
});

test('the user of an app gets by a link no secret that it may not read', (t) => {
  if (process.getuid?.() !== 0) {
    unavailable(t, 'reading what a user may not read needs root');
    return;
  }
  // Not below /tmp, where all may write.
  const dir = mkdtempSync('/opt/t-');
  chmodSync(dir, 0o755);
  cleanup(t, () => rmSync(dir, { recursive: true, force: true }));
  const [roots, theirs] = [join(dir, 'roots'), join(dir, 'theirs')];
  for (const path of [roots, theirs]) mkdirSync(path);
  chownSync(theirs, 12_345, 12_345);
  const account = { name: 'ann', uid: 12_345, gid: 12_345, home: theirs, shell: '/bin/sh' };
  const read = (file: string) => readSecrets({ TOKEN: file }, { account, gid: 12_345 }).TOKEN;
  const secret = join(roots, 'secret');
  writeFileSync(secret, 'hush', { mode: 0o600 });
  // The configuration may name what only root can read.
  assert.equal(read(secret), 'hush');
  symlinkSync('secret', join(roots, 'link'));
  assert.equal(read(join(roots, 'link')), 'hush');
  symlinkSync(secret, join(theirs, 'link'));
  assert.throws(() => read(join(theirs, 'link')), /the user "ann" may not read it/);
  // Also when root has linked to it, and when a directory is the link.
  symlinkSync(join(theirs, 'link'), join(roots, 'indirect'));
  assert.throws(() => read(join(roots, 'indirect')), /may not read it/);
  symlinkSync(roots, join(theirs, 'dir'));
  assert.throws(() => read(join(theirs, 'dir', 'secret')), /may not read it/);
  chmodSync(secret, 0o640);
  chownSync(secret, 0, 12_345);
  assert.equal(read(join(theirs, 'link')), 'hush');
  chmodSync(roots, 0o700);
  assert.throws(() => read(join(theirs, 'link')), /may not read it/, 'it may not even enter the directory');
  writeFileSync(join(theirs, 'own'), 'mine', { mode: 0o600 });
  assert.throws(() => read(join(theirs, 'own')), /may not read it/);
  chownSync(join(theirs, 'own'), 12_345, 12_345);
  assert.equal(read(join(theirs, 'own')), 'mine');
});

const none = { fsRead: [], fsWrite: [], net: true, childProcess: false, worker: false, addons: false };
const paths = { own: ['/srv/app'], read: [], write: [] };

test('permissions are said in the words of each Node', () => {
  const first = (version: string) => permissionArgs(none, version, paths)[0];
  const names = ['20.20.2', '22.12.0', '22.13.0', '23.4.0', '23.5.0', '24.0.0', '26.1.0'].map(first);
  const [old, stable] = ['--experimental-permission', '--permission'];
  assert.deepEqual(names, [old, old, stable, old, stable, stable, stable]);
  assert.equal(permissionArgs(none, '24.9.0', paths).includes('--allow-net'), false);
  assert.equal(permissionArgs(none, '26.0.0', paths).includes('--allow-net'), true);
  assert.equal(permissionArgs({ ...none, net: false }, '26.0.0', paths).includes('--allow-net'), false);
});

test('its own directory and the packages above it may be read; what is written may be read as well', () => {
  const plan = { ...none, fsRead: ['/etc/ssl/*'], fsWrite: ['/srv/uploads/*'], worker: true };
  assert.deepEqual(permissionArgs(plan, '24.0.0', paths), [
    '--permission',
    '--allow-fs-read=/srv/app/*',
    '--allow-fs-read=/srv/node_modules/*',
    '--allow-fs-read=/srv/package.json',
    '--allow-fs-read=/etc/ssl/*',
    '--allow-fs-read=/srv/uploads/*',
    '--allow-fs-write=/srv/uploads/*',
    '--allow-worker',
  ]);
});

test('no path is said that another one includes', () => {
  const plan = { ...none, fsRead: ['/srv/app/data', '/srv/app/*', '/srv/app', '/srv/apple'] };
  const read = permissionArgs(plan, '20.20.0', {
    own: ['/srv/app', '/srv/app/current'],
    read: [],
    write: [],
  });
  assert.deepEqual(
    read.filter((arg) => arg.startsWith('--allow-fs-read=/srv/app')),
    ['--allow-fs-read=/srv/app/*', '--allow-fs-read=/srv/apple'],
  );
});

test('with portStep each slot has its port, and only the sockets that are not of others', () => {
  const plan = { port: 3000, portStep: 2, instances: 3 };
  assert.deepEqual(
    [0, 1, 2].map((slot) => slotPort(plan, slot)),
    [3000, 3002, 3004],
  );
  const ports = [3000, 3002, 3004, 3006, 9229];
  assert.deepEqual(
    ports.filter((port) => isForSlot(plan, 1, port)),
    [3002, 3006, 9229],
  );
  assert.deepEqual(
    ports.filter((port) => isForSlot({ ...plan, portStep: 0 }, 1, port)),
    ports,
  );
  assert.equal(slotPort({ port: null, portStep: 2 }, 1), null);
});
