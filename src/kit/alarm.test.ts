import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Alarm, type Due } from './alarm.ts';
import { type Clock, FakeClock } from './clock.ts';
import { schedule } from './cron.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const START = Date.parse('2026-01-01T12:00:30Z');

/** Timers count what passes; the wall clock can be set. */
class WallClock implements Clock {
  readonly fake = new FakeClock(START);
  #offset = 0;

  now(): number {
    return this.fake.now() + this.#offset;
  }

  after(ms: number, callback: () => void): () => void {
    return this.fake.after(ms, callback);
  }

  set(by: number): void {
    this.#offset += by;
  }
}

function alarm(expression: string, { since = START }: { since?: number } = {}) {
  const clock = new WallClock();
  const dues: Due[] = [];
  const made = new Alarm({
    clock,
    schedule: schedule(expression, 'UTC'),
    since,
    onDue: (due) => dues.push(due),
  });
  assert.equal(dues.length, 0, 'not before it is made');
  clock.fake.advance(0);
  return {
    clock,
    alarm: made,
    dues,
    planned: () => dues.map(({ planned }) => new Date(planned).toISOString().slice(11, 19)),
  };
}

describe('an alarm', () => {
  test('calls at each planned time, once', () => {
    const { clock, planned, dues } = alarm('* * * * *');
    clock.fake.advance(3 * MINUTE);
    assert.deepEqual(planned(), ['12:01:00', '12:02:00', '12:03:00']);
    assert.ok(dues.every(({ isMissed, missed }) => !isMissed && missed === 0));
  });

  test('says when it is going to call', () => {
    const { clock, alarm: it } = alarm('0 13 * * *');
    assert.equal(it.next, START + HOUR - 30_000);
    clock.fake.advance(HOUR);
    assert.equal(it.next, START + 25 * HOUR - 30_000);
  });

  test('is not late after a sleep of the machine that its timers knew nothing of', () => {
    const { clock, planned, dues } = alarm('0 13 * * *');
    clock.set(HOUR - 30_000);
    clock.fake.advance(30_000);
    assert.deepEqual(planned(), ['13:00:00']);
    assert.equal(dues[0]?.isMissed, false);
  });

  test('makes one call of all that passed in a sleep, and counts what was missed', () => {
    const { clock, planned, dues } = alarm('*/5 * * * *');
    clock.set(8 * HOUR);
    clock.fake.advance(30_000);
    assert.deepEqual(planned(), ['20:00:00']);
    assert.deepEqual(dues[0], {
      planned: Date.parse('2026-01-01T20:00:00Z'),
      isMissed: true,
      missed: 96,
      missedSince: Date.parse('2026-01-01T12:05:00Z'),
    });
    clock.fake.advance(5 * MINUTE);
    assert.deepEqual(planned(), ['20:00:00', '20:05:00']);
    assert.equal(dues[1]?.missed, 0);
  });

  test('does not count what is merely late as missed', () => {
    const { clock, dues } = alarm('*/5 * * * *');
    clock.set(2 * HOUR - 50_000); // 14:00:10 when it looks
    clock.fake.advance(30_000);
    assert.equal(dues.length, 1);
    assert.equal(dues[0]?.isMissed, false);
    assert.equal(dues[0]?.missed, 23);
  });

  test('does not call again what it has called when the clock is set back', () => {
    const { clock, planned } = alarm('* * * * *');
    clock.fake.advance(2 * MINUTE);
    clock.set(-10 * MINUTE);
    clock.fake.advance(10 * MINUTE);
    assert.deepEqual(planned(), ['12:01:00', '12:02:00']);
    clock.fake.advance(MINUTE);
    assert.deepEqual(planned(), ['12:01:00', '12:02:00', '12:03:00']);
  });

  test('believes a clock that is set back far: it was wrong before', () => {
    const { clock, planned } = alarm('* * * * *');
    clock.set(1000 * HOUR);
    clock.fake.advance(MINUTE);
    clock.set(-1000 * HOUR);
    clock.fake.advance(2 * MINUTE);
    assert.deepEqual(planned().slice(-2), ['12:02:00', '12:03:00']);
  });

  test('knows what passed before it was made', () => {
    const { dues } = alarm('0 * * * *', { since: START - 3 * HOUR });
    assert.equal(dues.length, 1);
    assert.equal(dues[0]?.missed, 2); // 10:00 and 11:00; 12:00 was half a minute ago
    assert.equal(dues[0]?.isMissed, false);
  });

  test('does not count for ever', () => {
    const { dues } = alarm('* * * * * *', { since: START - 1000 * HOUR });
    assert.equal(dues.length, 1);
    assert.equal(dues[0]?.missed, 1000);
    assert.equal(dues[0]?.planned, START);
  });

  test('leaves no timer behind, also when it is closed in its call', () => {
    const { clock, alarm: it } = alarm('* * * * *');
    it.close();
    assert.equal(clock.fake.pending, 0);

    const other = new WallClock();
    const inside: Alarm = new Alarm({
      clock: other,
      schedule: schedule('* * * * *', 'UTC'),
      since: START,
      onDue: () => inside.close(),
    });
    other.fake.advance(MINUTE);
    assert.equal(other.fake.pending, 0);
  });
});
