import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { completeContent, completeFiles } from './content.ts';
import { noContent } from './content-defaults.ts';
import { diffContent } from './content-diff.ts';
import type { Problem } from './problems.ts';
import { showPath } from './show.ts';
import { siteSettings } from './site-schema.ts';

const HASH = 'scrypt:16384:8:5:AAAAAAAAAAAAAAAAAAAAAA:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA';

function project(t: TestContext): string {
  const dir = mkdtempSync(join(tmpdir(), 'holdfast-content-'));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  mkdirSync(join(dir, 'public'));
  writeFileSync(join(dir, 'down.html'), 'down');
  return dir;
}

function complete(root: string, settings: object) {
  const problems: Problem[] = [];
  const read = siteSettings.safeParse({ routes: { '/': 'web' }, ...settings });
  if (!read.success) return { problems: read.error.issues.map(({ message }) => message) };
  const content = completeContent(read.data, [], problems, root);
  return { content, problems: problems.map(({ path, text }) => `${showPath(path)} ${text}`) };
}

test('a site that says nothing of it has no content to see to', (t) => {
  assert.deepEqual(complete(project(t), {}), { content: null, problems: [] });
});

test('what a site says is complete, with the most particular rule first', (t) => {
  const root = project(t);
  const { content, problems } = complete(root, {
    compress: true,
    security: true,
    headers: { 'X-A': 'b', Server: false },
    redirects: { '/a/*': '/b/*', '/a/b/*': 'https://x.test/*', '/a/b': { to: '/ä?q', status: 308 } },
    rewrites: { '/v1/*': '/api/*' },
    auth: { users: { ann: HASH } },
    maintenance: { page: 'down.html' },
    errorPages: { 502: 'down.html' },
  });
  assert.deepEqual(problems, []);
  assert.deepEqual(content?.redirects, [
    { from: '/a/b', below: false, to: '/%C3%A4?q', toBelow: false, status: 308 },
    { from: '/a/b/', below: true, to: 'https://x.test/', toBelow: true, status: 307 },
    { from: '/a/', below: true, to: '/b/', toBelow: true, status: 307 },
  ]);
  assert.deepEqual(content?.rewrites, [{ from: '/v1/', below: true, to: '/api/', toBelow: true }]);
  assert.deepEqual(content?.headers.set, { 'X-A': 'b' });
  assert.deepEqual(content?.headers.remove, ['Server', 'X-Powered-By']);
  assert.equal(content?.headers.fallback['X-Content-Type-Options'], 'nosniff');
  assert.deepEqual(content?.maintenance, { page: join(root, 'down.html'), allow: [] });
  assert.deepEqual(content?.errorPages, { 502: join(root, 'down.html') });
});

test('what cannot be is refused, and never prints a password', (t) => {
  const root = project(t);
  const refused = (settings: object) => complete(root, settings).problems;
  for (const settings of [
    { headers: { 'Content-Length': '1' } },
    { headers: { 'X-A': 'b\r\nX-B: c' } },
    { headers: { 'X A': 'b' } },
    { redirects: { '/a': '//evil.test' } },
    { redirects: { '/a': 'javascript:alert(1)' } },
    { redirects: { '/a': '/b\r\nX: y' } },
    { redirects: { '/a': { to: '/b', status: 200 } } },
    { rewrites: { '/a': 'https://x.test/' } },
    { rewrites: { '/a': '/b/../c' } },
    { allow: ['localhost'] },
    { errorPages: { 200: 'down.html' } },
    { routes: { '/': { files: 'public', index: '../x' } } },
    { routes: { '/': { files: 'public', cacheControl: 'a\nb' } } },
  ]) {
    assert.equal(refused(settings).length, 1, JSON.stringify(settings));
  }
  const secret = refused({ auth: { users: { ann: 'my-password' } } });
  assert.match(secret[0] ?? '', /hold hash-password/);
  assert.doesNotMatch(secret.join(), /my-password/);
  assert.deepEqual(refused({ redirects: { '/a': '/b/*' } }), [
    'redirects["/a"] must end in "/*", as what it leads to does: "/b/*"',
  ]);
  for (const redirects of [{ '/a': '/a?x' }, { '/*': '/x/*' }, { '/*': '/closed' }, { '/a/*': '/a' }]) {
    assert.match(refused({ redirects })[0] ?? '', /leads to itself: a browser would go round in circles$/);
  }
  assert.deepEqual(refused({ redirects: { '/a/': '/a', '/*': '/x/*', '/x/*': 'https://x.test/*' } }), []);
  assert.match(refused({ redirects: { '/a*': '/b' } })[0] ?? '', /^redirects\["\/a\*"\] must end in "\/\*"/);
  assert.match(refused({ errorPages: { 502: 'none.html' } })[0] ?? '', /^errorPages.502 must be a file/);
  assert.match(refused({ maintenance: { page: 'public' } })[0] ?? '', /^maintenance.page must be a file/);
});

test('routes to files name a directory that is there', (t) => {
  const root = project(t);
  const read = (files: string, more = {}) => {
    const problems: Problem[] = [];
    const { routes } = siteSettings.parse({ routes: { '/': { files, ...more } } });
    const to = routes['/'];
    assert.ok(to?.kind === 'files');
    return { to: completeFiles(to, ['routes', '/'], problems, root), problems };
  };
  assert.deepEqual(read('public').to, {
    kind: 'files',
    files: { root: join(root, 'public'), index: 'index.html', spa: false, cacheControl: 'no-cache' },
  });
  assert.match(read('down.html').problems[0]?.text ?? '', /must be a directory/);
  assert.match(read('public', { spa: true, index: false }).problems[0]?.text ?? '', /needs an index/);
});

test('a change is told by the names of the file, without what is secret', () => {
  const auth = { realm: 'x', users: { ann: HASH } };
  assert.deepEqual(diffContent(null, { ...noContent, compress: true, deny: ['::1'], auth }), [
    'compress off -> on',
    'auth changed',
    'deny none -> ::1',
  ]);
  assert.deepEqual(diffContent(noContent, null), []);
});
