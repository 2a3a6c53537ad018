import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { didYouMean, nearest } from './suggest.ts';

test('a name is suggested when it is near', () => {
  const names = ['instances', 'env', 'envFile', 'run', 'stop'];
  assert.equal(nearest('instnces', names), 'instances');
  assert.equal(nearest('isntances', names), 'instances', 'a swap of neighbours is one mistake');
  assert.equal(nearest('env_file', names), 'envFile');
  assert.equal(nearest('ENV', names), 'env');
  assert.equal(nearest('rnu', names), 'run');
  assert.equal(nearest('colour', names), undefined);
  assert.equal(didYouMean('runn', names), ': did you mean "run"?');
  assert.equal(didYouMean('colour', names), '');
});

test('any names can be compared, and only one of those that were given is suggested', () => {
  fc.assert(
    fc.property(fc.string(), fc.array(fc.string()), (wrong, names) => {
      const name = nearest(wrong, names);
      assert.ok(name === undefined || (names.includes(name) && name !== wrong));
    }),
  );
});
