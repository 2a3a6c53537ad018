import assert from 'node:assert/strict';
import { test } from 'node:test';
import { logFields } from '../../src/config/edge-traffic-schema.ts';
import { jsonFields } from '../../src/edge/access-format.ts';

test('the configuration takes the fields that the edge can write, and no others, in the order of a whole line', () => {
  assert.deepEqual(logFields, jsonFields);
});
