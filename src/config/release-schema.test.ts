import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkReleaseFacts } from './check.ts';

const builds = (build: unknown) => {
  const { facts, problems } = checkReleaseFacts({ release: { build } });
  return facts
    ? facts.rest.release.build
    : problems.map(({ path, text }) => `${path.join('.')} ${text}`).join();
};

test('a build is nothing, a command, the words of one, or several commands', () => {
  assert.equal(builds(undefined), null);
  assert.deepEqual(builds(false), []);
  assert.deepEqual(builds('npm run a'), [['npm', 'run', 'a']]);
  assert.deepEqual(builds(['node', 'build.js']), [['node', 'build.js']]);
  assert.deepEqual(builds(['npm run a', 'make']), [['npm', 'run', 'a'], ['make']]);
  assert.deepEqual(builds([['node', '-e', '1 + 1'], 'make all']), [
    ['node', '-e', '1 + 1'],
    ['make', 'all'],
  ]);
  assert.match(String(builds(['node', '-e', '1 + 1'])), /^release\.build can be one command or several: /);
  assert.match(String(builds('npm run a && npm run b')), /^release\.build cannot be run: /);
  assert.match(String(builds(['npm run a | cat', 'make'])), /^release\.build cannot be run: /);
  assert.match(
    String(builds(5)),
    /^release\.build must be false, a command such as "npm run build".*: got 5$/,
  );
});

test('how old packages must be is compared with, and waited for by nothing: months are allowed', () => {
  const coolDown = (value: string) =>
    checkReleaseFacts({ release: { install: { coolDown: value } } }).facts?.rest.release.install.coolDownMs;
  assert.equal(coolDown('90d'), 90 * 86_400_000);
  assert.equal(coolDown('90'), undefined);
});
