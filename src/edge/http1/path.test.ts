import assert from 'node:assert/strict';
import { test } from 'node:test';
import { canonicalTarget } from './path.ts';

test('a path has one canonical form', () => {
  const forms: Record<string, string> = {
    '/': '/',
    '/a/b.c/..d/...': '/a/b.c/..d/...',
    '/%61%7E%2d': '/a~-',
    '/a%2fb%c3%a9%5c': '/a%2Fb%C3%A9%5C',
    '//a//b/': '//a//b/',
    '/%25%32%65': '/%252e',
    '/%252e%252e/': '/%252e%252e/',
    "/;v=1/:@!$&'()*+,=[]|^": "/;v=1/:@!$&'()*+,=[]|^",
  };
  for (const [raw, path] of Object.entries(forms)) assert.equal(canonicalTarget(raw)?.path, path, raw);
});

test('a canonical path is its own canonical form', () => {
  for (const raw of ['/%61%2f%7e/%e4', '/a//b', '/%2525']) {
    const { path } = canonicalTarget(raw) ?? { path: '' };
    assert.equal(canonicalTarget(path)?.path, path);
  }
});

test('a path that could be read in two ways is refused', () => {
  const refused = [
    '',
    'a',
    '/..',
    '/a/../b',
    '/./a',
    '/a/.',
    '/%2e%2E/a',
    '/.%2e',
    '/a/..%2fb',
    '/a%2f..%2fb',
    '/a%5c..%5cb',
    '/a/..;x=1/b',
    '/..%3bx',
    '/a\\b',
    '/%00',
    '/a%',
    '/a%4',
    '/a%zz',
    '/a b',
    '/a\tb',
    '/\xe9',
    '/a#b',
    '/a"b',
    '/<a>',
    '/{a}',
    '/a\x7f',
  ];
  for (const raw of refused) assert.equal(canonicalTarget(raw), undefined, raw);
});

test('a query is passed on as it came, if it is visible ASCII', () => {
  assert.deepEqual(canonicalTarget('/?'), { path: '/', query: '?' });
  assert.equal(canonicalTarget('/a?/../%zz&{"x":[1|2]}\\^`<>?')?.query, '?/../%zz&{"x":[1|2]}\\^`<>?');
  for (const raw of ['/?a b', '/?a#b', '/?\xe9', '/?\0', '/?a\r'])
    assert.equal(canonicalTarget(raw), undefined, raw);
});
