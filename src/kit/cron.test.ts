import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { schedule } from './cron.ts';

const ms = (text: string) => Date.parse(text);
const iso = (time: number | null) => (time === null ? null : new Date(time).toISOString());

/** The planned times after one, as UTC. */
function following(expression: string, timezone: string, from: string, count: number): (string | null)[] {
  const planned = schedule(expression, timezone);
  let time: number | null = ms(from);
  return Array.from({ length: count }, () => {
    time = time === null ? null : planned.next(time);
    return iso(time);
  });
}

describe('a schedule', () => {
  test('takes five fields, and six with seconds first', () => {
    assert.deepEqual(following('*/20 4 * * *', 'UTC', '2026-01-01T04:20:00Z', 2), [
      '2026-01-01T04:40:00.000Z',
      '2026-01-02T04:00:00.000Z',
    ]);
    assert.deepEqual(following('*/30 * * * * *', 'UTC', '2026-01-01T00:00:01Z', 2), [
      '2026-01-01T00:00:30.000Z',
      '2026-01-01T00:01:00.000Z',
    ]);
  });

  test('means the time of its zone', () => {
    assert.deepEqual(following('0 4 * * *', 'Asia/Tokyo', '2026-01-01T00:00:00Z', 1), [
      '2026-01-01T19:00:00.000Z',
    ]);
  });

  test('runs a nightly time once when the clocks go forward over it', () => {
    // 02:30 does not exist on 29 March: it is 03:00 summer time.
    assert.deepEqual(following('30 2 * * *', 'Europe/Berlin', '2026-03-28T00:00:00Z', 3), [
      '2026-03-28T01:30:00.000Z',
      '2026-03-29T01:00:00.000Z',
      '2026-03-30T00:30:00.000Z',
    ]);
    assert.deepEqual(following('30 2,14 * * *', 'Europe/Berlin', '2026-03-28T20:00:00Z', 2), [
      '2026-03-29T01:00:00.000Z',
      '2026-03-29T12:30:00.000Z',
    ]);
  });

  test('runs a nightly time once when the clocks go back over it', () => {
    assert.deepEqual(following('30 2 * * *', 'Europe/Berlin', '2026-10-24T12:00:00Z', 2), [
      '2026-10-25T00:30:00.000Z',
      '2026-10-26T01:30:00.000Z',
    ]);
  });

  test('keeps the pace of an hourly one in both nights', () => {
    for (const night of ['2026-03-29T00:00:00Z', '2026-10-25T00:00:00Z']) {
      const times = following('0 * * * *', 'Europe/Berlin', night, 4).map((time) => ms(time ?? ''));
      assert.deepEqual(
        times.map((time) => time - ms(night)),
        [1, 2, 3, 4].map((hours) => hours * 3_600_000),
      );
    }
  });

  test('knows the newest time that has come, which may be this very moment', () => {
    const minutely = schedule('* * * * *', 'UTC');
    assert.equal(iso(minutely.latest(ms('2026-01-01T00:05:59.999Z'))), '2026-01-01T00:05:00.000Z');
    assert.equal(iso(minutely.latest(ms('2026-01-01T00:06:00.000Z'))), '2026-01-01T00:06:00.000Z');
    assert.equal(iso(minutely.next(ms('2026-01-01T00:06:00.000Z'))), '2026-01-01T00:07:00.000Z');
  });

  test('counts what lies between, up to a limit', () => {
    const minutely = schedule('* * * * *', 'UTC');
    const from = ms('2026-01-01T00:00:00Z');
    assert.equal(minutely.count(from, from + 10 * 60_000, 1000), 10);
    assert.equal(minutely.count(from, from + 10 * 60_000 - 1, 1000), 9);
    assert.equal(minutely.count(from, from + 10 * 60_000, 7), 7);
    assert.equal(minutely.count(from, from - 1, 7), 0);
  });

  test('ends when no time is left', () => {
    assert.equal(schedule('0 0 30 2 *', 'UTC').next(ms('2026-01-01T00:00:00Z')), null);
  });

  test('refuses what is no expression or no time zone', () => {
    assert.throws(() => schedule('hello', null));
    assert.throws(() => schedule('61 * * * *', null));
    assert.throws(() => schedule('* * * * *', 'Mars/Phobos').next(0), /Mars\/Phobos/);
  });
});
