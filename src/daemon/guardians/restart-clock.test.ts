import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { appPlan } from '../../../test/support/plans.ts';
import { appDefaults } from '../../config/app-defaults.ts';
import { FakeClock } from '../../kit/clock.ts';
import { nothingDesired } from '../state.ts';
import { fresh } from '../stored-app.ts';
import { RestartClock } from './restart-clock.ts';

const HOUR = 3_600_000;

function setUp(expression: string) {
  const clock = new FakeClock(Date.parse('2026-01-01T12:00:00Z'));
  const reloads: string[] = [];
  const rolling = new Set<string>();
  let stopped = false;
  let at: { expression: string; timezone: string | null } | null = { expression, timezone: 'UTC' };
  const guardian = new RestartClock({
    clock,
    state: () => {
      const plan = appPlan({ restart: { ...appDefaults.restart, at } });
      return { ...nothingDesired, apps: { web: { ...fresh(plan, null), stopped } } };
    },
    isRolling: (app) => rolling.has(app),
    reload: async (app, why) => {
      reloads.push(`${app} ${why} at ${new Date(clock.now()).toISOString().slice(11, 16)}`);
      throw new Error('it did not get ready');
    },
  });
  guardian.changed();
  return {
    clock,
    reloads,
    rolling,
    guardian,
    stop(value: boolean) {
      stopped = value;
      guardian.changed();
    },
    schedule(next: string | null) {
      at = next === null ? null : { expression: next, timezone: 'UTC' };
      guardian.changed();
    },
  };
}

describe('restarts by the clock', () => {
  test('happen at their times, also after one that failed', () => {
    const { clock, reloads, guardian } = setUp('0 4,16 * * *');
    guardian.changed();
    clock.advance(24 * HOUR);
    assert.deepEqual(reloads, ['web by the clock at 16:00', 'web by the clock at 04:00']);
  });

  test('do not come between another replacement', () => {
    const { clock, reloads, rolling } = setUp('0 * * * *');
    rolling.add('web');
    clock.advance(2 * HOUR);
    assert.deepEqual(reloads, []);
    rolling.clear();
    clock.advance(HOUR);
    assert.equal(reloads.length, 1);
  });

  test('are over when the app is stopped, and begin again with it', () => {
    const { clock, reloads, stop } = setUp('0 * * * *');
    stop(true);
    clock.advance(3 * HOUR);
    assert.equal(clock.pending, 0);
    stop(false);
    clock.advance(HOUR);
    assert.deepEqual(reloads, ['web by the clock at 16:00']);
  });

  test('follow the plan', () => {
    const { clock, reloads, schedule } = setUp('0 4 * * *');
    schedule('0 14 * * *');
    clock.advance(24 * HOUR);
    assert.deepEqual(reloads, ['web by the clock at 14:00']);
    schedule(null);
    assert.equal(clock.pending, 0);
  });

  test('leave no timer behind', () => {
    const { clock, guardian } = setUp('0 4 * * *');
    guardian.close();
    assert.equal(clock.pending, 0);
  });
});
