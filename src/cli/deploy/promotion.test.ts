import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PromotionView } from '../../protocol/release.ts';
import type { Context } from '../context.ts';
import { continueDeploy, takeBack } from './promotion.ts';

function promoting(step: 'canary' | 'bake' | null): PromotionView {
  const promotion = step && { release: 'r2', step, share: null, until: null };
  return { project: 'shop', serving: step === 'bake' ? 'r2' : 'r1', previous: null, promotion };
}

/** A daemon that says these one after the other, the last one for ever. */
function setUp(...views: readonly PromotionView[]) {
  const printed: string[] = [];
  const asked: string[] = [];
  const left = [...views];
  const next = (): PromotionView => (left.length > 1 ? left.shift() : left[0]) ?? promoting(null);
  const client = {
    releases: async () => [next()],
    continuePromotion: async (project: string) => {
      asked.push(`continue ${project}`);
      return next();
    },
    abortPromotion: async (project: string) => {
      asked.push(`abort ${project}`);
    },
  };
  const out = { line: (text: string) => printed.push(text), style: { green: (text: string) => text } };
  const context = { look: async () => client, json: false, out, signal: new AbortController().signal };
  return { context: context as unknown as Context, printed, asked };
}

test('`hold deploy --continue` says what comes of it', async () => {
  const bake = setUp(promoting('bake'), promoting(null));
  await continueDeploy(bake.context, 'shop');
  assert.deepEqual([bake.asked, bake.printed], [['continue shop'], ['✔ shop r2 serves']]);
  const canary = setUp(promoting('canary'));
  await continueDeploy(canary.context, 'shop');
  assert.deepEqual(canary.printed, ['shop r2 goes on: canary']);
  const none = setUp(promoting(null));
  await assert.rejects(continueDeploy(none.context, 'shop'), {
    code: 'RELEASE_UNKNOWN',
    message: 'No release of "shop" is being promoted',
  });
  assert.deepEqual(none.asked, []);
});

test('a release that is being promoted is taken back, and waited for', async () => {
  const { context, printed, asked } = setUp(promoting('bake'), promoting('bake'), promoting(null));
  assert.equal(await takeBack(context, 'shop'), true);
  assert.deepEqual([asked, printed], [['abort shop'], ['r2 was taken back: r1 serves']]);
  assert.equal(await takeBack(setUp(promoting(null)).context, 'shop'), false);
});
