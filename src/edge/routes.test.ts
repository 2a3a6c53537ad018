import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Router } from './routes.ts';

function router(
  sites: Record<string, Record<string, string>>,
): (host: string, path: string) => string | undefined {
  const table = Object.entries(sites).map(([host, routes]) => ({
    host,
    routes: Object.entries(routes).map(([prefix, pool]) => ({ prefix, pool })),
  }));
  const compiled = new Router(table, (name) => (name === 'missing' ? undefined : name));
  return (host, path) => {
    const place = compiled.site(host)?.route(path)?.place;
    return typeof place === 'string' ? place : undefined;
  };
}

test('the longest prefix wins, at segment borders', () => {
  const match = router({ 'a.test': { '/': 'root', '/api': 'api', '/api/v2/': 'v2', '/api/v2/x': 'x' } });
  const expected = {
    '/': 'root',
    '/ap': 'root',
    '/apix': 'root',
    '/api': 'api',
    '/api/': 'api',
    '/api/v2': 'v2',
    '/api/v2/': 'v2',
    '/api/v2x': 'api',
    '/api/v2/x/y': 'x',
    '//api': 'root',
  };
  for (const [path, pool] of Object.entries(expected)) assert.equal(match('a.test', path), pool, path);
});

test('a host finds its own site, then the nearest wildcard, then the one for all', () => {
  const match = router({
    'a.test': { '/': 'exact' },
    '*.a.test': { '/': 'wild' },
    '*.b.a.test': { '/': 'nearer' },
    '*': { '/': 'any' },
  });
  assert.equal(match('A.test:80', '/'), 'exact');
  assert.equal(match('x.a.test', '/'), 'wild');
  assert.equal(match('y.x.a.test', '/'), 'wild');
  assert.equal(match('x.b.a.test', '/'), 'nearer');
  assert.equal(match('b.test', '/'), 'any');
  assert.equal(match('', '/'), 'any');
});

test('what leads nowhere is nothing', () => {
  const match = router({ 'a.test': { '/x': 'pool', '/y': 'missing' } });
  assert.equal(match('b.test', '/x'), undefined);
  assert.equal(match('a.test', '/'), undefined);
  assert.equal(match('a.test', '/y'), undefined);
});
