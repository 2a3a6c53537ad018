import assert from 'node:assert/strict';
import { test } from 'node:test';
import { promotionOf } from '../../../test/support/promotion.ts';
import { noFigures } from './figures.ts';
import type { Failure } from './promotion.ts';
import { usualAfter, usualPast } from './usual.ts';

const failure: Failure = { step: 'bake', reason: '5xx', details: [], aborted: false };
const past = {
  web: { ...noFigures, requests: 500, crashes: 1 },
  seldom: { ...noFigures, requests: 3, crashes: 0 },
};

test('after a bad release the next one is compared with what was before that', () => {
  const usual = usualAfter(promotionOf({ past }), failure, 1000);
  assert.deepEqual(usualPast({ usual }, 'web', 2000), past.web);
  assert.equal(usualPast({ usual }, 'other', 2000), null);
  assert.equal(usualPast({ usual }, 'seldom', 2000), null, 'that says nothing');
  assert.equal(usualPast({ usual }, 'web', 10_000_000), null, 'it is long ago');
});

test('after a good one with what that does', () => {
  assert.equal(usualAfter(promotionOf({ past }), null, 1000), null);
});
