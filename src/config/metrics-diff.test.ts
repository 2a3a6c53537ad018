import assert from 'node:assert/strict';
import { test } from 'node:test';
import { metricsDefaults } from './metrics-defaults.ts';
import { metricsChange } from './metrics-diff.ts';

test('what is new is told without what was not there before', () => {
  const listen = { host: '127.0.0.1', port: 33469 };
  const [added] = metricsChange(metricsDefaults, { ...metricsDefaults, listen });
  assert.deepEqual(added?.detail, ['listen 127.0.0.1:33469']);
  const other = { ...metricsDefaults, listen: { ...listen, port: 33470 } };
  const [changed] = metricsChange({ ...metricsDefaults, listen }, other);
  assert.deepEqual(changed?.detail, ['listen 127.0.0.1:33469 -> 127.0.0.1:33470']);
});
