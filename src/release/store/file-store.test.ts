import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { smallDisk } from '../../../test/support/small-disk.ts';
import { tempDir } from '../../../test/support/temp-dir.ts';
import { asHoldfastError } from '../../errors.ts';
import { FakeClock } from '../../kit/clock.ts';
import { type TreeFile, treeOf } from '../tree.ts';
import { ABOUT_TO_BE_USED_MS, TREE_KEPT_MS } from './collect.ts';
import { createFileStore } from './file-store.ts';
import { isSealed } from './seal.ts';

const LATER = ABOUT_TO_BE_USED_MS + 60_000;

function fileOf(path: string, text: string, executable = false): TreeFile {
  const hash = createHash('sha256').update(text).digest('hex');
  return { kind: 'file', path, hash, executable, size: Buffer.byteLength(text) };
}

async function* bytes(...texts: string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield Buffer.from(text);
}

function put(dir: string, files: Readonly<Record<string, string>>): string {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, path)), { recursive: true });
    writeFileSync(join(dir, path), text);
  }
  return dir;
}

const refused = (pattern: RegExp) => (error: unknown) => {
  assert.equal(asHoldfastError(error).code, 'SOURCE_INVALID', String(error));
  assert.match(asHoldfastError(error).message, pattern);
  return true;
};

describe('the store', () => {
  test('what is the same in two directories is there once, read-only, whatever becomes of the store', async (t) => {
    const dir = tempDir(t);
    const store = createFileStore(join(dir, 'store'));
    for (const name of ['one', 'two']) {
      put(join(dir, name), { 'a.js': 'same', 'deep/b.js': 'same', 'run.sh': '#!/bin/sh' });
      chmodSync(join(dir, name, 'run.sh'), 0o750);
      symlinkSync('deep/b.js', join(dir, name, 'link'));
      symlinkSync('../shared', join(dir, name, 'out'));
    }
    const one = await store.absorb(join(dir, 'one'));
    const two = await store.absorb(join(dir, 'two'));
    assert.equal(one.hash, two.hash);
    const stats = lstatSync(join(dir, 'one/a.js'));
    assert.equal(stats.ino, lstatSync(join(dir, 'two/deep/b.js')).ino);
    assert.equal(stats.mode & 0o777, 0o444);
    assert.equal(lstatSync(join(dir, 'two/run.sh')).mode & 0o777, 0o555);
    assert.equal(readlinkSync(join(dir, 'two/link')), 'deep/b.js');
    assert.equal(one.entries.length, 5);
    rmSync(join(dir, 'store'), { recursive: true });
    assert.equal(readFileSync(join(dir, 'two/a.js'), 'utf8'), 'same');
  });

  test('copies may be changed, links and the store stay what they are', async (t) => {
    const dir = tempDir(t);
    const store = createFileStore(join(dir, 'store'));
    const tree = await store.absorb(put(join(dir, 'built'), { a: 'one' }), [], { copies: true });
    await store.materialise(tree, join(dir, 'linked'));
    await store.materialise(tree, join(dir, 'copied'), { copies: true });
    for (const name of ['built', 'copied']) {
      chmodSync(join(dir, name, 'a'), 0o644);
      writeFileSync(join(dir, name, 'a'), 'two');
    }
    assert.equal(readFileSync(join(dir, 'linked/a'), 'utf8'), 'one');
  });

  test('what had the file open cannot change the store', async (t) => {
    const dir = tempDir(t);
    const store = createFileStore(join(dir, 'store'));
    put(dir, { 'cache/a.js': 'good', 'app/b.js': '' });
    linkSync(join(dir, 'cache/a.js'), join(dir, 'app/a.js'));
    const tree = await store.absorb(join(dir, 'app'));
    writeFileSync(join(dir, 'cache/a.js'), 'evil');
    await store.materialise(tree, join(dir, 'new'));
    assert.equal(readFileSync(join(dir, 'new/a.js'), 'utf8'), 'good');
    assert.equal(readFileSync(join(dir, 'app/a.js'), 'utf8'), 'good');
  });

  test('a directory that is absorbed and made again is the same tree', async (t) => {
    const dir = tempDir(t);
    const store = createFileStore(join(dir, 'store'));
    const name = fc.stringMatching(/^[a-zäö .-]{0,3}[a-z]$/);
    const path = fc.array(name, { minLength: 1, maxLength: 3 }).map((parts) => parts.join('/'));
    const file = fc.record({ path, text: fc.string({ maxLength: 20 }), executable: fc.boolean() });
    const property = fc.asyncProperty(fc.array(file, { maxLength: 8 }), async (files) => {
      const from = mkdtempSync(join(dir, 'from-'));
      for (const { path, text, executable } of files) {
        try {
          put(from, { [path]: text });
        } catch {
          continue; // One is a directory that is a file of another.
        }
        chmodSync(join(from, path), executable ? 0o700 : 0o600);
      }
      const tree = await store.absorb(from);
      assert.equal(treeOf([...tree.entries].reverse()).hash, tree.hash);
      const to = join(mkdtempSync(join(dir, 'to-')), 'tree');
      await store.materialise(tree, to);
      assert.deepEqual(await createFileStore(join(dir, 'other')).absorb(to), tree);
    });
    await fc.assert(property, { numRuns: 12 });
  });

  test('takes only what is what it is said to be, and leaves nothing of the rest', async (t) => {
    const dir = tempDir(t);
    const store = createFileStore(dir);
    const file = fileOf('a', 'hello');
    for (const wrong of ['hallo', 'hell', 'hello!']) {
      await assert.rejects(
        store.add(file, bytes(wrong)),
        refused(/"a": its content is not what was announced/),
      );
    }
    assert.equal(store.has(file), false);
    assert.deepEqual(readdirSync(join(dir, 'tmp')), []);
    await Promise.all([store.add(file, bytes('hel', 'lo')), store.add(file, bytes('hello'))]);
    assert.equal(store.has(file), true);
    assert.deepEqual(
      store.missing(treeOf([file, fileOf('b', 'hello', true), fileOf('c', 'hello', true)])).length,
      1,
    );
  });

  test('a content that was changed gets into no release: it is taken again, and the time of its change does not hide it', async (t) => {
    const dir = tempDir(t);
    const store = createFileStore(join(dir, 'store'));
    const damages: Record<string, (file: string) => void> = {
      'shortened by a power cut': (file) => truncateSync(file, 2),
      'one byte, as root can write it': (file) => {
        chmodSync(file, 0o644);
        writeFileSync(file, 'hallo');
        chmodSync(file, 0o444);
      },
      'one byte, and dated back by whole seconds': (file) => {
        const { atimeMs, mtimeMs } = lstatSync(file);
        chmodSync(file, 0o644);
        writeFileSync(file, 'hallo');
        chmodSync(file, 0o444);
        utimesSync(file, atimeMs / 1000, Math.floor(mtimeMs / 1000));
      },
      'one byte, left writable': (file) => {
        const { atimeMs, mtimeMs } = lstatSync(file);
        chmodSync(file, 0o666);
        writeFileSync(file, 'hallo');
        utimesSync(file, atimeMs / 1000, mtimeMs / 1000);
      },
    };
    for (const [what, damage] of Object.entries(damages)) {
      const app = put(join(dir, what), { a: 'hello' });
      const tree = await store.absorb(app);
      store.saveTree('key', tree);
      assert.ok(store.loadTree('key'), what);
      damage(join(app, 'a'));
      assert.equal(store.loadTree('key'), null, what);
      await store.add(fileOf('a', 'hello'), bytes('hello'));
      assert.ok(store.loadTree('key'), what);
      await store.materialise(tree, join(app, 'new'));
      assert.equal(readFileSync(join(app, 'new/a'), 'utf8'), 'hello', what);
    }
  });

  test('a content with another mode or time is read once, and is what it was again', async (t) => {
    const dir = tempDir(t);
    const store = createFileStore(join(dir, 'store'));
    const app = put(join(dir, 'app'), { a: 'hello', 'run.sh': '#!' });
    chmodSync(join(app, 'run.sh'), 0o755);
    const tree = await store.absorb(app);
    for (const name of ['a', 'run.sh']) {
      chmodSync(join(app, name), 0o4777);
      utimesSync(join(app, name), 1, 1);
    }
    assert.deepEqual(store.missing(tree), []);
    await store.materialise(tree, join(dir, 'new'));
    assert.equal(lstatSync(join(dir, 'new/a')).mode & 0o7777, 0o444);
    assert.equal(lstatSync(join(dir, 'new/run.sh')).mode & 0o7777, 0o555);
    const [first] = tree.entries;
    assert.ok(first?.kind === 'file');
    assert.equal(isSealed(first, lstatSync(join(dir, 'new/a'))), true);
  });

  test('makes nothing outside of the directory, and over nothing that is there', async (t) => {
    const dir = tempDir(t);
    const store = createFileStore(join(dir, 'store'));
    const file = fileOf('a', 'hello');
    await store.add(file, bytes('hello'));
    const make = (...paths: string[]) =>
      store.materialise(treeOf(paths.map((path) => ({ ...file, path }))), join(dir, 'out'));
    await assert.rejects(make('../a'), refused(/"\.\.\/a": it must stay inside/));
    await assert.rejects(make('/a'), refused(/must be relative/));
    const behind = treeOf([
      { kind: 'link', path: 'l', target: '..' },
      { ...file, path: 'l/a' },
    ]);
    await assert.rejects(store.materialise(behind, join(dir, 'out')), refused(/lies behind "l"/));
    assert.equal(existsSync(join(dir, 'out')), false);
    await make('a', 'b/c');
    await assert.rejects(make('b/c'), refused(/has this name already/));
    await assert.rejects(
      store.materialise(treeOf([fileOf('z', 'nobody has this')]), join(dir, 'z')),
      refused(/not in the store/),
    );
  });

  test('names that are no text, and what is no file, are refused', async (t) => {
    const dir = tempDir(t);
    const store = createFileStore(join(dir, 'store'));
    const cases: [string | Buffer, RegExp][] = [
      ['a\nb', /line break/],
      ['a\\b', /backslash/],
      [Buffer.from([0x61, 0xff]), /UTF-8/],
    ];
    for (const [name, message] of cases) {
      const bad = join(dir, 'bad');
      mkdirSync(bad);
      const path = Buffer.concat([Buffer.from(`${bad}/`), Buffer.from(name)]);
      try {
        writeFileSync(path, '');
      } catch {
        continue; // macOS has no such names.
      } finally {
        if (!readdirSync(bad).length) rmSync(bad, { recursive: true });
      }
      await assert.rejects(store.absorb(bad), refused(message));
      rmSync(bad, { recursive: true });
    }
  });

  test('without: is left as it is', async (t) => {
    const dir = tempDir(t);
    const store = createFileStore(join(dir, 'store'));
    put(join(dir, 'app'), { 'node_modules/x/i.js': 'x', 'a/node_modules/i.js': 'y', 'b.js': 'b' });
    const tree = await store.absorb(join(dir, 'app'), ['node_modules/', 'a/node_modules']);
    assert.deepEqual(
      tree.entries.map(({ path }) => path),
      ['b.js'],
    );
    assert.equal(lstatSync(join(dir, 'app/node_modules/x/i.js')).nlink, 1);
  });
});

describe('collecting', () => {
  test('removes what has no other name, once nobody is about to use it', async (t) => {
    const dir = tempDir(t);
    const clock = new FakeClock(Date.now());
    const store = createFileStore(join(dir, 'store'), clock);
    await store.absorb(put(join(dir, 'kept'), { a: 'kept' }));
    const gone = await store.absorb(put(join(dir, 'gone'), { b: 'gone!' }));
    rmSync(join(dir, 'gone'), { recursive: true });
    assert.equal(await store.collect(), 0);
    clock.advance(LATER);
    assert.equal(store.missing(gone).length, 0);
    assert.equal(await store.collect(), 0, 'somebody has just asked for it');
    clock.advance(LATER);
    assert.equal(await store.collect(), 5);
    assert.equal(store.missing(gone).length, 1);
    assert.equal(readFileSync(join(dir, 'kept/a'), 'utf8'), 'kept');
  });

  test('a saved tree keeps its contents for 30 days from its last use, or as long as a release has them', async (t) => {
    const dir = tempDir(t);
    const clock = new FakeClock(Date.now());
    const store = createFileStore(join(dir, 'store'), clock);
    assert.equal(store.loadTree('k'), null);
    for (const name of ['used', 'unused']) {
      store.saveTree(name, await store.absorb(put(join(dir, name), { [name]: name })));
    }
    rmSync(join(dir, 'unused'), { recursive: true });
    clock.advance(TREE_KEPT_MS - 1000);
    assert.equal(await store.collect(), 0);
    const tree = store.loadTree('unused');
    assert.ok(tree);
    await store.materialise(tree, join(dir, 'again'));
    rmSync(join(dir, 'again'), { recursive: true });
    clock.advance(TREE_KEPT_MS + 1000);
    assert.equal(await store.collect(), 'unused'.length);
    assert.equal(store.loadTree('unused'), null);
    assert.ok(store.loadTree('used'));
    assert.equal(readdirSync(join(dir, 'store/trees')).length, 1);
    for (const file of readdirSync(join(dir, 'store/trees')))
      writeFileSync(join(dir, 'store/trees', file), '{"a":');
    assert.equal(store.loadTree('used'), null, 'damaged');
    await store.collect();
    assert.deepEqual(readdirSync(join(dir, 'store/trees')), []);
  });
});

describe('accidents', () => {
  const CHILD = `
    import { createFileStore } from ${JSON.stringify(fileURLToPath(new URL('./file-store.js', import.meta.url)))};
    const [dir] = process.argv.slice(1);
    const store = createFileStore(dir + '/store');
    process.stdout.write('go\\n');
    const tree = await store.absorb(dir + '/app');
    process.stdout.write('absorbed\\n');
    for (let i = 0; ; i++) await store.materialise(tree, dir + '/out/' + i);`;

  test('a process that is killed leaves all files whole, and the next one finishes', async (t) => {
    for (const when of ['go', 'absorbed']) {
      const dir = tempDir(t);
      const files = Object.fromEntries(
        Array.from({ length: 150 }, (_, i) => [`d${i % 9}/f${i}`, `content ${i}`]),
      );
      put(join(dir, 'app'), files);
      const child = spawn(process.execPath, ['--input-type=module', '-e', CHILD, dir], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const ended = once(child, 'exit');
      for await (const chunk of child.stdout) if (String(chunk).includes(when)) child.kill('SIGKILL');
      await ended;
      const clock = new FakeClock(Date.now());
      const store = createFileStore(join(dir, 'store'), clock);
      const tree = await store.absorb(join(dir, 'app'));
      assert.equal(tree.entries.length, 150);
      await store.materialise(tree, join(dir, 'new'));
      for (const [path, text] of Object.entries(files)) {
        assert.equal(readFileSync(join(dir, 'new', path), 'utf8'), text);
      }
      clock.advance(LATER);
      await store.collect();
      assert.deepEqual(readdirSync(join(dir, 'store/tmp')), []);
    }
  });

  test('a full disk is told, and nothing is lost', async (t) => {
    const disk = smallDisk(t, 512 * 1024);
    if (!disk) return;
    const store = createFileStore(join(disk, 'store'));
    const files = Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`f${i}`, String(i).repeat(4000)]));
    put(join(disk, 'app'), files);
    const fails = async () =>
      assert.equal(asHoldfastError(await store.absorb(join(disk, 'app')).catch((e) => e)).code, 'DISK_FULL');
    writeFileSync(join(disk, 'filler'), Buffer.alloc(512 * 1024 - 50 * 8192 - 40_000));
    try {
      writeFileSync(join(disk, 'filler2'), Buffer.alloc(200_000));
    } catch {}
    await fails();
    for (const [path, text] of Object.entries(files))
      assert.equal(readFileSync(join(disk, 'app', path), 'utf8'), text);
    rmSync(join(disk, 'filler'));
    rmSync(join(disk, 'filler2'));
    assert.equal((await store.absorb(join(disk, 'app'))).entries.length, 50);
  });
});
