import assert from 'node:assert/strict';
import { test } from 'node:test';
import { appView, instanceView } from '../../../test/support/fake-daemon.ts';
import type { HoldfastEvent } from '../../protocol/events.ts';
import { processesOf, startsIn } from './processes.ts';

test('each instance is a process, by its number; one that is not there is stopped', () => {
  const web = appView('web', { numbers: [0, 3], instances: [instanceView('web.0')] });
  const db = appView('db', {
    numbers: [1],
    instances: [instanceView('db.0', { status: 'backoff', pid: null })],
  });
  const edge = appView('@edge', { kind: 'edge', numbers: [9] });
  assert.deepEqual(
    processesOf([web, db, edge]).map(({ id, app, slot, status }) => [id, app.name, slot, status]),
    [
      [0, 'web', 0, 'online'],
      [1, 'db', 0, 'waiting restart'],
      [3, 'web', 1, 'stopped'],
    ],
  );
});

test('while an instance is replaced, the one that works is shown', () => {
  const both = [
    instanceView('web.0', { pid: 1 }),
    instanceView('web.0', { pid: 2, serial: 2, status: 'starting' }),
  ];
  const [first] = processesOf([appView('web', { instances: both })]);
  assert.deepEqual([first?.instance?.pid, first?.status], [1, 'online']);
});

test('restarts are the starts after the first one, since a reset, and not of an earlier app of the name', () => {
  const events = ([change, instance]: readonly [string | null, string?], seq: number): HoldfastEvent => {
    const time = new Date(seq * 1000).toISOString();
    return change === null
      ? { seq, time, type: 'instance.spawned', app: 'web', instance: instance ?? 'web.0' }
      : { seq, time, type: 'app.changed', app: 'web', data: { change } };
  };
  const story = (...steps: readonly (readonly [string | null, string?])[]) =>
    startsIn(steps.map(events)).get('web.0');
  assert.equal(story([null])?.restarts, 0);
  assert.equal(story([null], [null], [null, 'web.1'])?.restarts, 1);
  assert.equal(story([null], [null], ['reset'])?.restarts, 0);
  assert.equal(story([null], [null], ['reset'], [null])?.restarts, 1);
  assert.deepEqual(story([null], ['deleted'], [null], [null]), {
    restarts: 1,
    firstStart: '1970-01-01T00:00:02.000Z',
  });
});
