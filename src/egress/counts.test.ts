import assert from 'node:assert/strict';
import { Socket } from 'node:net';
import { test } from 'node:test';
import { FakeClock } from '../kit/clock.ts';
import type { EgressDenial } from '../protocol/egress.ts';
import { Counts } from './counts.ts';

test('a denial is told at once, then once a minute with how often; an app that tries many names is told of ten', () => {
  const told: EgressDenial[] = [];
  const clock = new FakeClock(1);
  const counts = new Counts(clock, (denial) => told.push(denial));
  const to = { host: 'evil.net', port: 443 };
  for (let i = 0; i < 100; i++) counts.denied('web', to, 'no');
  assert.deepEqual(told, [{ app: 'web', ...to, reason: 'no', times: 1 }]);
  clock.advance(60_000);
  counts.denied('web', to, 'no');
  assert.equal(told[1]?.times, 100);
  for (let i = 0; i < 100; i++) counts.denied('web', { host: `${i}.net`, port: 1 }, 'no');
  assert.equal(told.length, 11);
  counts.denied('jobs', to, 'no');
  assert.equal(told.length, 12);
});

test('destinations of one app are bounded, and nothing is lost from the sums', () => {
  const counts = new Counts(new FakeClock(1), () => undefined);
  for (let i = 0; i < 3000; i++) counts.denied('web', { host: `${i}.net`, port: 1 }, 'no');
  assert.equal(counts.all.length, 1001);
  assert.equal(counts.all.find(({ port }) => port === 0)?.denied, 2000);
});

test('only what has changed is told again, and what is open', () => {
  const counts = new Counts(new FakeClock(1), () => undefined);
  const socket = new Socket();
  counts.connected('web', { host: 'a.net', port: 1 }, socket);
  counts.failed('web', { host: 'b.net', port: 1 });
  assert.equal(counts.takeChanged().length, 2);
  assert.deepEqual(
    counts.takeChanged().map(({ host, open }) => [host, open]),
    [['a.net', 1]],
  );
  socket.emit('close');
  assert.equal(counts.takeChanged()[0]?.open, 0);
  assert.deepEqual(counts.takeChanged(), []);
  assert.equal(counts.openOf('web'), 0);
});
