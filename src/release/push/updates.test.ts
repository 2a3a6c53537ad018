import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hookScript } from './repository.ts';
import { parsePushOptions, parseUpdates, pushedCommit } from './updates.ts';

const [a, b, none] = ['a'.repeat(40), 'b'.repeat(40), '0'.repeat(40)];

test('only the branch that is deployed is a release, and it stays', () => {
  const updates = parseUpdates(`${none} ${a} refs/heads/try\n${a} ${b} refs/heads/main\n`);
  assert.equal(pushedCommit(updates, 'main'), b);
  assert.equal(pushedCommit(updates, 'live'), null);
  assert.equal(pushedCommit(parseUpdates(`${none} ${a} refs/tags/main\n`), 'main'), null);
  const removed = parseUpdates(`${a} ${none} refs/heads/main\n`);
  assert.throws(() => pushedCommit(removed, 'main'), { code: 'USAGE' });
});

test('push options are those of a deploy', () => {
  const env = {
    GIT_PUSH_OPTION_COUNT: '2',
    GIT_PUSH_OPTION_0: 'allow-new=sharp',
    GIT_PUSH_OPTION_1: 'again',
  };
  assert.deepEqual(parsePushOptions(env), { allowNew: ['sharp'], again: true, migrates: true });
  assert.deepEqual(parsePushOptions({}), { allowNew: [], again: false, migrates: true });
  const wrong = { GIT_PUSH_OPTION_COUNT: '1', GIT_PUSH_OPTION_0: 'force' };
  assert.throws(() => parsePushOptions(wrong), { code: 'USAGE' });
});

test('the hook quotes what it runs', () => {
  assert.match(
    hookScript(["/a b/it's", '--home', '$x']),
    /^exec '\/a b\/it'\\''s' --home '\$x' --push "\$pushed"$/m,
  );
});
