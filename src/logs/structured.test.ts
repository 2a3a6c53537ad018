import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseStructured } from './structured.ts';

test('a line of a logger has a level; one of an access log has a status, and 5xx are errors', () => {
  assert.equal(parseStructured('{"level":30,"msg":"x"}')?.level, 'info');
  const line = parseStructured('{"time":"2026-01-05T07:08:09.123Z","status":503,"by":"web.0"}');
  assert.deepEqual([line?.level, line?.time], ['error', '2026-01-05T07:08:09.123Z']);
  assert.deepEqual(line?.fields, { status: 503, by: 'web.0' });
  assert.equal(parseStructured('{"status":404}')?.level, 'info');
});

test('what is neither is text', () => {
  for (const text of ['{"a":1}', '{"level":30}', '{"status":"503"}', '{"level":30', '[1]', 'x'])
    assert.equal(parseStructured(text), undefined, text);
});
