import assert from 'node:assert/strict';
import { test } from 'node:test';
import { maskArguments } from './mask-arguments.ts';

test('what looks secret on a command line is hidden', () => {
  const given = [
    ['node', 'server.js', '--port', '3000'],
    ['--db-password=hunter2', '--verbose'],
    ['--api-key', 'abc', 'rest'],
    ['--token', '--verbose', 'plain'],
    ['DB_PASSWORD=hunter2', 'MODE=fast'],
    ['postgres://deploy:hunter2@db/web'],
  ];
  assert.deepEqual(given.map(maskArguments), [
    ['node', 'server.js', '--port', '3000'],
    ['--db-password=•••', '--verbose'],
    ['--api-key', '•••', 'rest'],
    ['--token', '--verbose', 'plain'],
    ['DB_PASSWORD=•••', 'MODE=fast'],
    ['postgres://deploy:•••@db/web'],
  ]);
});
