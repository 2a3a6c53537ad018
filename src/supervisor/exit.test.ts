import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeExit, type Exit, isFailure, unknownExit } from './exit.ts';

for (const [code, signal, words, failure] of [
  [0, null, 'exited with code 0', false],
  [3, null, 'exited with code 3', true],
  [126, null, 'exited with code 126 (found, but it may not be executed)', true],
  [127, null, 'exited with code 127 (command not found)', true],
  [137, null, 'exited with code 137 (as after SIGKILL)', true],
  [143, null, 'exited with code 143 (as after SIGTERM)', true],
  [255, null, 'exited with code 255', true],
  [null, 'SIGKILL', 'killed by SIGKILL', true],
  [null, 'SIGSEGV', 'killed by SIGSEGV (crashed)', true],
  [null, 'SIGABRT', 'killed by SIGABRT (aborted)', true],
] as const) {
  test(words, () => {
    const exit: Exit = { code, signal };
    assert.deepEqual([describeExit(exit), isFailure(exit)], [words, failure]);
  });
}

test('an end that nobody saw is not said to be a failure', () => {
  assert.match(describeExit(unknownExit), /how is not known/);
  assert.equal(isFailure(unknownExit), false);
});
