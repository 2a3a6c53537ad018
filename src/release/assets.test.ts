import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { tempDir } from '../../test/support/temp-dir.ts';
import { carryAssets } from './assets.ts';

test('hashed files of earlier releases stay reachable, those of the same name are the new ones', (t) => {
  const root = tempDir(t);
  const release = (id: string, files: Record<string, string>) => {
    const dir = join(root, id);
    mkdirSync(join(dir, 'public/assets/deep'), { recursive: true });
    for (const [name, text] of Object.entries(files)) writeFileSync(join(dir, 'public/assets', name), text);
    return dir;
  };
  const oldest = release('1', { 'app.1.js': '1', 'index.html': 'old' });
  const old = release('2', { 'app.2.js': '2', 'deep/x.2.css': 'x', 'index.html': 'old' });
  symlinkSync('/etc/passwd', join(old, 'public/assets/link'));
  const next = release('3', { 'app.3.js': '3', 'index.html': 'new' });
  assert.equal(carryAssets(next, [old, oldest], ['public/assets', 'missing']), 3);
  const names = readdirSync(join(next, 'public/assets'), { recursive: true }).sort();
  assert.deepEqual(names, ['app.1.js', 'app.2.js', 'app.3.js', 'deep', 'deep/x.2.css', 'index.html']);
  assert.equal(readFileSync(join(next, 'public/assets/index.html'), 'utf8'), 'new');
});
