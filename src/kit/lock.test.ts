import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { takeLock } from './lock.ts';
import { bootId, identify } from './proc.ts';

function directory(t: { after(fn: () => void): void }): string {
  const dir = mkdtempSync(join(tmpdir(), 'holdfast-lock-'));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

test('the second to come is told who has the lock; after the release it can have it', (t) => {
  const dir = directory(t);
  const lock = takeLock(dir, 'daemon.lock');
  assert.ok('release' in lock);
  const second = takeLock(dir, 'daemon.lock');
  assert.ok('owner' in second);
  assert.equal(second.owner.pid, process.pid);
  lock.release();
  assert.ok('release' in takeLock(dir, 'daemon.lock'));
});

test('the lock of a dead process, of a stranger with its pid, of another boot, or a damaged one is overtaken', (t) => {
  const { startTime } = identify(process.pid) ?? {};
  const stale = [
    `${2 ** 22 - 1}:1:${bootId()}`,
    `${process.pid}:1:${bootId()}`,
    `${process.pid}:${startTime}:another`,
    'nonsense',
  ];
  const makers = [
    ...stale.map((owner) => (file: string) => symlinkSync(owner, file)),
    (file: string) => writeFileSync(file, ''),
  ];
  for (const make of makers) {
    const dir = directory(t);
    make(join(dir, 'daemon.lock.7'));
    assert.ok('release' in takeLock(dir, 'daemon.lock'));
    assert.deepEqual(readdirSync(dir), ['daemon.lock.8']);
  }
});

test('of many processes that find a stale lock at once, exactly one gets it', async (t) => {
  const dir = directory(t);
  symlinkSync(`${2 ** 22 - 1}:1:${bootId()}`, join(dir, 'daemon.lock.1'));
  const code = `
    const { takeLock } = await import(${JSON.stringify(new URL('./lock.js', import.meta.url).href)});
    process.stdout.write('release' in takeLock(${JSON.stringify(dir)}, 'daemon.lock') ? 'won' : 'lost');
    process.stdin.resume();
    process.stdin.on('end', () => process.exit());`;
  const children = Array.from({ length: 6 }, () =>
    spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: ['pipe', 'pipe', 'inherit'] }),
  );
  t.after(() => {
    for (const child of children) child.kill('SIGKILL');
  });
  const words = await Promise.all(
    children.map(async (child) => String((await once(child.stdout, 'data'))[0])),
  );
  assert.deepEqual(words.sort(), ['lost', 'lost', 'lost', 'lost', 'lost', 'won']);
  for (const child of children) child.stdin.end();
  await Promise.all(children.map((child) => once(child, 'exit')));
});
