import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TreeEntry } from '../tree.ts';
import { caseCollisions, checkLinks, checkPaths } from './tree-rules.ts';

const link = (path: string, target: string): TreeEntry => ({ kind: 'link', path, target });
const file = (path: string): TreeEntry => ({ kind: 'file', path, hash: 'h', executable: false, size: 1 });

test('links may lead anywhere inside, and nowhere else, however they are put together', () => {
  const good: TreeEntry[][] = [
    [link('a', 'b/c'), link('b/x', '../a'), link('b/y', '../../b/../c')].slice(0, 2),
    [link('node_modules/.bin/x', '../x/cli.js')],
    [link('d', 'deep/er'), link('e', 'd/..')],
    [link('missing', 'not/there')],
  ];
  for (const entries of good) checkLinks(entries);
  const bad: TreeEntry[][] = [
    [link('a', '..')],
    [link('a', '/etc/passwd')],
    [link('a/b', '../../x')],
    // Each word of it stays inside, but the system goes another way.
    [link('x/y/d', '../../top'), link('e', 'x/y/d/../..')],
    [link('a', 'b'), link('b', 'a')],
    [link('a', '')],
  ];
  for (const entries of bad) assert.throws(() => checkLinks(entries), { code: 'SOURCE_INVALID' });
});

test('names: inside, once, and not behind a link', () => {
  checkPaths([file('a'), file('b/a'), file('b/c\r'), link('l', 'b')]);
  for (const path of [
    '',
    '/a',
    'a//b',
    'a/',
    './a',
    'a/../b',
    'a\0b',
    'a\\b',
    'a\nb',
    'a\ufffd',
    'a'.repeat(256),
  ]) {
    assert.throws(() => checkPaths([file(path)]), { code: 'SOURCE_INVALID' }, path);
  }
  assert.throws(() => checkPaths([file('a'), file('a')]), /twice/);
  assert.throws(() => checkPaths([file('a'), file('a/b/c')]), /lies behind "a"/);
});

test('names that are one on macOS', () => {
  assert.deepEqual(caseCollisions([file('README'), file('src/a'), file('Src/b'), file('readme')]), [
    ['src', 'Src'],
    ['README', 'readme'],
  ]);
});
