import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock } from '../kit/clock.ts';
import { adoptProcess, type ProcessRecord } from './process.ts';

/** A pid that no kernel gives: its process is dead, and no signal reaches anybody. */
const NOBODY = 2 ** 22;

const record: ProcessRecord = {
  pid: NOBODY,
  startTime: 1,
  serial: 1,
  spawnedAt: 0,
  lease: { out: '', err: '', socket: null, port: null, guest: false },
};

/** The leader is gone; somebody of its session stays, whatever is sent. */
function withImmortal() {
  const clock = new FakeClock(1_000_000);
  let looks = 0;
  const running = adoptProcess(record, clock, () => {
    looks += 1;
    return [{ pid: NOBODY, startTime: 1 }];
  });
  let gone = false;
  running.onExit(() => {
    gone = true;
  });
  return { clock, running, looks: () => looks, isGone: () => gone };
}

test('a group that was asked to end has its time, and is given up a while after SIGKILL could not end it', () => {
  const { clock, running, looks, isGone } = withImmortal();
  running.signal('SIGTERM');
  clock.advance(60_000);
  assert.equal(isGone(), false, 'it may still end by itself');
  assert.ok(looks() < 200, `${looks()} looks through all of /proc`);
  running.signal('SIGKILL');
  clock.advance(1000);
  assert.equal(isGone(), false);
  // Sent again, as the machine does it.
  running.signal('SIGKILL');
  clock.advance(5000);
  assert.equal(isGone(), true);
  assert.equal(clock.pending, 0);
});

test('what a crash leaves of a group is given up, too', () => {
  const { clock, isGone } = withImmortal();
  clock.advance(1000);
  assert.equal(isGone(), false);
  clock.advance(5000);
  assert.equal(isGone(), true);
});
