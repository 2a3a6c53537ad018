import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { closeFile, openBelow } from './open.ts';

function scratch(t: TestContext): string {
  const dir = mkdtempSync(join(tmpdir(), 'holdfast-open-'));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

function link(dir: string, name: string, to: string): void {
  symlinkSync(to, join(dir, 'next'));
  renameSync(join(dir, 'next'), join(dir, name));
}

async function kindOf(root: string, ...segments: string[]): Promise<string> {
  const found = await openBelow(root, segments);
  if (typeof found !== 'object') return found ?? 'nothing';
  closeFile(found.fd);
  return 'file';
}

test('a root that is a link may lead elsewhere at any moment, and no file is missed', async (t) => {
  const dir = scratch(t);
  for (const name of ['a', 'b']) {
    mkdirSync(join(dir, name));
    writeFileSync(join(dir, name, 'index.html'), name);
  }
  link(dir, 'current', 'a');
  let looks = 100;
  const looking = (async () => {
    for (; looks > 0; looks--) assert.equal(await kindOf(join(dir, 'current'), 'index.html'), 'file');
  })().finally(() => {
    looks = 0;
  });
  for (let i = 0; looks > 0; i++) {
    link(dir, 'current', i % 2 === 0 ? 'b' : 'a');
    await new Promise((resolve) => setImmediate(resolve));
  }
  await looking;
});

test('a directory on the way that becomes a link leads nowhere', async (t) => {
  const dir = scratch(t);
  mkdirSync(join(dir, 'root'));
  mkdirSync(join(dir, 'real'));
  mkdirSync(join(dir, 'outside'));
  writeFileSync(join(dir, 'real', 'x'), 'ours');
  writeFileSync(join(dir, 'outside', 'x'), 'SECRET');
  const way = join(dir, 'root', 'way');
  for (let i = 0; i < 200; i++) {
    rmSync(way, { recursive: true, force: true });
    mkdirSync(way);
    writeFileSync(join(way, 'x'), 'ours');
    const opening = openBelow(join(dir, 'root'), ['way', 'x']);
    if (i % 2 === 1) await new Promise((resolve) => setImmediate(resolve));
    rmSync(way, { recursive: true });
    symlinkSync('../outside', way);
    const found = await opening;
    if (typeof found !== 'object') continue;
    closeFile(found.fd);
    assert.equal(found.stats.size, 4);
  }
});

test('what is no file is told, or is not there', { skip: process.platform === 'win32' }, async (t) => {
  const dir = scratch(t);
  mkdirSync(join(dir, 'sub'));
  assert.equal(await kindOf(dir, 'sub'), 'directory');
  assert.equal(await kindOf(dir, 'none'), 'nothing');
  assert.equal(await kindOf(join(dir, 'none'), 'x'), 'nothing');
  symlinkSync('/dev/zero', join(dir, 'zero'));
  assert.equal(await kindOf(dir, 'zero'), 'nothing');
});
