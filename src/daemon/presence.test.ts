import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { closeSync, constants, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { tempDir } from '../../test/support/temp-dir.ts';
import { Presence, sayOnce } from './presence.ts';

function heard(fd: number): string {
  const buffer = Buffer.alloc(1000);
  try {
    return buffer.toString('utf8', 0, readSync(fd, buffer));
  } catch {
    return 'nothing yet'; // EAGAIN: somebody has it open
  }
}

test('who reads hears every word, and the end when the last one is gone', (t) => {
  const path = join(tempDir(t), 'alive');
  const presence = new Presence(path);
  presence.say('ready', 'before\nanybody reads');
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  assert.equal(heard(fd), 'nothing yet');
  presence.say('ready', '1 of 1\napps');
  sayOnce(path, 'attached');
  assert.equal(heard(fd), 'ready 1 of 1 apps\nattached\n');
  assert.equal(heard(fd), 'nothing yet');
  closeSync(presence.fd ?? assert.fail('it is open'));
  assert.equal(heard(fd), '');
  closeSync(fd);
});

test('where there can be none, nothing happens', (t) => {
  const presence = new Presence(join(tempDir(t), 'missing', 'alive'));
  assert.equal(presence.fd, null);
  presence.say('down');
  sayOnce('/nowhere/alive', 'attached');
  const fifo = join(tempDir(t), 'alive');
  execFileSync('mkfifo', [fifo]);
  sayOnce(fifo, 'attached');
});
