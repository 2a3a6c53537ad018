import assert from 'node:assert/strict';
import { readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { cleanup } from '../../test/support/cleanup.ts';
import { logPlan } from '../../test/support/plans.ts';
import { tempDir } from '../../test/support/temp-dir.ts';
import { FakeClock } from '../kit/clock.ts';
import { HomeCap } from './home-cap.ts';
import { rotatedFiles } from './log-files.ts';
import { encodeRecord } from './record.ts';
import { LogWriter } from './writer.ts';

function bytesIn(dir: string): number {
  return readdirSync(dir).reduce((sum, name) => sum + statSync(join(dir, name)).size, 0);
}

function record(text: string, now: number): Buffer {
  const time = new Date(now).toISOString();
  return Buffer.from(encodeRecord({ time, instance: 'web.0', stream: 'out', partial: false, text }));
}

test('all apps together stay below the cap, and the oldest rotated files go, whoever wrote them', (t) => {
  const dir = tempDir(t);
  const home = new HomeCap(dir);
  home.set(200_000);
  const clock = new FakeClock(Date.UTC(2026, 10, 23));
  const plan = logPlan({ rotateBytes: 10_000, compress: false, keep: 1000 });
  const writers = ['one', 'two', 'three'].map((app) => new LogWriter({ dir, app, plan, clock, home }));
  for (const writer of writers) cleanup(t, () => writer.close());
  const [one, two] = writers;
  assert.ok(one && two);
  const line = 'x'.repeat(400);
  for (let n = 0; n < 300; n++) one.write(record(line, clock.now()));
  const firstOfOne = rotatedFiles(one.path)[0]?.path ?? '';
  clock.advance(60_000);
  for (let n = 0; n < 1000; n++) {
    two.write(record(line, clock.now()));
    assert.ok(bytesIn(dir) <= 200_000, `${bytesIn(dir)} bytes after line ${n}`);
  }
  assert.ok(!rotatedFiles(one.path).some(({ path }) => path === firstOfOne), 'the oldest is gone');
  assert.equal(rotatedFiles(one.path).length, 0, 'those of the other app were older');
  assert.ok(statSync(one.path).size > 0, 'what is being written stays');
  assert.ok(bytesIn(dir) > 150_000, 'no more is removed than must be');
});

test('a cap smaller than one file each is kept by smaller files', (t) => {
  const dir = tempDir(t);
  const home = new HomeCap(dir);
  home.set(100_000);
  const clock = new FakeClock(Date.UTC(2026, 10, 23));
  const plan = logPlan({ compress: false });
  const writers = ['one', 'two', 'three'].map((app) => new LogWriter({ dir, app, plan, clock, home }));
  for (const writer of writers) cleanup(t, () => writer.close());
  for (let n = 0; n < 500; n++) {
    for (const writer of writers) writer.write(record('y'.repeat(200), clock.now()));
    assert.ok(bytesIn(dir) <= 100_000, `${bytesIn(dir)} bytes`);
  }
});

test('a smaller cap counts at once, files of others are left alone, and a missing directory is nothing', (t) => {
  const dir = tempDir(t);
  const home = new HomeCap(dir);
  for (let n = 0; n < 10; n++)
    writeFileSync(join(dir, `old.log.2026-11-2${n}T00-00-00.000Z.gz`), Buffer.alloc(10_000));
  writeFileSync(join(dir, 'notes.txt'), Buffer.alloc(50_000));
  home.grown(1);
  assert.equal(readdirSync(dir).length, 11);
  home.set(50_000);
  const left = readdirSync(dir).sort();
  assert.ok(left.includes('notes.txt'));
  assert.deepEqual(
    left.slice(1),
    [6, 7, 8, 9].map((n) => `old.log.2026-11-2${n}T00-00-00.000Z.gz`),
  );
  new HomeCap(join(dir, 'missing')).set(1000);
});
