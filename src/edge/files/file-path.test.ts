import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { canonicalTarget } from '../http1/path.ts';
import { fileSegments, isShown } from './file-path.ts';

/** What attackers build paths from. */
const pieces = [
  '/',
  '//',
  '.',
  '..',
  '%2e',
  '%2E',
  '%2f',
  '%2F',
  '%5c',
  '\\',
  '%00',
  '%252e',
  '%c0%ae',
  ';',
  '~',
  'a',
  'b.txt',
  '%20',
  '%0a',
  '%ff',
  '.git',
  '...',
  '%',
  'etc',
  'ä',
  ':',
  '*',
  '%3b',
  '+',
]; // prettier-ignore

test('no path, however it is written, leads out of its directory or to a hidden file', () => {
  const path = fc.array(fc.oneof(fc.constantFrom(...pieces), fc.string({ maxLength: 3 })), { maxLength: 12 });
  fc.assert(
    fc.property(path, fc.boolean(), (parts, asSent) => {
      const raw = `/${parts.join('')}`;
      // With and without what the edge has refused before: this must hold by itself.
      const rest = asSent ? canonicalTarget(raw)?.path : raw;
      const segments = rest === undefined ? undefined : fileSegments(rest);
      if (!segments) return;
      const full = resolve('/srv/public', ...segments);
      assert.equal(full, ['/srv/public', ...segments].join('/').replace(/\/$/, ''));
      if (segments.at(-1) !== '') assert.ok(isShown('/srv/public', full), full);
      assert.ok(!segments.slice(0, -1).includes(''));
    }),
    { numRuns: 20_000 },
  );
});

test('ordinary names are found', () => {
  assert.deepEqual(fileSegments('/a/b%20c/%C3%A4.txt'), ['a', 'b c', 'ä.txt']);
  assert.deepEqual(fileSegments('/'), ['']);
  assert.deepEqual(fileSegments('/a/'), ['a', '']);
  assert.deepEqual(fileSegments('/.well-known/x'), ['.well-known', 'x']);
  assert.equal(fileSegments('/a/.well-known'), undefined);
});

test('a real path is shown only below the root', () => {
  assert.ok(isShown('/srv', '/srv/a'));
  assert.ok(isShown('/', '/a'));
  assert.ok(!isShown('/srv', '/srv2/a'));
  assert.ok(!isShown('/srv', '/srv'));
  assert.ok(!isShown('/srv', '/srv/a/.b'));
});
