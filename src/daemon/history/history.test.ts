import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { reading } from '../../../test/support/reading.ts';
import { FakeClock } from '../../kit/clock.ts';
import { Archive } from './archive.ts';
import { MOST_SERIES } from './measures.ts';
import { type Frame, Recorder } from './recorder.ts';
import { Ring } from './ring.ts';
import { snapshotOf } from './snapshot.ts';

test('a ring has holes where nothing was measured, and forgets what is old', () => {
  const ring = new Ring(4);
  ring.set(10, { cpu: 1 });
  ring.set(12, { cpu: 3 });
  assert.deepEqual(ring.get(13), { cpu: [1, null, 3, null] });
  ring.set(12, { cpu: 9 });
  ring.set(14, { cpu: 5 });
  assert.deepEqual(ring.get(14).cpu, [null, 3, null, 5]);
  ring.set(100, { cpu: 7 });
  assert.deepEqual(ring.get(100).cpu, [null, null, null, 7]);
  ring.set(99, { cpu: 6 });
  assert.deepEqual(ring.get(100).cpu, [null, null, 6, null], 'the clock was set back');
});

test('points are what happened in a step, in each tier by itself', () => {
  const recorder = new Recorder();
  // 10 requests a second, one of them with an error.
  for (let s = 0; s <= 120; s += 10) recorder.take(snapshotOf(reading(s * 1000 + 5, s * 10, s)));
  const hour = recorder.get('site:example.com', '1h', 120_006);
  assert.equal(hour.from + 359 * 10_000, 110_000);
  assert.deepEqual(hour.measures.requestsPerSecond?.slice(-12), Array(12).fill(10));
  assert.deepEqual(hour.measures.errorsPerSecond?.slice(-1), [1]);
  assert.equal(hour.measures.p99Ms?.at(-1), 9);
  const day = recorder.get('app:web', '24h', 120_006);
  assert.equal(day.measures.requestsPerSecond?.at(-1), 10);
  assert.equal(day.measures.cpu?.at(-1), 0.5);
  assert.deepEqual(recorder.get('app:nobody', '7d', 120_006).measures, {});
});

test('the first sample of a new daemon is no spike', () => {
  const recorder = new Recorder();
  recorder.take(snapshotOf(reading(5, 1_000_000)));
  recorder.take(snapshotOf(reading(10_005, 1_000_100)));
  assert.equal(recorder.get('total', '1h', 10_006).measures.requestsPerSecond?.at(-1), 10);
});

test('series are bounded: what is unused goes first, then instances, and none loses its points to others again and again', () => {
  const recorder = new Recorder();
  const cpu = { cpu: 1 };
  const pointsOf = (series: string, number: number) =>
    recorder.get(series, '1h', (number + 1) * 10_000).measures.cpu?.filter((one) => one !== null).length ?? 0;
  const names = Array.from({ length: MOST_SERIES + 50 }, (_, i) => `instance:web.${i}`);
  recorder.put({ tier: 0, number: 0, rows: new Map([['app:old', cpu]]) });
  for (let number = 360; number < 370; number++)
    recorder.put({ tier: 0, number, rows: new Map(names.map((name) => [name, cpu])) });
  assert.equal(recorder.size, MOST_SERIES);
  assert.deepEqual([pointsOf('app:old', 369), pointsOf('instance:web.7', 369)], [0, 10]);
  recorder.put({ tier: 0, number: 370, rows: new Map([['site:new', cpu]]) });
  assert.deepEqual([recorder.size, pointsOf('site:new', 370)], [MOST_SERIES, 1]);
});

test('a clock that was set back: what is of the future is forgotten, and recording goes on', () => {
  const recorder = new Recorder();
  const DAY_MS = 86_400_000;
  for (let s = 0; s <= 30; s += 10) recorder.take(snapshotOf(reading(DAY_MS + s * 1000, s * 10)));
  for (let s = 0; s <= 30; s += 10) recorder.take(snapshotOf(reading(s * 1000, 300 + s * 20)));
  const { requestsPerSecond } = recorder.get('total', '1h', 30_000).measures;
  assert.deepEqual(requestsPerSecond?.slice(-3), [20, 20, 20]);
});

test('what was written is there for the next daemon; a cut end is none, damage is put aside', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'history-'));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  const clock = new FakeClock(1_000_000);
  const damaged: string[] = [];
  const archive = () =>
    new Archive({ dir, clock, onDamaged: (file) => damaged.push(file), onUnsaved: assert.fail });
  const frame = (number: number): Frame => ({
    ...{ tier: 0, number },
    rows: new Map([['app:web', { cpu: 0.5, restarts: number }]]),
  });
  const writer = archive();
  writer.add([frame(1)]);
  writer.add([frame(2)]);
  clock.advance(60_000);
  const files = () => readdirSync(dir).filter((name) => name.startsWith('0-'));
  assert.equal(files().length, 1);
  const load = async () => {
    const found: number[] = [];
    await archive().load(({ number }) => found.push(number));
    return found;
  };
  const path = join(dir, files()[0] ?? '');
  assert.deepEqual(await load(), [1, 2]);
  appendFileSync(path, Buffer.from([50, 0, 0, 0, 1]));
  assert.deepEqual([await load(), damaged], [[1, 2], []]);
  appendFileSync(path, Buffer.alloc(200, 7));
  assert.deepEqual(await load(), [1, 2]);
  assert.equal(damaged.length, 1);
  assert.deepEqual(files(), []);
  const hasty = archive();
  hasty.add([frame(3), frame(1_000_000)]);
  hasty.close();
  assert.deepEqual(await load(), [3], 'what is of the future was written when the clock was wrong');
});

test('a disk that is full is told of once', (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'history-'));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  const clock = new FakeClock(1_000_000);
  let told = 0;
  // A file in the place of the directory fails as a full disk does.
  writeFileSync(join(dir, 'x'), '');
  const archive = new Archive({
    ...{ dir: join(dir, 'x'), clock, onDamaged: assert.fail },
    onUnsaved: () => {
      told += 1;
    },
  });
  for (let i = 0; i < 3; i++) {
    archive.add([{ tier: 0, number: i, rows: new Map() }]);
    clock.advance(60_000);
  }
  assert.equal(told, 1);
});
