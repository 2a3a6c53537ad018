import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fakeDaemon } from '../../test/support/fake-daemon.ts';
import { tempDir } from '../../test/support/temp-dir.ts';
import { HoldfastError } from '../errors.ts';
import { refuseTakenNames } from './under-way.ts';

const names = { source: '/srv/shop/current/holdfast.config.json', apps: ['web'], sites: ['shop.example'] };

test('names of others are asked for before the work begins; what cannot be asked is no reason to stop', async (t) => {
  const home = tempDir(t);
  await refuseTakenNames({ home }, 'shop', names);
  const daemon = await fakeDaemon(t, home);
  const check = 'POST /v1/releases/shop/check';
  await refuseTakenNames({ home }, 'shop', names);
  assert.deepEqual(daemon.requests.at(-1), { what: check, body: names });
  daemon.outcomes[check] = { error: new HoldfastError('APP_EXISTS', 'Cannot take "web"') };
  await assert.rejects(refuseTakenNames({ home }, 'shop', names), { code: 'APP_EXISTS' });
  daemon.outcomes[check] = { error: new HoldfastError('INTERNAL', 'A bug') };
  await refuseTakenNames({ home }, 'shop', names);
});
