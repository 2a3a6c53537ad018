import assert from 'node:assert/strict';
import { test } from 'node:test';
import { appView } from '../../../test/support/fake-daemon.ts';
import { instanceReason } from './app-table.ts';

test('an instance that is due starts now, not in 0ms', () => {
  const [instance] = appView('web').instances;
  assert.ok(instance);
  const crashed = { ...instance, status: 'backoff', reason: 'exited with code 1' } as const;
  assert.equal(instanceReason({ ...crashed, nextStartMs: 0 }), 'exited with code 1; starts again now');
  assert.equal(instanceReason({ ...crashed, nextStartMs: 3200 }), 'exited with code 1; starts again in 3.2s');
});
