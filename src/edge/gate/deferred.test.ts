import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Deferred } from './deferred.ts';
import type { Visit } from './visit.ts';

function waiting(timeoutMs: number) {
  const said: number[] = [];
  const side = {
    deadline: 0,
    paused: 0,
    edge: { sweeper: { now: 1_000 } },
    channel: { guard: (action: () => void) => action(), pause: () => side.paused++ },
  };
  const visit = { side, arrived() {}, say: ({ status }: { status: number }) => said.push(status) };
  let extend = () => {};
  const deferred = new Deferred(visit as unknown as Visit, false, {
    timeoutMs,
    late: { status: 503, message: 'late', extra: '' },
    begin(_go, _giveUp, more) {
      extend = more;
      return () => {};
    },
  });
  deferred.begin(Buffer.alloc(0), 0, 0);
  return { side, said, deferred, extend: () => extend() };
}

test('its time begins anew when it is told that it will go on', () => {
  const { side, said, deferred, extend } = waiting(500);
  assert.equal(side.deadline, 1_500);
  side.edge.sweeper.now = 1_499;
  extend();
  assert.equal(side.deadline, 1_999);
  deferred.expire();
  assert.deepEqual(said, [503]);
  const endless = waiting(0);
  endless.extend();
  assert.equal(endless.side.deadline, 0);
});

test('its client is read for a while, so that it can be seen to leave', () => {
  const { side, deferred } = waiting(500);
  deferred.more(Buffer.alloc(100), 0, 100, false);
  assert.equal(side.paused, 0);
  deferred.more(Buffer.alloc(16_384), 0, 16_384, false);
  assert.equal(side.paused, 1);
});
