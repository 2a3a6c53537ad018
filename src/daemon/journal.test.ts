import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { FakeClock } from '../kit/clock.ts';
import { Journal } from './journal.ts';

function file(t: { after(fn: () => void): void }): string {
  const dir = mkdtempSync(join(tmpdir(), 'holdfast-journal-'));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  return join(dir, 'journal.ndjson');
}

test('events are numbered on over a restart, also when the last line was cut short', (t) => {
  const path = file(t);
  const first = new Journal(path, new FakeClock(0));
  first.record('daemon.started');
  first.record('instance.ready', { app: 'web', instance: 'web.0' });
  first.close();
  appendFileSync(path, '{"seq":3,"ty');
  const second = new Journal(path, new FakeClock(1000));
  assert.equal(second.record('daemon.started').seq, 3);
  assert.deepEqual(
    second.tail(10).map(({ seq, time }) => [seq, time.slice(17, 23)]),
    [
      [1, '00.000'],
      [2, '00.000'],
      [3, '01.000'],
    ],
  );
  second.close();
});

test('followers hear everything from when they came until they go; a filter chooses for the tail', (t) => {
  const journal = new Journal(file(t), new FakeClock(0));
  const heard: number[] = [];
  journal.record('daemon.started');
  const stop = journal.follow(({ seq }) => heard.push(seq));
  journal.record('instance.ready', { app: 'web' });
  stop();
  journal.record('instance.ready', { app: 'jobs' });
  assert.deepEqual(heard, [2]);
  assert.deepEqual(
    journal.tail(5, ({ app }) => app === 'jobs').map(({ seq }) => seq),
    [3],
  );
  assert.deepEqual(journal.tail(0), []);
  journal.close();
});

test('a disk that cannot be written costs the lines, not the events', () => {
  const journal = new Journal('/proc/no/such/place/journal.ndjson', new FakeClock(0));
  const heard: number[] = [];
  journal.follow(({ seq }) => heard.push(seq));
  journal.record('daemon.started');
  journal.record('daemon.stopping');
  assert.deepEqual(heard, [1, 2]);
});
