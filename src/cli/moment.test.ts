import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseMoment } from './moment.ts';

const now = new Date(2026, 2, 1, 12, 30).getTime();

test('a while ago, a day, a time of day, a point in time', () => {
  assert.equal(parseMoment('10m', now), now - 600_000);
  assert.equal(parseMoment('1h 30m', now), now - 5_400_000);
  assert.equal(parseMoment('now', now), now);
  assert.equal(parseMoment('today', now), new Date(2026, 2, 1).getTime());
  assert.equal(parseMoment('yesterday', now), new Date(2026, 1, 28).getTime());
  assert.equal(parseMoment('12:00', now), new Date(2026, 2, 1, 12).getTime());
  assert.equal(parseMoment('14:30:10', now), new Date(2026, 1, 28, 14, 30, 10).getTime());
  assert.equal(parseMoment('2026-02-01', now), new Date(2026, 1, 1).getTime());
  assert.equal(parseMoment('2026-03-01T12:00', now), new Date(2026, 2, 1, 12).getTime());
  assert.equal(parseMoment('2026-03-01T12:00:00Z', now), Date.UTC(2026, 2, 1, 12));
});

test('what is no time says what would be one', () => {
  for (const text of ['', 'soon', '25:00', '12:60', '2026-13-01'])
    assert.throws(() => parseMoment(text, now), /It must be a time such as "10m"/, text);
});
