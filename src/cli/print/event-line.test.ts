import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HoldfastEvent } from '../../protocol/events.ts';
import { describeEvent } from './event-line.ts';
import { makeStyle } from './style.ts';

const style = makeStyle(false);

function line(event: Partial<HoldfastEvent>): string {
  return describeEvent({ seq: 1, time: '2026-03-01T12:00:00.000Z', type: 'instance.ready', ...event }, style);
}

test('who, what, and the facts that one asks for next', () => {
  assert.equal(line({ type: 'instance.spawned', instance: 'web.0', pid: 12 }), 'web.0 starting (pid 12)');
  assert.equal(
    line({
      type: 'instance.crashed',
      instance: 'web.0',
      reason: 'exited with code 1',
      data: { uptimeMs: 1300 },
    }),
    'web.0 crashed (exited with code 1, after 1.3s)',
  );
  assert.equal(
    line({ type: 'app.changed', app: 'web', data: { change: 'scaled', instances: 4 } }),
    'web asked to scale (to 4)',
  );
  assert.equal(
    line({ type: 'app.changed', app: 'web', data: { change: 'stopped', slot: 1 } }),
    'web.1 asked to stop',
  );
  assert.equal(
    line({ type: 'instance.signalled', instance: 'web.0', data: { signal: 'SIGHUP' } }),
    'web.0 got a signal (SIGHUP)',
  );
  assert.equal(
    line({ type: 'daemon.upgrading', data: { from: '1.0.0', to: '1.1.0' } }),
    'holdfast daemon changes to another version (from 1.0.0 to 1.1.0)',
  );
  assert.equal(
    line({ type: 'logs.dropped', app: 'web', data: { lines: 12 } }),
    'web log lines dropped (12 lines)',
  );
});

test('an event of a later version is shown by its name, and nothing in it reaches the terminal', () => {
  const strange = { type: 'moon.rose', app: 'web', reason: '\u001b[31mred' } as unknown as HoldfastEvent;
  assert.match(line(strange), /^web moon\.rose \(/);
  assert.ok(!line(strange).includes('\u001b'));
});

test('what a release changes is not told as of `hold up`', () => {
  const told = (change: string, via?: string) =>
    line({ type: 'app.changed', app: 'web', data: { change, ...(via && { via }) } });
  assert.deepEqual(
    ['add', 'start', 'change', 'scale', 'remove'].map((change) => told(change, 'release')),
    ['added', 'started', 'changed', 'scaled', 'removed'].map((word) => `web ${word} by a release`),
  );
  assert.equal(told('add'), 'web added by up');
  assert.equal(told('restarted', 'release'), 'web asked to restart');
});
