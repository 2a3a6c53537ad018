import assert from 'node:assert/strict';
import { test } from 'node:test';
import { appPlan } from '../../test/support/plans.ts';
import { releasePlan } from '../../test/support/promotion.ts';
import { type DesiredState, nothingDesired } from './state.ts';
import { fresh } from './stored-app.ts';
import { refuseForeign } from './up-plan.ts';

test('whose app has the name is said, and `hold up` in a deployed project leads to `hold deploy`', () => {
  const next = { ...releasePlan(), source: '/home/ann/shop/holdfast.config.json' };
  const state = (release: string | null, project = 'shop'): DesiredState => {
    const web = fresh(appPlan({ name: 'web', project, release }), '/srv/shop/current/holdfast.config.json');
    return { ...nothingDesired, apps: { web } };
  };
  assert.throws(() => refuseForeign(state('r1'), next), {
    code: 'APP_EXISTS',
    message: 'Cannot bring "web" up from here: release "r1" of "shop" runs it',
    hint: /`hold deploy` brings/,
  });
  const message = /an app of this name comes from "\/srv\/shop/;
  assert.throws(() => refuseForeign(state('r1', 'blog'), next), {
    message: /"web" cannot be of the project "shop": "blog" is deployed here/,
    hint: /`name: 'blog'`/,
  });
  assert.throws(() => refuseForeign(state(null), next), { message, hint: /`hold delete web`/ });
  refuseForeign(nothingDesired, next);
});
