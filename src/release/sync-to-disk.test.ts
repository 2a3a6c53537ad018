import assert from 'node:assert/strict';
import { test } from 'node:test';
import { syncToDisk } from './sync-to-disk.ts';

test('the file system of the release is written, else all of them; a machine that cannot is no failure', async () => {
  const asked: string[] = [];
  const machine = (works: (line: string) => boolean) => async (file: string, args: string[]) => {
    asked.push([file, ...args].join(' '));
    if (!works(asked.at(-1) ?? '')) throw new Error('illegal option');
  };
  await syncToDisk(
    '/r',
    machine(() => true),
  );
  await syncToDisk(
    '/r',
    machine((line) => line === 'sync'),
  );
  await syncToDisk(
    '/r',
    machine(() => false),
  );
  assert.deepEqual(asked, ['sync -f /r', 'sync -f /r', 'sync', 'sync -f /r', 'sync']);
});
