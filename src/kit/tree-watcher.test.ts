import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { basename, join, relative } from 'node:path';
import { describe, test } from 'node:test';
import { cleanup, type Test } from '../../test/support/cleanup.ts';
import { requireProgram, unavailable } from '../../test/support/programs.ts';
import { tempDir } from '../../test/support/temp-dir.ts';
import { until } from '../../test/support/until.ts';
import { TreeWatcher } from './tree-watcher.ts';

interface Seen {
  readonly dir: string;
  readonly watcher: TreeWatcher;
  /** Relative paths, in the order in which they came. */
  readonly changes: string[];
  readonly problems: string[];
  /** Waits until all that happened before was told, then forgets and returns what was told, each once, sorted. */
  settled(): Promise<string[]>;
}

/** Watches a directory in which everything called `ignored` is. */
async function watching(t: Test, prepare: (dir: string) => unknown = () => undefined): Promise<Seen> {
  const dir = tempDir(t);
  const prepared = prepare(dir);
  const root = typeof prepared === 'string' ? prepared : dir;
  const changes: string[] = [];
  const problems: string[] = [];
  const watcher = new TreeWatcher({
    root,
    isIgnored: (path) => basename(path) === 'ignored',
    onChange: (path) => changes.push(relative(dir, path)),
    onProblem: ({ message }) => problems.push(message),
  });
  cleanup(t, () => watcher.close());
  await watcher.ready;
  let marks = 0;
  return {
    dir,
    watcher,
    changes,
    problems,
    async settled() {
      // Told in order: when the mark is there, what came before is too. The second one is for what a walk finds.
      for (let round = 0; round < 2; round++) {
        const mark = `mark-${marks++}`;
        const at = root.endsWith('.js') ? root : join(root, mark);
        changes.length = root === at ? 0 : changes.length;
        writeFileSync(at, 'x');
        await until(() => changes.includes(relative(dir, at)), { why: `${at} is told` });
      }
      const told = [...new Set(changes)].filter((path) => !basename(path).startsWith('mark-')).sort();
      changes.length = 0;
      return told;
    },
  };
}

describe('a tree watcher', () => {
  test('tells of files that are written, added, moved and removed', async (t) => {
    const { dir, settled } = await watching(t, (dir) => {
      writeFileSync(join(dir, 'a.js'), 'x');
      writeFileSync(join(dir, 'b.js'), 'x');
      writeFileSync(join(dir, 'untouched.js'), 'x');
    });
    writeFileSync(join(dir, 'a.js'), 'y');
    assert.deepEqual(await settled(), ['a.js']);
    writeFileSync(join(dir, 'new.js'), 'x');
    assert.deepEqual(await settled(), ['new.js']);
    renameSync(join(dir, 'b.js'), join(dir, 'c.js'));
    assert.deepEqual(await settled(), ['b.js', 'c.js']);
    rmSync(join(dir, 'c.js'));
    assert.deepEqual(await settled(), ['c.js']);
  });

  test('tells of nothing when nothing happens, and not of reading', async (t) => {
    const { changes, settled } = await watching(t, (dir) => writeFileSync(join(dir, 'a.js'), 'x'));
    assert.deepEqual(changes, []);
    assert.deepEqual(await settled(), []);
  });

  test('sees editors that write a new file and rename it over the old one', async (t) => {
    const { dir, settled } = await watching(t, (dir) => writeFileSync(join(dir, 'a.js'), 'x'));
    for (let save = 0; save < 3; save++) {
      writeFileSync(join(dir, 'ignored'), `${save}`);
      renameSync(join(dir, 'ignored'), join(dir, 'a.js'));
      assert.deepEqual(await settled(), ['a.js']);
    }
  });

  test('goes into directories that appear, however deep and fast', async (t) => {
    const { dir, settled, watcher } = await watching(t);
    mkdirSync(join(dir, 'a/b/c'), { recursive: true });
    writeFileSync(join(dir, 'a/b/c/deep.js'), 'x');
    await until(() => watcher.size === 4, { why: 'all directories are watched' });
    assert.deepEqual(await settled(), ['a/b/c/deep.js']);
    writeFileSync(join(dir, 'a/b/c/deep.js'), 'y');
    assert.deepEqual(await settled(), ['a/b/c/deep.js']);
  });

  test('follows a directory that is removed and made anew, again and again', async (t) => {
    const { dir, settled, watcher } = await watching(t, (dir) => {
      mkdirSync(join(dir, 'dist/sub'), { recursive: true });
      writeFileSync(join(dir, 'dist/sub/a.js'), 'x');
    });
    for (let build = 0; build < 5; build++) {
      rmSync(join(dir, 'dist'), { recursive: true });
      mkdirSync(join(dir, 'dist/sub'), { recursive: true });
      writeFileSync(join(dir, 'dist/sub/a.js'), `${build}`);
      await until(() => watcher.size === 3, { why: 'all directories are watched' });
      assert.ok((await settled()).includes('dist/sub/a.js'));
      writeFileSync(join(dir, 'dist/sub/a.js'), `${build} again`);
      assert.deepEqual(await settled(), ['dist/sub/a.js'], `build ${build}`);
    }
  });

  test('follows a root that is removed and made anew', async (t) => {
    const { dir, changes, watcher, settled } = await watching(t, (dir) => {
      mkdirSync(join(dir, 'dist'));
      return join(dir, 'dist');
    });
    for (let build = 0; build < 5; build++) {
      rmSync(join(dir, 'dist'), { recursive: true });
      mkdirSync(join(dir, 'dist'));
      writeFileSync(join(dir, 'dist/a.js'), `${build}`);
      await until(() => changes.includes('dist/a.js'), { why: 'the new file is told' });
      await until(() => watcher.size === 1, { why: 'it is watched' });
      await settled();
      writeFileSync(join(dir, 'dist/a.js'), `${build} again`);
      assert.deepEqual(await settled(), ['dist/a.js'], `build ${build}`);
    }
  });

  test('follows a root that goes with its parent and comes with another one', async (t) => {
    const { dir, changes, watcher } = await watching(t, (dir) => {
      mkdirSync(join(dir, 'a/b'), { recursive: true });
      return join(dir, 'a/b');
    });
    for (const gone of ['a', 'a/b', 'a', 'a/b']) {
      rmSync(join(dir, gone), { recursive: true });
      await until(() => watcher.size === 0, { why: `nothing is watched without ${gone}` });
      mkdirSync(join(dir, 'a/b'), { recursive: true });
      await until(() => watcher.size === 1, { why: 'it is watched again' });
      changes.length = 0;
      writeFileSync(join(dir, 'a/b/file.js'), 'x');
      await until(() => changes.includes('a/b/file.js'), { why: 'the file is told' });
    }
  });

  test('waits for a root that does not exist yet, even its parent', async (t) => {
    const { dir, changes } = await watching(t, (dir) => join(dir, 'not/yet'));
    mkdirSync(join(dir, 'not'));
    mkdirSync(join(dir, 'not/yet'));
    writeFileSync(join(dir, 'not/yet/a.js'), 'x');
    await until(() => changes.includes('not/yet/a.js'), { why: 'the file is told' });
  });

  test('can watch one file, whose neighbours do not count', async (t) => {
    const { dir, changes, settled } = await watching(t, (dir) => {
      writeFileSync(join(dir, 'one.js'), 'x');
      return join(dir, 'one.js');
    });
    writeFileSync(join(dir, 'other.js'), 'x');
    assert.deepEqual(await settled(), ['one.js']);
    writeFileSync(join(dir, 'one.new'), 'y');
    renameSync(join(dir, 'one.new'), join(dir, 'one.js'));
    await until(() => changes.includes('one.js'), { why: 'the rename is told' });
    await settled();
    rmSync(join(dir, 'one.js'));
    writeFileSync(join(dir, 'one.js'), 'z');
    assert.deepEqual(await settled(), ['one.js']);
  });

  test('follows symlinks to what is elsewhere, and does not run in circles', async (t) => {
    const elsewhere = tempDir(t);
    mkdirSync(join(elsewhere, 'lib'));
    writeFileSync(join(elsewhere, 'lib/in.js'), 'x');
    writeFileSync(join(elsewhere, 'shared.js'), 'x');
    symlinkSync(elsewhere, join(elsewhere, 'lib/round'));
    const { dir, settled, watcher } = await watching(t, (dir) => {
      mkdirSync(join(dir, 'src'));
      symlinkSync(join(elsewhere, 'lib'), join(dir, 'src/lib'));
      symlinkSync(join(elsewhere, 'shared.js'), join(dir, 'src/shared.js'));
      symlinkSync(dir, join(dir, 'src/up'));
      symlinkSync('src', join(dir, 'beside'));
      symlinkSync('nowhere', join(dir, 'broken'));
    });
    assert.ok(watcher.size <= 5, `${watcher.size} directories are watched`);
    writeFileSync(join(elsewhere, 'lib/in.js'), 'y');
    assert.ok((await settled()).includes('src/lib/in.js'));
    writeFileSync(join(elsewhere, 'shared.new'), 'y');
    renameSync(join(elsewhere, 'shared.new'), join(elsewhere, 'shared.js'));
    assert.ok((await settled()).includes('src/shared.js'));
    writeFileSync(join(elsewhere, 'shared.js'), 'z');
    assert.ok((await settled()).includes('src/shared.js'));
    rmSync(join(dir, 'src/lib'));
    await settled();
    writeFileSync(join(elsewhere, 'lib/in.js'), 'z');
    assert.deepEqual(await settled(), []);
  });

  test('notices that a link leads elsewhere, as after a release', async (t) => {
    const { dir, changes, settled } = await watching(t, (dir) => {
      for (const release of ['1', '2']) {
        mkdirSync(join(dir, `releases/${release}`), { recursive: true });
        writeFileSync(join(dir, `releases/${release}/a.js`), 'x');
      }
      symlinkSync('releases/1', join(dir, 'current'));
      return join(dir, 'current');
    });
    symlinkSync('releases/2', join(dir, 'next'));
    renameSync(join(dir, 'next'), join(dir, 'current'));
    await until(() => changes.includes('current/a.js'), { why: 'the release is told' });
    await settled();
    writeFileSync(join(dir, 'releases/2/a.js'), 'y');
    assert.deepEqual(await settled(), ['current/a.js']);
  });

  test('does not enter what is ignored', async (t) => {
    const { dir, settled, watcher } = await watching(t, (dir) => {
      mkdirSync(join(dir, 'ignored/deep'), { recursive: true });
    });
    assert.equal(watcher.size, 1);
    writeFileSync(join(dir, 'ignored/deep/a.js'), 'x');
    rmSync(join(dir, 'ignored'), { recursive: true });
    mkdirSync(join(dir, 'ignored'));
    writeFileSync(join(dir, 'ignored/b.js'), 'x');
    assert.deepEqual(await settled(), []);
    assert.equal(watcher.size, 1);
  });

  test('takes no socket for a file', async (t) => {
    const { dir, settled } = await watching(t);
    for (let start = 0; start < 2; start++) {
      const server = createServer();
      await new Promise<void>((resolve) => server.listen(join(dir, 'app.sock'), resolve));
      assert.deepEqual(await settled(), []);
      await new Promise((resolve) => server.close(resolve));
      assert.deepEqual(await settled(), []);
    }
  });

  test('tells when the kernel watches no more, and goes on with what it has', async (t) => {
    const unshare = requireProgram(t, 'unshare');
    if (!unshare) return;
    const dir = tempDir(t);
    for (let n = 0; n < 20; n++) mkdirSync(join(dir, `dir-${n}`));
    const program = `
      import { TreeWatcher } from ${JSON.stringify(new URL('./tree-watcher.js', import.meta.url).href)};
      import { writeFileSync } from 'node:fs';
      const codes = new Set();
      const watcher = new TreeWatcher({
        root: ${JSON.stringify(dir)},
        isIgnored: () => false,
        onProblem: ({ code }) => codes.add(code),
        onChange: (path) => {
          console.log([...codes].join(), watcher.size, path);
          watcher.close();
        },
      });
      await watcher.ready;
      writeFileSync(${JSON.stringify(join(dir, 'a.js'))}, 'x');
    `;
    // A user namespace has limits of its own, see user_namespaces(7).
    const limit = 'echo 10 > /proc/sys/user/max_inotify_watches && exec "$@"';
    const { stdout, stderr, status } = spawnSync(
      unshare,
      ['-Ur', 'sh', '-c', limit, 'sh', process.execPath, '--input-type=module', '-e', program],
      { encoding: 'utf8', timeout: 30_000 },
    );
    if (status !== 0 && !/node:|Error/.test(stderr)) return unavailable(t, 'needs user namespaces');
    assert.equal(stdout, `ENOSPC 9 ${join(dir, 'a.js')}\n`, stderr);
  });

  test('says nothing after it was closed', async (t) => {
    const { dir, watcher, changes } = await watching(t);
    writeFileSync(join(dir, 'a.js'), 'x');
    watcher.close();
    writeFileSync(join(dir, 'b.js'), 'x');
    const other = await watching(t);
    await other.settled();
    assert.deepEqual(changes, []);
  });

  test('sees each of a thousand files', async (t) => {
    const { dir, settled } = await watching(t);
    for (let n = 0; n < 1000; n++) writeFileSync(join(dir, `file-${n}.js`), 'x');
    assert.equal((await settled()).length, 1000);
  });
});
