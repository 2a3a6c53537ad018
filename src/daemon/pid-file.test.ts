import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { unavailable } from '../../test/support/programs.ts';
import { tempDir } from '../../test/support/temp-dir.ts';
import { pidFileOf, removePidFile, strangerIn, writePidFile } from './pid-file.ts';

const nobodyOfOurs = () => false;

test('each instance has its own, and removes only its own pid', (t) => {
  const path = join(tempDir(t), 'run', 'app.pid');
  assert.equal(pidFileOf({ pidFile: path, instances: 1 }, 0), path);
  assert.equal(pidFileOf({ pidFile: '/run/app.pid', instances: 2 }, 1), '/run/app-1.pid');
  writePidFile(path, 41);
  writePidFile(path, 42);
  assert.equal(readFileSync(path, 'utf8'), '42\n');
  assert.equal(statSync(path).mode & 0o777, 0o644);
  removePidFile(path, 41);
  assert.ok(existsSync(path));
  removePidFile(path, 42);
  assert.ok(!existsSync(path));
  removePidFile(join(path, 'no', 'directory'), 42);
});

test('a living stranger is found', (t) => {
  const path = join(tempDir(t), 'app.pid');
  assert.equal(strangerIn(path, nobodyOfOurs), undefined);
  writeFileSync(path, `${process.pid}\n`);
  assert.equal(strangerIn(path, nobodyOfOurs)?.pid, process.pid);
  assert.equal(
    strangerIn(path, () => true),
    undefined,
  );
});

test('a FIFO, a device or a link in its place is not read', (t) => {
  const dir = tempDir(t);
  const fifo = join(dir, 'fifo');
  execFileSync('mkfifo', [fifo]);
  assert.equal(strangerIn(fifo, nobodyOfOurs), undefined);
  symlinkSync('/dev/zero', join(dir, 'zero'));
  assert.equal(strangerIn(join(dir, 'zero'), nobodyOfOurs), undefined);
});

test('what the user of an app has put in the way leads root nowhere', (t) => {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) {
    unavailable(t, 'directories of others need Linux and root');
    return;
  }
  const dir = tempDir(t);
  const [theirs, ours] = [join(dir, 'theirs'), join(dir, 'ours')];
  for (const path of [theirs, ours]) mkdirSync(path);
  chownSync(theirs, 12_345, 12_345);
  // The file itself is a link: it is replaced.
  writeFileSync(join(ours, 'shadow'), 'secret');
  symlinkSync(join(ours, 'shadow'), join(theirs, 'app.pid'));
  writePidFile(join(theirs, 'app.pid'), 42);
  assert.equal(readFileSync(join(ours, 'shadow'), 'utf8'), 'secret');
  assert.equal(readFileSync(join(theirs, 'app.pid'), 'utf8'), '42\n');
  // Its directory is one.
  symlinkSync(ours, join(theirs, 'run'));
  assert.throws(() => writePidFile(join(theirs, 'run', 'app.pid'), 42), /ELOOP|ENOTDIR/);
  writeFileSync(join(ours, 'other.pid'), '42\n');
  removePidFile(join(theirs, 'run', 'other.pid'), 42);
  assert.deepEqual(readdirSync(ours).sort(), ['other.pid', 'shadow']);
  // Where root alone could have made it, a link is as good as any.
  symlinkSync(ours, join(dir, 'run'));
  writePidFile(join(dir, 'run', 'app.pid'), 42);
  assert.equal(readFileSync(join(ours, 'app.pid'), 'utf8'), '42\n');
  // What is made for it belongs to whom it is in.
  writePidFile(join(theirs, 'new', 'app.pid'), 42);
  assert.equal(statSync(join(theirs, 'new')).uid, 12_345);
});
