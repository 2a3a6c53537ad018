import assert from 'node:assert/strict';
import { readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { cleanup, type Test } from '../../test/support/cleanup.ts';
import { logPlan } from '../../test/support/plans.ts';
import { tempDir } from '../../test/support/temp-dir.ts';
import { FakeClock } from '../kit/clock.ts';
import { rotatedFiles } from './log-files.ts';
import { isAbsurd, periodEnd } from './period.ts';
import { encodeRecord } from './record.ts';
import { LogWriter } from './writer.ts';

const HOUR = 3_600_000;

/** Local time, as the periods are. */
const noon = new Date(2026, 10, 23, 12, 30, 15).getTime();

function open(t: Test, dir: string, every: 'hour' | 'day', now = noon) {
  const clock = new FakeClock(now);
  const plan = logPlan({ rotateEvery: every, compress: false });
  const writer = new LogWriter({ dir, app: 'web', plan, clock });
  cleanup(t, () => writer.close());
  return { writer, clock, say: (text: string) => writer.write(Buffer.from(record(text, clock.now()))) };
}

function record(text: string, now: number): string {
  const time = new Date(now).toISOString();
  return encodeRecord({ time, instance: 'web.0', stream: 'out', partial: false, text });
}

function textsIn(path: string): string[] {
  const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1);
  return lines.map((line) => line.split(' ').slice(3).join(' '));
}

test('an hour ends at the next full hour, a day at the next midnight, local time', () => {
  assert.equal(periodEnd(noon, 'hour'), new Date(2026, 10, 23, 13).getTime());
  assert.equal(periodEnd(noon, 'day'), new Date(2026, 10, 24).getTime());
  const midnight = new Date(2026, 11, 31).getTime();
  assert.equal(periodEnd(midnight, 'day'), new Date(2027, 0, 1).getTime());
  assert.ok(isAbsurd(noon + 72 * HOUR, noon, 'day') && !isAbsurd(noon + 25 * HOUR, noon, 'day'));
});

test('the first line of a new day begins a new file; the name of the old one is of the day that is in it', (t) => {
  const dir = tempDir(t);
  const { writer, clock, say } = open(t, dir, 'day');
  say('monday');
  clock.advance(40 * HOUR); // No line on Tuesday.
  say('wednesday');
  say('wednesday too');
  const [monday, ...others] = rotatedFiles(writer.path);
  assert.deepEqual(others, []);
  assert.ok(monday);
  assert.equal(Date.parse(monday.until), new Date(2026, 10, 24).getTime() - 1);
  assert.deepEqual(textsIn(monday.path), ['monday']);
  assert.deepEqual(textsIn(writer.path), ['wednesday', 'wednesday too']);
});

test('hours', (t) => {
  const dir = tempDir(t);
  const { writer, clock, say } = open(t, dir, 'hour');
  for (let n = 0; n < 6; n++) {
    say(`line ${n}`);
    clock.advance(HOUR / 2);
  }
  assert.deepEqual(
    rotatedFiles(writer.path).map(({ path }) => textsIn(path)),
    [['line 0'], ['line 1', 'line 2'], ['line 3', 'line 4']],
  );
});

test('what an earlier daemon wrote yesterday is set aside with the first line of today', (t) => {
  const dir = tempDir(t);
  const path = join(dir, 'web.log');
  const yesterday = noon - 20 * HOUR;
  writeFileSync(path, record('yesterday', yesterday));
  utimesSync(path, yesterday / 1000, yesterday / 1000);
  const { say } = open(t, dir, 'day');
  say('today');
  assert.deepEqual(
    rotatedFiles(path).map((rotated) => textsIn(rotated.path)),
    [['yesterday']],
  );
  assert.deepEqual(textsIn(path), ['today']);
});

test('a clock that goes back over midnight, or was wrong by years, loses nothing and ends no rotation', (t) => {
  const dir = tempDir(t);
  const { writer, say } = open(t, dir, 'day', new Date(2026, 10, 24, 0, 0, 1).getTime());
  say('after midnight');
  const back = open(t, dir, 'day', new Date(2026, 10, 23, 23, 59).getTime());
  back.say('before midnight');
  back.clock.advance(2 * 60_000);
  back.say('after midnight again');
  const all = [...rotatedFiles(writer.path).map(({ path }) => path), writer.path].flatMap(textsIn);
  assert.deepEqual(all, ['after midnight', 'before midnight', 'after midnight again']);

  const other = tempDir(t);
  const wrong = open(t, other, 'day', new Date(2040, 0, 1).getTime());
  wrong.say('in 2040');
  const right = open(t, other, 'day');
  right.say('monday');
  right.clock.advance(24 * HOUR);
  right.say('tuesday');
  assert.equal(rotatedFiles(right.writer.path).length, 1);
  assert.ok(statSync(right.writer.path).size > 0);
});
