import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatTime } from './time-format.ts';

const moment = new Date(2026, 2, 1, 14, 4, 5, 67).getTime();

test("dayjs's tokens, in local time", () => {
  const zone = process.env.TZ;
  process.env.TZ = 'Asia/Kolkata';
  try {
    const now = Date.UTC(2026, 2, 1, 14, 4, 5, 67);
    assert.equal(formatTime(now, 'YYYY-MM-DD HH:mm:ss Z'), '2026-03-01 19:34:05 +05:30');
    assert.equal(formatTime(now, 'YYYY-MM-DDTHH:mm:ss.SSSZZ'), '2026-03-01T19:34:05.067+0530');
    process.env.TZ = 'America/St_Johns';
    assert.equal(formatTime(now, 'HH:mm Z'), '10:34 -03:30');
  } finally {
    if (zone === undefined) delete process.env.TZ;
    else process.env.TZ = zone;
  }
});

test('short forms, names, and what is no token', () => {
  assert.equal(formatTime(moment, 'D/M/YY h:m:s a A hh'), '1/3/26 2:4:5 pm PM 02');
  assert.equal(formatTime(moment, 'dddd ddd dd d, D MMMM MMM'), 'Sunday Sun Su 0, 1 March Mar');
  assert.equal(formatTime(moment, '[at] HH[h] [day] / #'), 'at 14h day / #');
  assert.equal(formatTime(moment, 'X x'), `${Math.floor(moment / 1000)} ${moment}`);
  assert.equal(formatTime(moment, 'iso'), new Date(moment).toISOString());
  assert.equal(formatTime(new Date(2026, 0, 1).getTime(), 'h A'), '12 AM');
});
