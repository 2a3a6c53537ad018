import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock } from '../kit/clock.ts';
import type { Phase } from '../supervisor/machine.ts';
import { firstAttempts } from './first-attempts.ts';

interface App {
  name: string;
  desired: { wanted: number };
  isSettled: boolean;
  instances: { id: string; serial: number; phase: Phase }[];
}

function supervised(apps: App[]) {
  const waiting = new Set<() => void>();
  return {
    apps,
    waiting,
    until: (condition: () => boolean) =>
      new Promise<void>((resolve) => {
        const look = () => {
          if (!condition()) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        look();
      }),
    changed: () => {
      for (const look of waiting) look();
    },
  };
}

function app(name: string, serial: number, phase: Phase): App {
  return {
    name,
    desired: { wanted: 1 },
    isSettled: phase === 'ready',
    instances: [{ id: `${name}.0`, serial, phase }],
  };
}

function record(name: string, serial: number) {
  return { app: name, snapshot: { slot: 0, serial } };
}

/** Lets promises that are settled be heard of. */
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

test('every app runs or has failed once; what was before this daemon does not count', async () => {
  const web = app('web', 7, 'backoff');
  const worker = app('worker', 1, 'starting');
  const supervisor = supervised([web, worker]);
  let said = '';
  void firstAttempts(supervisor, { instances: [record('web', 7)], serials: {} }, new FakeClock()).then(
    (text) => {
      said = text;
    },
  );
  worker.isSettled = true;
  supervisor.changed();
  await turn();
  assert.equal(said, '');
  Object.assign(web.instances[0] ?? {}, { serial: 8, phase: 'starting' });
  supervisor.changed();
  await turn();
  assert.equal(said, '');
  Object.assign(web.instances[0] ?? {}, { phase: 'backoff' });
  supervisor.changed();
  await turn();
  assert.equal(said, '1 of 2 apps running');
});

test('nothing waits for ever, and nothing is nothing', async () => {
  const clock = new FakeClock();
  const supervisor = supervised([app('slow', 9, 'starting')]);
  const slow = firstAttempts(supervisor, { instances: [], serials: { slow: 8 } }, clock);
  clock.advance(120_000);
  assert.equal(await slow, '0 of 1 apps running');
  supervisor.changed();
  assert.equal(supervisor.waiting.size, 0, 'and nobody looks any more');
  assert.equal(await firstAttempts(supervised([]), { instances: [], serials: {} }, clock), 'no apps to run');
});
