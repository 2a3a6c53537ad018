import assert from 'node:assert/strict';
import { test } from 'node:test';
import { targetsAbout } from './summaries.ts';

test('targets are found by a word of what they are', () => {
  assert.deepEqual(targetsAbout('docker'), ['dockerfile', 'compose', 'swarm']);
  assert.deepEqual(targetsAbout('AWS'), ['elasticbeanstalk']);
  assert.deepEqual(targetsAbout('zzz'), []);
});
