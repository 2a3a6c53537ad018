import assert from 'node:assert/strict';
import {
  appendFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gunzipSync, gzipSync } from 'node:zlib';
import { cleanup, type Test } from '../../test/support/cleanup.ts';
import { logPlan } from '../../test/support/plans.ts';
import { smallDisk } from '../../test/support/small-disk.ts';
import { tempDir } from '../../test/support/temp-dir.ts';
import { until } from '../../test/support/until.ts';
import { FakeClock } from '../kit/clock.ts';
import { rotatedFiles } from './log-files.ts';
import { encodeRecord } from './record.ts';
import { LogWriter, type LogWriterOptions } from './writer.ts';

const plan = logPlan({ rotateBytes: 10_000, keep: 1000, totalBytes: 1e9, compress: false });
const start = Date.UTC(2026, 10, 23, 12);

function open(
  t: Test,
  dir: string,
  options: Partial<LogWriterOptions> = {},
): { writer: LogWriter; clock: FakeClock } {
  const clock = new FakeClock(start);
  const writer = new LogWriter({ dir, app: 'web', plan, clock, ...options });
  cleanup(t, () => writer.close());
  return { writer, clock };
}

function record(text: string, now = start): string {
  return encodeRecord({
    time: new Date(now).toISOString(),
    instance: 'web.0',
    stream: 'out',
    partial: false,
    text,
  });
}

/** Records `from` to `to - 1`, as a batch. */
function batch(from: number, to: number): Buffer {
  return Buffer.from(Array.from({ length: to - from }, (_, n) => record(`line ${from + n}`)).join(''));
}

/** The texts of all files, oldest first. */
function texts(path: string): string[] {
  const rotated = rotatedFiles(path).map((file) => {
    const bytes = readFileSync(file.path);
    return file.compressed ? gunzipSync(bytes) : bytes;
  });
  const all = Buffer.concat([...rotated, existsSync(path) ? readFileSync(path) : Buffer.alloc(0)]).toString();
  assert.ok(all === '' || all.endsWith('\n'), 'the last record is whole');
  return all
    .split('\n')
    .slice(0, -1)
    .map((line) => line.slice('2026-11-23T12:00:00.000Z web.0 out '.length));
}

function numbered(from: number, to: number): string[] {
  return Array.from({ length: to - from }, (_, n) => `line ${from + n}`);
}

function bytesIn(dir: string): number {
  return readdirSync(dir).reduce((sum, name) => sum + statSync(join(dir, name)).size, 0);
}

test('records are in the file when write returns, and only the user may read it', async (t) => {
  const dir = join(tempDir(t), 'logs');
  const { writer } = open(t, dir);
  assert.equal(writer.write(batch(0, 3)), true);
  assert.deepEqual(texts(writer.path), numbered(0, 3));
  assert.equal(writer.path, join(dir, 'web.log'));
  assert.equal(statSync(writer.path).mode & 0o777, 0o600);
  assert.equal(statSync(dir).mode & 0o777, 0o700);
});

for (const slowMs of [1e9, -1]) {
  const where = slowMs < 0 ? 'in the background' : 'at once';
  test(`rotation under load loses nothing, writing ${where}`, async (t) => {
    const dir = tempDir(t);
    const { writer } = open(t, dir, { slowMs });
    for (let n = 0; n < 20_000; n += 100) writer.write(batch(n, n + 100));
    await writer.close();
    assert.deepEqual(texts(writer.path), numbered(0, 20_000));
    const sizes = readdirSync(dir).map((name) => statSync(join(dir, name)).size);
    assert.ok(sizes.length > 50, 'it was rotated many times');
    assert.ok(Math.max(...sizes) <= plan.rotateBytes);
  });
}

test('the cap on all files together holds after every write, and the newest lines are kept', async (t) => {
  const dir = tempDir(t);
  const { writer } = open(t, dir, { plan: { ...plan, totalBytes: 50_000 }, slowMs: 1e9 });
  for (let n = 0; n < 5000; n += 10) {
    writer.write(batch(n, n + 10));
    assert.ok(bytesIn(dir) <= 50_000);
  }
  const kept = texts(writer.path);
  assert.ok(kept.length > 500);
  assert.deepEqual(kept, numbered(5000 - kept.length, 5000));
});

test('no more rotated files are kept than the plan says, and a new plan counts', async (t) => {
  const dir = tempDir(t);
  const { writer } = open(t, dir, { plan: { ...plan, keep: 3 }, slowMs: 1e9 });
  writer.write(batch(0, 2000));
  assert.equal(rotatedFiles(writer.path).length, 3);
  writer.configure({ ...plan, keep: 0 });
  writer.write(batch(2000, 4000));
  assert.equal(rotatedFiles(writer.path).length, 0);
  assert.equal(texts(writer.path).at(-1), 'line 3999');
});

test('rotated files are compressed in the background', async (t) => {
  const dir = tempDir(t);
  const { writer } = open(t, dir, { plan: { ...plan, compress: true } });
  for (let n = 0; n < 2000; n += 100) writer.write(batch(n, n + 100));
  const plain = () => readdirSync(dir).filter((name) => name !== 'web.log' && !name.endsWith('.gz'));
  await until(() => plain().length === 0, { why: 'all are compressed' });
  assert.deepEqual(texts(writer.path), numbered(0, 2000));
  assert.ok(rotatedFiles(writer.path).every(({ compressed }) => compressed));
});

test('rotated files stay in order when the clock goes back', async (t) => {
  const dir = tempDir(t);
  const clocks = [start, start - 3_600_000];
  for (const [index, now] of clocks.entries()) {
    const { writer } = open(t, dir, { clock: new FakeClock(now) });
    writer.write(batch(index * 1000, index * 1000 + 1000));
    await writer.close();
  }
  assert.deepEqual(texts(join(dir, 'web.log')), numbered(0, 2000));
});

test('what a crash left of compressing is put in order, and files of others stay', async (t) => {
  const dir = tempDir(t);
  const stamp = 'web.log.2026-11-23T11-00-00.000Z';
  const later = 'web.log.2026-11-23T11-30-00.000Z';
  writeFileSync(join(dir, stamp), batch(0, 10));
  writeFileSync(join(dir, `${stamp}.gz`), gzipSync(batch(0, 10)));
  writeFileSync(join(dir, later), batch(10, 20));
  writeFileSync(join(dir, `${later}.gz.tmp`), 'half');
  const others = ['web.log.bak', 'web.log.bak.gz', 'web.log.gz.tmp', 'webby.log'];
  for (const name of others) writeFileSync(join(dir, name), 'mine\n');
  const { writer } = open(t, dir);
  writer.write(batch(20, 30));
  assert.deepEqual(texts(writer.path), numbered(0, 30));
  assert.deepEqual(readdirSync(dir).sort(), [...others, 'web.log', `${stamp}.gz`, later].sort());
});

test('a file that was removed, moved or cut by somebody is made anew or gone on with', async (t) => {
  const dir = tempDir(t);
  const { writer, clock } = open(t, dir);
  writer.write(batch(0, 10));
  rmSync(writer.path);
  clock.advance(1000);
  writer.write(batch(10, 20));
  assert.deepEqual(texts(writer.path), numbered(10, 20));
  renameSync(writer.path, join(dir, 'moved'));
  clock.advance(1000);
  writer.write(batch(20, 30));
  assert.deepEqual(texts(writer.path), numbered(20, 30));
  truncateSync(writer.path);
  clock.advance(1000);
  writer.write(batch(30, 40));
  assert.deepEqual(texts(writer.path), numbered(30, 40));
  rmSync(dir, { recursive: true });
  clock.advance(1000);
  writer.write(batch(40, 50));
  assert.deepEqual(texts(writer.path), numbered(40, 50));
});

test('half a record that a killed writer left does not swallow the next one', async (t) => {
  const dir = tempDir(t);
  writeFileSync(join(dir, 'web.log'), record('whole') + record('half').slice(0, 37));
  const { writer } = open(t, dir);
  writer.write(batch(0, 1));
  assert.deepEqual(texts(writer.path), ['whole', 'ha', 'line 0']);
});

test('a full disk: nothing is thrown, lines are counted, and the file says how many are missing', async (t) => {
  const disk = smallDisk(t, 1024 * 1024);
  if (!disk) return;
  const troubles: Error[] = [];
  const lost: number[] = [];
  const { writer, clock } = open(t, disk, {
    plan: { ...plan, rotateBytes: 1e9 },
    onTrouble: (error) => troubles.push(error),
    onLost: (count) => lost.push(count),
  });
  const filler = join(disk, 'filler');
  writeFileSync(filler, Buffer.alloc(800_000));
  // Long ones, so that the disk becomes full in the middle of one.
  const text = (n: number) => `line ${n} ${'x'.repeat(1500)}`;
  let written = 0;
  const write = () => writer.write(Buffer.from([record(text(written++)), record(text(written++))].join('')));
  while (troubles.length === 0) {
    assert.equal(write(), true);
    assert.ok(written < 10_000, 'the disk becomes full');
  }
  for (let more = 0; more < 5; more++) write();
  const before = texts(writer.path);
  assert.deepEqual(
    before,
    before.map((_, n) => text(n)),
  );
  clock.advance(5000);
  assert.deepEqual(texts(writer.path), before, 'still full: nothing is written that would soon fail again');
  rmSync(filler);
  clock.advance(1000);
  const missing = written - before.length;
  assert.deepEqual(lost, [missing]);
  assert.equal(troubles.length, 1);
  writer.write(batch(0, 10));
  const said = readFileSync(writer.path, 'utf8').split('\n')[before.length];
  const time = new Date(clock.now()).toISOString();
  assert.equal(said, `${time} holdfast err ${missing} lines are missing here: the disk was full`);
  assert.deepEqual(texts(writer.path).slice(before.length + 1), numbered(0, 10));
});

test('a directory that cannot be used is tried again', async (t) => {
  const dir = join(tempDir(t), 'logs');
  writeFileSync(dir, 'a file where the directory should be');
  const lost: number[] = [];
  const { writer, clock } = open(t, dir, { onLost: (count) => lost.push(count) });
  writer.write(batch(0, 10));
  clock.advance(3000);
  assert.deepEqual(lost, []);
  rmSync(dir);
  clock.advance(1000);
  assert.deepEqual(lost, [10]);
  writer.write(batch(10, 20));
  assert.deepEqual(texts(writer.path).slice(1), numbered(10, 20));
});

test('closing says what is missing, if it can', async (t) => {
  const dir = join(tempDir(t), 'logs');
  writeFileSync(dir, '');
  const lost: number[] = [];
  const { writer, clock } = open(t, dir, { onLost: (count) => lost.push(count) });
  writer.write(batch(0, 1));
  rmSync(dir);
  await writer.close();
  assert.deepEqual(lost, [1]);
  assert.match(readFileSync(writer.path, 'utf8'), / holdfast err 1 line is missing here: /);
  assert.equal(clock.pending, 0);
});

test('while a disk is slow, the queue is bounded and sources are told when to go on', async (t) => {
  const dir = tempDir(t);
  const { writer } = open(t, dir, { slowMs: -1, plan: { ...plan, rotateBytes: 1e9 } });
  writer.write(batch(0, 500));
  writer.write(batch(500, 1000));
  let n = 1000;
  while (writer.write(batch(n, n + 1000))) n += 1000;
  n += 1000;
  assert.ok(n * 40 < 3 * 1024 * 1024, 'it says stop at about 1 MB');
  await new Promise<void>((resolve) => writer.onceReady(resolve));
  writer.write(batch(n, n + 1000));
  await writer.close();
  assert.deepEqual(texts(writer.path), numbered(0, n + 1000));
});

test('an editor may append to the file', async (t) => {
  const dir = tempDir(t);
  const { writer, clock } = open(t, dir);
  writer.write(batch(0, 2));
  appendFileSync(writer.path, record('a note'));
  clock.advance(1000);
  writer.write(batch(2, 4));
  assert.deepEqual(texts(writer.path), ['line 0', 'line 1', 'a note', 'line 2', 'line 3']);
});

test('with `overflow: drop` nobody waits: lines are dropped, counted, and marked where they are missing', async (t) => {
  const dir = tempDir(t);
  const dropped: number[] = [];
  const { writer, clock } = open(t, dir, {
    slowMs: -1,
    plan: { ...plan, rotateBytes: 1e9, overflow: 'drop' },
    onDropped: (count) => dropped.push(count),
  });
  const batches = 300;
  // In one turn, so that the disk takes nothing meanwhile.
  for (let n = 0; n < batches; n++) assert.equal(writer.write(batch(n * 1000, (n + 1) * 1000)), true);
  await until(() => texts(writer.path).some((text) => text.includes('dropped')), {
    why: 'the gap is marked',
  });
  await new Promise<void>((resolve) => writer.onceReady(resolve));
  writer.write(batch(0, 1));
  assert.deepEqual(dropped, [], 'not told for each of them');
  clock.advance(5000);
  await writer.close();

  const [count = 0, ...more] = dropped;
  assert.deepEqual(more, []);
  assert.ok(count > 1000, `${count} lines were dropped`);
  const lines = readFileSync(writer.path, 'utf8').split('\n').slice(0, -1);
  const markers = lines.filter((line) => line.includes(' holdfast err '));
  assert.equal(markers.length, 1);
  assert.ok(markers[0]?.endsWith(`… ${count.toLocaleString('en-US')} lines dropped: the disk is too slow`));
  assert.equal(lines.length - markers.length + count, batches * 1000 + 1);
});
