import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { requireProgram } from '../../../test/support/programs.ts';
import { schedule } from '../../kit/cron.ts';
import { onCalendar } from './calendar.ts';

const CASES: Readonly<Record<string, readonly string[]>> = {
  '*/5 * * * *': ['*-*-* *:00/5:00'],
  '0 4 * * *': ['*-*-* 04:00:00'],
  '30 9-17 * * MON-FRI': ['Mon..Fri *-*-* 09..17:30:00'],
  '0 0 * * FRI-SUN': ['Fri..Sun *-*-* 00:00:00'],
  '0 0 * * 0,2': ['Tue,Sun *-*-* 00:00:00'],
  '0 12 1,15 * 5': ['*-*-01,15 12:00:00', 'Fri *-*-* 12:00:00'],
  '0 4 */2 * 1': ['*-*-01/2 04:00:00', 'Mon *-*-* 04:00:00'],
  '15 10 L * *': ['*-*~01 10:15:00'],
  '0 4 * * 5L': ['Fri *-*~01..07 04:00:00'],
  '0 4 * * 1#2': ['Mon *-*-08..14 04:00:00'],
  '0 4 * * 1#5': ['Mon *-*-29..31 04:00:00'],
  '*/10 * * * * *': ['*-*-* *:*:00/10'],
  '5,10,20 1-3,7 * JAN,JUL-SEP *': ['*-01,07..09-* 01..03,07:05,10,20:00'],
  '7-59/13 */7 * * ?': ['*-*-* 00/7:07/13:00'],
  '@weekly': ['Sun *-*-* 00:00:00'],
  '0 0 * * 1-7': ['*-*-* 00:00:00'],
};

test('cron expressions become calendar events', () => {
  for (const [expression, lines] of Object.entries(CASES)) {
    assert.deepEqual(onCalendar({ expression, timezone: null }), lines, expression);
  }
  assert.deepEqual(onCalendar({ expression: '0 4 * * *', timezone: 'Europe/Berlin' }), [
    '*-*-* 04:00:00 Europe/Berlin',
  ]);
});

test('what systemd has no words for is told, not guessed', () => {
  for (const expression of [
    '0 4 15W * *',
    '0 4 1 1 +1',
    '0 0 4 1 1 * 2027',
    'nonsense',
    '70 * * * *',
    '0 4 5-1 * *',
  ]) {
    assert.equal(onCalendar({ expression, timezone: null }), undefined, expression);
  }
});

test('systemd runs at the times at which Holdfast would', (t) => {
  if (!requireProgram(t, 'systemd-analyze')) return;
  const base = Date.UTC(2027, 0, 27, 11, 3, 7);
  for (const timezone of ['UTC', 'America/New_York']) {
    for (const expression of Object.keys(CASES)) {
      const lines = onCalendar({ expression, timezone }) ?? [];
      const { stdout, stderr } = spawnSync(
        'systemd-analyze',
        ['calendar', '--iterations=6', '--base-time=2027-01-27 11:03:07 UTC', ...lines],
        { encoding: 'utf8', env: { ...process.env, TZ: 'UTC', LC_ALL: 'C' } },
      );
      const times = [...stdout.matchAll(/: \w{3} (\d\S+ \S+) UTC/g)];
      const theirs = [...new Set(times.map(([, time]) => Date.parse(`${time}Z`)))]
        .sort((a, b) => a - b)
        .slice(0, 6);
      const ours: number[] = [];
      const cron = schedule(expression, timezone);
      for (let time = cron.next(base); time !== null && ours.length < 6; time = cron.next(time))
        ours.push(time);
      assert.deepEqual(theirs, ours, `${expression} ${timezone}: ${lines.join(' | ')}\n${stdout}${stderr}`);
    }
  }
});
