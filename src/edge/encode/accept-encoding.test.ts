import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Coding, chooseCoding } from './accept-encoding.ts';

test('the coding that the client likes best, of equal ones the first', () => {
  const all: readonly Coding[] = ['zstd', 'br', 'gzip'];
  const cases: (readonly [string, Coding | undefined])[] = [
    ['', undefined],
    ['identity', undefined],
    ['gzip', 'gzip'],
    ['GZIP ; Q=1', 'gzip'],
    ['x-gzip', 'gzip'],
    ['gzip, deflate, br, zstd', 'zstd'],
    ['gzip, br;q=0.9', 'gzip'],
    ['gzip;q=0, *', 'zstd'],
    ['*;q=0', undefined],
    ['zstd;q=0, br;q=0.0', undefined],
    ['gzip;q=0.5, identity;q=1', undefined],
    ['gzip;q=2', undefined],
    ['gzip;q=nonsense', undefined],
    ['deflate', undefined],
  ];
  for (const [field, coding] of cases) assert.equal(chooseCoding(field, all), coding, field);
  assert.equal(chooseCoding('br', []), undefined);
});
