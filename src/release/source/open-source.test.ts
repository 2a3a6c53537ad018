import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  chownSync,
  lchownSync,
  linkSync,
  mkdirSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import type { Test } from '../../../test/support/cleanup.ts';
import { requireProgram, unavailable } from '../../../test/support/programs.ts';
import { tempDir } from '../../../test/support/temp-dir.ts';
import { asHoldfastError } from '../../errors.ts';
import type { Source } from '../seams.ts';
import { createFileStore } from '../store/file-store.ts';
import { openSource, type SourceRequest, sourceNamed } from './open-source.ts';

const author = { GIT_AUTHOR_NAME: 'Ann', GIT_AUTHOR_EMAIL: 'ann@example.com', GIT_COMMITTER_NAME: 'Ann' };
const fixed = { ...author, GIT_COMMITTER_EMAIL: 'ann@example.com', GIT_CONFIG_GLOBAL: '/dev/null' };
const env = { ...process.env, ...fixed, GIT_CONFIG_NOSYSTEM: '1' };

function git(dir: string, ...words: string[]): string {
  return execFileSync('git', ['-c', 'init.defaultBranch=main', ...words], {
    cwd: dir,
    env,
    encoding: 'utf8',
    stdio: 'pipe',
  }).trim();
}

type Files = Readonly<Record<string, string>>;

function put(dir: string, files: Files): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, path)), { recursive: true });
    writeFileSync(join(dir, path), text);
  }
}

/** A repository with a commit. */
function repository(dir: string, files: Files): string {
  mkdirSync(dir, { recursive: true });
  git(dir, 'init', '-q');
  put(dir, files);
  commit(dir, 'first');
  return dir;
}

function commit(dir: string, message: string): string {
  git(dir, 'add', '-A');
  git(dir, 'commit', '-q', '-m', message);
  return git(dir, 'rev-parse', 'HEAD');
}

const app: Files = { 'package.json': '{}', 'src/a.js': 'a', 'bin/run': '#!/bin/sh\n' };

/** What is in it; every source is read to its end, and closed. */
async function opened(
  request: SourceRequest,
  scratch: string,
): Promise<{ paths: string[]; source: Source; texts: Record<string, string> }> {
  const source = await openSource(request, { scratch });
  try {
    const texts: Record<string, string> = {};
    for (const entry of source.tree.entries) {
      if (entry.kind !== 'file') continue;
      const parts: Uint8Array[] = [];
      for await (const part of source.read(entry)) parts.push(part);
      texts[entry.path] = Buffer.concat(parts).toString();
    }
    return { paths: source.tree.entries.map(({ path }) => path), source, texts };
  } finally {
    await source.close();
    assert.deepEqual(readdirSync(scratch), []);
  }
}

async function refused(request: SourceRequest, scratch: string, message: RegExp): Promise<void> {
  await assert.rejects(openSource(request, { scratch }), (error) => {
    assert.equal(asHoldfastError(error).code, 'SOURCE_INVALID', String(error));
    assert.match(asHoldfastError(error).message, message);
    return true;
  });
  assert.deepEqual(readdirSync(scratch), []);
}

function setUp(t: Test, ...programs: string[]): { dir: string; scratch: string } | undefined {
  if (!programs.every((name) => requireProgram(t, name))) return undefined;
  if (programs.includes('tar') && !/GNU/.test(execFileSync('tar', ['--version'], { encoding: 'utf8' }))) {
    unavailable(t, 'needs GNU tar');
    return undefined;
  }
  const dir = realpathSync(tempDir(t));
  const scratch = join(dir, 'scratch');
  mkdirSync(scratch);
  return { dir, scratch };
}

describe('a commit', () => {
  test('is the same tree by its ref, cloned, shallow, exported, in its directory, whatever the umask and the configuration', async (t) => {
    const place = setUp(t, 'git', 'tar');
    if (!place) return;
    const { dir, scratch } = place;
    const repo = repository(join(dir, 'repo'), {
      ...app,
      'tests/t.js': 't',
      ABOUT: '$Format:%H %h %D$\n',
      'win.txt': 'a\nb\n',
      '.gitattributes': 'tests export-ignore\nABOUT export-subst\n*.txt filter=evil\n',
    });
    chmodSync(join(repo, 'bin/run'), 0o755);
    symlinkSync('../src/a.js', join(repo, 'bin/a'));
    const hash = commit(repo, 'second: "ä"\n\nmore');
    git(repo, 'tag', 'v1');
    git(repo, 'archive', '--format=tgz', '--prefix=shop-1/', '-o', join(dir, 'a.tgz'), 'HEAD');
    git(repo, 'config', 'core.autocrlf', 'true');
    git(repo, 'config', 'filter.evil.smudge', `touch ${join(dir, 'evil')}`);
    git(repo, 'config', 'core.fsmonitor', `touch ${join(dir, 'evil')}`);
    const url = pathToFileURL(repo).href;
    git(dir, 'clone', '-q', '--depth=1', url, 'shallow');
    git(join(dir, 'shallow'), 'checkout', '-q', '--detach');
    const umask = process.umask(0o077);
    const found = await opened({ kind: 'git', directory: repo, ref: 'v1' }, scratch).finally(() =>
      process.umask(umask),
    );
    assert.deepEqual(found.paths, [
      '.gitattributes',
      'ABOUT',
      'bin/a',
      'bin/run',
      'package.json',
      'src/a.js',
      'win.txt',
    ]);
    assert.equal(found.texts.ABOUT, `${hash} ${hash.slice(0, 12)} \n`);
    assert.equal(found.texts['win.txt'], 'a\nb\n');
    const { treeHash, ...record } = found.source.record;
    assert.deepEqual(record, {
      kind: 'git',
      from: repo,
      ref: 'v1',
      commit: hash,
      author: 'Ann <ann@example.com>',
      subject: 'second: "ä"',
      dirty: false,
    });
    const same: SourceRequest[] = [
      { kind: 'git', directory: join(dir, 'shallow'), ref: 'HEAD' },
      ...[url, `${url}#main`, `${url}#v1`, `${url}#${hash}`, `${url}#${hash.slice(0, 9)}`].map((name) =>
        sourceNamed(name, dir),
      ),
    ];
    for (const request of same) {
      const { source } = await opened(request, scratch);
      assert.equal(source.record.treeHash, treeHash, JSON.stringify(request));
      assert.equal(source.record.commit, hash);
    }
    assert.equal(
      (await opened({ kind: 'tarball', file: join(dir, 'a.tgz') }, scratch)).source.record.commit,
      hash,
    );
    assert.equal(readdirSync(dir).includes('evil'), false);
    await refused({ kind: 'git', directory: repo, ref: 'v2' }, scratch, /no branch, tag or commit "v2"/);
    await refused({ kind: 'git', directory: repo, ref: '--all' }, scratch, /"--all"/);
    await refused(sourceNamed(`${url}#nothing`, dir), scratch, /Cannot fetch "nothing"/);
    await refused({ kind: 'git', directory: dir, ref: 'HEAD' }, scratch, /no git repository/);
  });

  test('of a directory in a repository, of a bare one, and what is not in it', async (t) => {
    const place = setUp(t, 'git');
    if (!place) return;
    const { dir, scratch } = place;
    const repo = repository(join(dir, 're[po'), {
      'top.js': 't',
      'packages/a b/x.js': 'x',
      '.gitignore': '*.log\n',
    });
    const inside = join(repo, 'packages/a b');
    put(inside, { 'new.js': 'n', 'x.js': 'changed', 'a.log': '' });
    const found = await opened({ kind: 'git', directory: inside, ref: 'HEAD' }, scratch);
    assert.deepEqual(found.texts, { 'x.js': 'x' });
    assert.deepEqual(found.source.notes, ['Not in it, because not committed: x.js, new.js']);
    const asItIs = await opened({ kind: 'directory', directory: inside }, scratch);
    assert.deepEqual(asItIs.texts, { 'x.js': 'changed', 'new.js': 'n' });
    assert.equal(asItIs.source.record.dirty, true);
    git(dir, 'clone', '-q', '--bare', repo, 'bare.git');
    const bare = await opened({ kind: 'git', directory: join(dir, 'bare.git'), ref: 'main' }, scratch);
    assert.equal(bare.paths.length, 3);
    // As a hook of `git push` sees what is not accepted yet.
    const pushed = join(dir, 'pushed');
    renameSync(join(dir, 'bare.git/objects'), pushed);
    mkdirSync(join(dir, 'bare.git/objects'));
    const commit = bare.source.record.commit ?? '';
    const request = { kind: 'git', directory: join(dir, 'bare.git'), ref: commit, pushed } as const;
    assert.equal((await opened(request, scratch)).source.record.treeHash, bare.source.record.treeHash);
  });

  test('submodules are told, LFS pointers and links that lead out refused', async (t) => {
    const place = setUp(t, 'git');
    if (!place) return;
    const { dir, scratch } = place;
    const other = repository(join(dir, 'other'), { 'lib.js': 'l' });
    const repo = repository(join(dir, 'repo'), app);
    git(repo, '-c', 'protocol.file.allow=always', 'submodule', 'add', '-q', other, 'vendor/lib');
    commit(repo, 'with a submodule');
    const found = await opened({ kind: 'git', directory: repo, ref: 'HEAD' }, scratch);
    assert.match(
      found.source.notes.join(),
      /Submodules are not in it.*: vendor\/lib\. .*git submodule update/,
    );
    const asItIs = await opened({ kind: 'directory', directory: repo }, scratch);
    assert.equal(asItIs.texts['vendor/lib/lib.js'], 'l');
    const pointer = `version https://git-lfs.github.com/spec/v1\noid sha256:${'0af'.repeat(21)}b\nsize 12345\n`;
    put(repo, { 'big.bin': pointer });
    commit(repo, 'with a pointer');
    await refused(
      { kind: 'git', directory: repo, ref: 'HEAD' },
      scratch,
      /"big.bin": it is a Git LFS pointer/,
    );
    await refused({ kind: 'directory', directory: repo }, scratch, /"big.bin": it is a Git LFS pointer/);
    rmSync(join(repo, 'big.bin'));
    symlinkSync('../../etc/passwd', join(repo, 'src/out'));
    commit(repo, 'with a link');
    await refused({ kind: 'git', directory: repo, ref: 'HEAD' }, scratch, /"src\/out": .*leads out/);
    await refused({ kind: 'directory', directory: repo }, scratch, /"src\/out": .*leads out/);
  });

  test("root reads somebody's repository as that user, whose programs do not run as root", async (t) => {
    if (process.getuid?.() !== 0) return unavailable(t, 'becoming another user needs root');
    const place = setUp(t, 'git');
    if (!place) return;
    const { dir, scratch } = place;
    chmodSync(dir, 0o755);
    const repo = repository(join(dir, 'repo'), app);
    const proof = join(dir, 'repo/who');
    git(repo, 'config', 'filter.f.clean', `id -u > ${proof}; cat`);
    put(repo, { '.gitattributes': '*.js filter=f\n' });
    for (const name of ['', ...readdirSync(repo, { recursive: true, encoding: 'utf8' })])
      lchownSync(join(repo, name), 65534, 65534);
    appendFileSync(join(repo, 'src/a.js'), 'changed');
    chownSync(join(repo, 'src/a.js'), 65534, 65534);
    const { texts } = await opened({ kind: 'git', directory: repo, ref: 'HEAD' }, scratch);
    assert.equal(texts['src/a.js'], 'a');
    const asItIs = await opened({ kind: 'directory', directory: repo }, scratch);
    assert.equal(asItIs.texts['src/a.js'], 'achanged');
    if (asItIs.texts.who !== undefined) assert.equal(asItIs.texts.who, '65534\n');
  });
});

describe('a directory', () => {
  test('without git: all but packages and .env files', async (t) => {
    const place = setUp(t, 'git');
    if (!place) return;
    const { dir, scratch } = place;
    const from = join(dir, 'app');
    put(from, {
      ...app,
      'node_modules/x/i.js': '',
      'sub/node_modules/y.js': '',
      '.env': 'S=1',
      'sub/.env.local': 'S=2',
      '.env.example': 'S=',
    });
    execFileSync('mkfifo', [join(from, 'pipe')]);
    const { paths, source } = await opened({ kind: 'directory', directory: from }, scratch);
    assert.deepEqual(paths, ['.env.example', 'bin/run', 'package.json', 'src/a.js']);
    assert.match(source.notes.join('\n'), /belong to one machine \(see release.shared\): (sub\/)?\.env/);
    assert.match(source.notes.join('\n'), /no files: pipe/);
    assert.equal(source.record.commit, null);
    const path = process.env.PATH;
    process.env.PATH = scratch;
    try {
      assert.equal((await opened({ kind: 'directory', directory: from }, scratch)).paths.length, 4);
      mkdirSync(join(from, '.git'));
      await assert.rejects(openSource({ kind: 'directory', directory: from }), { code: 'PROGRAM_MISSING' });
    } finally {
      process.env.PATH = path;
      rmSync(join(from, '.git'), { recursive: true });
    }
    await refused({ kind: 'directory', directory: join(dir, 'none') }, scratch, /no directory/);
    await refused({ kind: 'directory', directory: scratch }, scratch, /no files in/);
  });

  test('with git: what is committed, even if ignored; what is ignored is told; one that is ignored as a whole is taken', async (t) => {
    const place = setUp(t, 'git');
    if (!place) return;
    const { dir, scratch } = place;
    const repo = repository(join(dir, 'repo'), {
      ...app,
      '.env.production': 'PUBLIC=1',
      '.gitignore': 'dist\n.env\n',
    });
    const committed = await opened({ kind: 'git', directory: repo, ref: 'HEAD' }, scratch);
    put(repo, {
      'dist/out.js': 'o',
      '.env': 'SECRET=1',
      '.env.local': 'SECRET=2',
      'node_modules/x/i.js': '',
    });
    const { source } = await opened({ kind: 'directory', directory: repo }, scratch);
    assert.equal(source.record.treeHash, committed.source.record.treeHash);
    assert.match(source.notes.join('\n'), /release.shared\): .env.local, .env\n.*\.gitignore: dist\//);
    const dist = await opened({ kind: 'directory', directory: join(repo, 'dist') }, scratch);
    assert.deepEqual(dist.texts, { 'out.js': 'o' });
    // What git knows as a directory is a link by now.
    rmSync(join(repo, 'src'), { recursive: true });
    put(dir, { 'secret/a.js': 'secret' });
    symlinkSync('../secret', join(repo, 'src'));
    await refused({ kind: 'directory', directory: repo }, scratch, /"src": .*leads out/);
  });

  test('that changes while it is read is told', async (t) => {
    const place = setUp(t);
    if (!place) return;
    const { dir, scratch } = place;
    put(join(dir, 'app'), app);
    const source = await openSource({ kind: 'directory', directory: join(dir, 'app') }, { scratch });
    const file = source.tree.entries.find(({ path }) => path === 'src/a.js');
    assert.ok(file?.kind === 'file');
    put(join(dir, 'app'), { 'src/a.js': 'b' });
    const store = createFileStore(join(dir, 'store'));
    await assert.rejects(store.add(file, source.read(file)), /"src\/a.js": it was changed while it was read/);
    assert.equal(store.has(file), false);
    rmSync(join(dir, 'app/src/a.js'));
    await assert.rejects(store.add(file, source.read(file)), /was changed while it was read/);
  });

  test('names that differ in capitals only are told', async (t) => {
    const place = setUp(t);
    if (!place) return;
    const { dir, scratch } = place;
    put(join(dir, 'app'), { Readme: '1', README: '2' });
    if (readdirSync(join(dir, 'app')).length === 1) return; // On a Mac.
    const { source } = await opened({ kind: 'directory', directory: join(dir, 'app') }, scratch);
    assert.match(source.notes.join(), /"README" and "Readme" differ in capitals only/);
  });
});

describe('a tarball', () => {
  test('of npm pack and of tar is the same as the directory', async (t) => {
    const place = setUp(t, 'tar');
    if (!place) return;
    const { dir, scratch } = place;
    const from = join(dir, 'package');
    put(from, { ...app, [`${'long'.repeat(30)}/ä.js`]: 'l'.repeat(70_000) });
    chmodSync(join(from, 'bin/run'), 0o700);
    symlinkSync('run', join(from, 'bin/also'));
    const expected = (await opened({ kind: 'directory', directory: from }, scratch)).source.record.treeHash;
    const make = (name: string, ...words: string[]) =>
      execFileSync('tar', ['-cf', join(dir, name), ...words]);
    make('gnu.tar', '--format=gnu', '-C', dir, 'package');
    make('pax.tgz', '-z', '--format=pax', '-C', from, '.');
    make('v7.tar', '--format=ustar', '--exclude=long*', '-C', dir, 'package');
    for (const name of ['gnu.tar', 'pax.tgz']) {
      const { source } = await opened({ kind: 'tarball', file: join(dir, name) }, scratch);
      assert.equal(source.record.treeHash, expected, name);
    }
    assert.equal((await opened({ kind: 'tarball', file: join(dir, 'v7.tar') }, scratch)).paths.length, 4);
  });

  test('that would reach out, or is no tarball, is refused, and nothing is left', async (t) => {
    const place = setUp(t, 'tar');
    if (!place) return;
    const { dir, scratch } = place;
    const from = join(dir, 'app');
    put(from, { a: 'a', b: 'b', 'd/c': 'c' });
    symlinkSync('a', join(from, 'l'));
    const file = join(dir, 'bad.tar');
    const bad = async (message: RegExp, ...words: string[]) => {
      rmSync(file, { force: true });
      execFileSync('tar', ['-cf', file, '-C', from, ...words], { stdio: 'pipe' });
      await refused({ kind: 'tarball', file }, scratch, message);
    };
    await bad(/"\.\.\/\.\.\/a": it must stay inside/, '-P', '--transform=s,^a,../../a,', 'a');
    await bad(/"\/etc\/a": it must be relative/, '-P', '--transform=s,^a,/etc/a,', 'a');
    await bad(/"l": .*leads out/, '-P', '--transform=s,^a,/etc/a,', 'l');
    await bad(/"a": it is there twice/, '--transform=s,^b,a,', 'a', 'b');
    await bad(/"l\/c": it lies behind "l"/, '--transform=s,^d,l,', 'l', 'd/c');
    await bad(/backslash/, '--transform=s,^a,x\\\\y,', 'a');
    linkSync(join(from, 'a'), join(from, 'hard'));
    await bad(/"hard": it is a hard link/, 'a', 'hard');
    execFileSync('tar', ['-czf', file, '-C', from, 'b', 'd']);
    const given = openSource({ kind: 'tarball', file }, { scratch, signal: AbortSignal.abort() });
    await assert.rejects(given, /given up/);
    assert.deepEqual(readdirSync(scratch), []);
    truncateSync(file, statSync(file).size - 9);
    await refused({ kind: 'tarball', file }, scratch, /damaged, or not all of it/);
    writeFileSync(file, Buffer.from('504b030400000000', 'hex'));
    await refused({ kind: 'tarball', file }, scratch, /a zip archive/);
    await refused({ kind: 'tarball', file: join(dir, 'none.tgz') }, scratch, /no such file/);
  });
});

test('what a name means', (t) => {
  const dir = tempDir(t);
  put(dir, { 'a.tgz': '', 'main/x': '', odd: '' });
  const kind = (name: string) => sourceNamed(name, dir).kind;
  assert.equal(kind('a.tgz'), 'tarball');
  assert.equal(kind('./odd'), 'tarball');
  assert.equal(kind('main'), 'directory');
  assert.equal(kind('v1.2'), 'git');
  assert.equal(kind('./not/there.zip'), 'tarball');
  assert.equal(kind('./main'), 'directory');
  assert.equal(kind('.'), 'directory');
  assert.equal(kind('b.tgz'), 'tarball');
  assert.equal(kind('git@h.example:a/b'), 'url');
});
