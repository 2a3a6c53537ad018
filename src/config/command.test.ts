import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { tempDir } from '../../test/support/temp-dir.ts';
import { HoldfastError } from '../errors.ts';
import { resolveCommand } from './command.ts';
import type { Command } from './plan.ts';

/** A directory with these files; those that begin with `#!` are executable. */
function project(t: TestContext, files: Readonly<Record<string, string>>): string {
  const dir = tempDir(t);
  for (const [name, text] of Object.entries(files)) {
    const path = join(dir, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    if (text.startsWith('#!')) chmodSync(path, 0o755);
  }
  return dir;
}

function script(file: string, args: readonly string[] = [], nodeArgs: readonly string[] = []): Command {
  return { file, args, node: true, nodeArgs };
}

function program(file: string, args: readonly string[] = []): Command {
  return { file, args, node: false, nodeArgs: [] };
}

function failure(run: string | readonly string[], cwd: string, path = ''): HoldfastError {
  try {
    resolveCommand(run, { cwd, path });
  } catch (error) {
    assert.ok(error instanceof HoldfastError, String(error));
    return error;
  }
  throw new Error(`${String(run)} should have been refused`);
}

test('scripts are run by node, whatever kind they are', (t) => {
  const cwd = project(t, {
    'a.js': '',
    'b.mjs': '',
    'c.cjs': '',
    'd.ts': '',
    'e.mts': '',
    'lib/f.cts': '',
    'my app.js': '',
  });
  for (const name of ['a.js', 'b.mjs', 'c.cjs', 'd.ts', 'e.mts', 'lib/f.cts', './a.js']) {
    assert.deepEqual(resolveCommand(name, { cwd }), script(join(cwd, name)));
  }
  assert.deepEqual(resolveCommand('a.js --x "y z"', { cwd }), script(join(cwd, 'a.js'), ['--x', 'y z']));
  assert.deepEqual(resolveCommand('my app.js', { cwd }), script(join(cwd, 'my app.js')));
  assert.deepEqual(
    resolveCommand(join(cwd, 'a.js'), { cwd: '/', nodeArgs: ['--x'] }),
    script(join(cwd, 'a.js'), [], ['--x']),
  );
  assert.deepEqual(
    resolveCommand(['a.js', 'a | b', '$X'], { cwd }),
    script(join(cwd, 'a.js'), ['a | b', '$X']),
  );
});

test('node may be named, with its options', (t) => {
  const cwd = project(t, { 'a.js': '', 'lib/index.mjs': '' });
  const a = join(cwd, 'a.js');
  assert.deepEqual(resolveCommand('node a.js -r x', { cwd }), script(a, ['-r', 'x']));
  assert.deepEqual(
    resolveCommand('node -r dotenv/config --import=./b.js --max-old-space-size=99 -- a.js $PORT', { cwd }),
    script(a, ['$PORT'], ['-r', 'dotenv/config', '--import=./b.js', '--max-old-space-size=99']),
  );
  assert.deepEqual(
    resolveCommand('node a', { cwd, nodeArgs: ['--y'] }),
    script(a, [], ['--y']),
    'as node finds it',
  );
  assert.deepEqual(resolveCommand('node lib', { cwd }), script(join(cwd, 'lib/index.mjs')));
  assert.deepEqual(resolveCommand(`${process.execPath} a.js`, { cwd }), script(a));
  assert.deepEqual(resolveCommand(['node', '-e', '1 | 2'], { cwd }), program('node', ['-e', '1 | 2']));
  assert.deepEqual(resolveCommand('node --watch a.js', { cwd }), program('node', ['--watch', 'a.js']));
  assert.match(failure('node', cwd).message, /"node" needs a script/);
  assert.match(failure('node b.js', cwd).message, /there is no file ".*\/b\.js": did you mean "a\.js"\?/);
});

test('a directory stands for its script', (t) => {
  const cwd = project(t, {
    'main/package.json': '{"main": "./lib/start"}',
    'main/lib/start.js': '',
    'index/index.js': '',
    'gone/package.json': '{"main": "x.js"}',
    'empty/readme': '',
    'bad/package.json': '{',
  });
  assert.deepEqual(resolveCommand('main', { cwd }), script(join(cwd, 'main/lib/start.js')));
  assert.deepEqual(resolveCommand('.', { cwd: join(cwd, 'index') }), script(join(cwd, 'index/index.js')));
  assert.match(failure('gone', cwd).message, /there is no file ".*\/gone\/x\.js"/);
  assert.match(failure('./empty', cwd).message, /neither a package\.json with "main" nor an index\.js/);
  assert.equal(failure('bad', cwd).code, 'SCRIPT_NOT_FOUND');
});

test('programs of the project and of PATH', (t) => {
  const cwd = project(t, {
    'node_modules/next/dist/bin/next': '#!/usr/bin/env node\n',
    'node_modules/.bin/native': '#!/bin/sh\n',
    'node_modules/.bin/pnpm-made':
      '#!/bin/sh\nbasedir=$(dirname "$0")\nif [ -x "$basedir/node" ]; then\n' +
      '  exec "$basedir/node"  "$basedir/../next/dist/bin/next" "$@"\nelse\n' +
      '  exec node  "$basedir/../next/dist/bin/next" "$@"\nfi\n',
    'bin/tool': '#!/usr/bin/env -S node --no-warnings\n',
    'bin/npm': '#!/usr/bin/env node\n',
    'bin/python9': '#!/bin/sh\n',
    'node_modules/.bin/tsx': '#!/usr/bin/env node\n',
    'work.sh': '#!/bin/sh\n',
    'old.sh': 'echo\n',
    'sub/x.js': '',
  });
  symlinkSync('../next/dist/bin/next', join(cwd, 'node_modules/.bin/next'));
  const place = { cwd, path: join(cwd, 'bin') };
  const next = join(cwd, 'node_modules/.bin/next');
  assert.deepEqual(resolveCommand('next start -p $PORT', place), script(next, ['start', '-p', '$PORT']));
  assert.deepEqual(
    resolveCommand('next', { ...place, cwd: join(cwd, 'sub') }),
    script(next),
    'from above, as npm does',
  );
  assert.deepEqual(resolveCommand('native', place), program(join(cwd, 'node_modules/.bin/native')));
  assert.deepEqual(
    resolveCommand('pnpm-made dev', place),
    script(join(cwd, 'node_modules/next/dist/bin/next'), ['dev']),
  );
  assert.deepEqual(resolveCommand('tool x', place), script(join(cwd, 'bin/tool'), ['x'], ['--no-warnings']));
  assert.deepEqual(resolveCommand('npm start', place), program('npm', ['start']), 'it is not the app');
  assert.deepEqual(
    resolveCommand('python9 -m http.server $PORT', place),
    program('python9', ['-m', 'http.server', '$PORT']),
  );
  const withTsx = script(join(cwd, 'sub/x.js'), ['--a'], ['--import', 'tsx']);
  assert.deepEqual(resolveCommand('tsx sub/x.js --a', place), withTsx, 'in one process, where the guest is');
  const tsx = join(cwd, 'node_modules/.bin/tsx');
  assert.deepEqual(
    resolveCommand('tsx --tsconfig x.json sub/x.js', place),
    script(tsx, ['--tsconfig', 'x.json', 'sub/x.js']),
  );
  assert.deepEqual(resolveCommand('./work.sh', place), program(join(cwd, 'work.sh')));
  assert.match(failure('./old.sh', cwd).message, /is not executable: make it so \(chmod \+x\)/);
  assert.match(
    failure('pyton9', cwd, place.path).message,
    /neither a program in PATH nor the file .*: did you mean "python9"\?/,
  );
});

test('what cannot be run is refused, with what would be right', (t) => {
  const cwd = project(t, { 'server.js': '' });
  const missing = failure('sever.js', cwd);
  assert.equal(missing.code, 'SCRIPT_NOT_FOUND');
  assert.equal(
    missing.message,
    `Cannot run "sever.js": there is no file "${cwd}/sever.js": did you mean "server.js"?`,
  );
  const pipe = failure('server.js | tee log', cwd);
  assert.equal(pipe.code, 'CONFIG_INVALID');
  assert.match(pipe.message, /pipes .* need a shell, .* \["sh", "-c", "…"\]/);
  assert.match(
    failure('NODE_ENV=production node server.js', cwd).message,
    /"NODE_ENV=production" belongs in env/,
  );
  assert.match(failure('', cwd).message, /it is empty/);
  assert.match(failure([], cwd).message, /it is empty/);
  assert.match(failure(['a\0b'], cwd).message, /NUL/);
  assert.match(failure('a\0b', cwd).message, /NUL/);
});

test('what a build has yet to make is taken at its word, but only if it looks like a script', (t) => {
  const cwd = project(t, {});
  const place = { cwd, path: '', unbuilt: true };
  assert.deepEqual(resolveCommand('dist/server.js --x', place), script(join(cwd, 'dist/server.js'), ['--x']));
  assert.deepEqual(resolveCommand('node dist/server.mjs', place), script(join(cwd, 'dist/server.mjs')));
  assert.throws(() => resolveCommand('bin/server', place), { code: 'SCRIPT_NOT_FOUND' });
  assert.throws(() => resolveCommand('dist/server.js', { cwd }), { code: 'SCRIPT_NOT_FOUND' });
});
