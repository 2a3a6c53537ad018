import assert from 'node:assert/strict';
import {
  chownSync,
  closeSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { cleanup, type Test } from '../../../test/support/cleanup.ts';
import { logPlan } from '../../../test/support/plans.ts';
import { unavailable } from '../../../test/support/programs.ts';
import { smallDisk } from '../../../test/support/small-disk.ts';
import { tempDir } from '../../../test/support/temp-dir.ts';
import type { LogFilesPlan } from '../../config/plan.ts';
import { FakeClock } from '../../kit/clock.ts';
import type { Stream } from '../record.ts';
import { RecordEncoder } from '../record-encoder.ts';
import { openPlain } from './open-plain.ts';
import { PlainFiles } from './plain-files.ts';

const start = Date.UTC(2026, 10, 23, 12);

/** Plain files, and a way to write as an instance does. */
function open(t: Test, given: Partial<LogFilesPlan>, instances = 1) {
  const clock = new FakeClock(start);
  const lost: number[] = [];
  const plan = { ...logPlan().files, ...given };
  const files = new PlainFiles({ app: 'web', plan, instances, clock, onLost: (lines) => lost.push(lines) });
  cleanup(t, () => files.close());
  const encoders = new Map<string, RecordEncoder>();
  const encoderOf = (slot: number, stream: Stream) => {
    const key = `${slot} ${stream}`;
    const encoder = encoders.get(key) ?? new RecordEncoder(`web.${slot}`, stream);
    encoders.set(key, encoder);
    return encoder;
  };
  const now = () => new Date(clock.now()).toISOString();
  return {
    files,
    clock,
    lost,
    say(text: string | Buffer, stream: Stream = 'out', slot = 0) {
      files.write(slot, encoderOf(slot, stream).encode(Buffer.from(text), now()));
    },
    /** The app pauses within a line. */
    pause(stream: Stream = 'out', slot = 0) {
      files.write(slot, encoderOf(slot, stream).flush(now()));
    },
  };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((all, each) => all + each, 0);
}

function text(path: string): string {
  return readFileSync(path, 'utf8');
}

test('the very bytes, each stream in its file and both in one', (t) => {
  const dir = tempDir(t);
  const [all, out, err] = ['all.log', 'sub/dir/out.log', 'err.log'].map((name) => join(dir, name));
  assert.ok(all && out && err);
  const umask = process.umask(0o077);
  const { say } = open(t, { all, out, err });
  process.umask(umask);
  const junk = Buffer.from([0xff, 0xfe, 0x00, 0x80, 0x0d, 0x0a]);
  say('one\ntwo\n');
  say('bad\n', 'err');
  say(junk);
  say(`${'ö'.repeat(100_000)}\n`);
  const long = Buffer.from(`${'ö'.repeat(100_000)}\n`);
  assert.deepEqual(readFileSync(out), Buffer.concat([Buffer.from('one\ntwo\n'), junk, long]));
  assert.equal(text(err), 'bad\n');
  assert.deepEqual(readFileSync(all), Buffer.concat([Buffer.from('one\ntwo\nbad\n'), junk, long]));
  assert.equal(statSync(out).mode & 0o777, 0o644);
  assert.equal(statSync(dirname(out)).mode & 0o777, 0o755);
});

test('text that looks like a record of our own stays as it is', (t) => {
  const out = join(tempDir(t), 'out.log');
  const { say } = open(t, { out });
  const lines = '2026-11-23T12:00:00.000Z web.0 out a\n2026-11-23T12:00:00.000Z web.0 out+ b\n\n + \n';
  say(lines);
  assert.equal(text(out), lines);
});

test('a line in pieces is not mixed with others where streams share a file, and is there at once where not', async (t) => {
  const dir = tempDir(t);
  const [all, out] = [join(dir, 'all.log'), join(dir, 'out.log')];
  const { files, say, pause } = open(t, { all, out });
  say('name? ');
  pause();
  say('a warning\n', 'err');
  assert.equal(text(out), 'name? ');
  assert.equal(text(all), 'a warning\n');
  say('ann\n');
  assert.equal(text(out), 'name? ann\n');
  assert.equal(text(all), 'a warning\nname? ann\n');
  say('the end');
  pause();
  await files.close();
  assert.equal(text(all), 'a warning\nname? ann\nthe end\n');
});

test('instances have their own files, unless they are merged or there is one', (t) => {
  const dir = tempDir(t);
  const plan = { out: join(dir, 'out.log'), err: join(dir, 'err') };
  const three = open(t, plan, 3);
  three.say('zero\n', 'out', 0);
  three.say('two\n', 'out', 2);
  three.say('bad\n', 'err', 2);
  assert.deepEqual(readdirSync(dir).sort(), ['err-2', 'out-0.log', 'out-2.log']);
  assert.equal(text(join(dir, 'out-2.log')), 'two\n');
  const merged = open(t, { ...plan, merge: true }, 3);
  merged.say('zero\n', 'out', 0);
  merged.say('two\n', 'out', 2);
  assert.equal(text(plan.out), 'zero\ntwo\n');
});

test('/dev/null and NULL are none, and the same file for both streams has each line once', (t) => {
  const dir = tempDir(t);
  assert.ok(!PlainFiles.areWanted({ ...logPlan().files, all: '/dev/null', err: join(dir, 'NULL') }));
  const both = join(dir, 'both.log');
  const { say } = open(t, { all: join(dir, 'NULL'), out: both, err: both });
  say('one\n');
  say('two\n', 'err');
  assert.deepEqual(readdirSync(dir), ['both.log']);
  assert.equal(text(both), 'one\ntwo\n');
});

test('times before lines, also before one that comes in pieces', (t) => {
  const out = join(tempDir(t), 'out.log');
  const { say, pause, clock } = open(t, { out, time: 'iso' });
  say('one\ntwo\nth');
  pause();
  clock.advance(1000);
  say('ree\nfour\n');
  const [at, later] = ['2026-11-23T12:00:00.000Z', '2026-11-23T12:00:01.000Z'];
  assert.equal(text(out), `${at}: one\n${at}: two\n${at}: three\n${later}: four\n`);
});

test('objects as PM2 writes them, one a line, whole', (t) => {
  const out = join(tempDir(t), 'out.log');
  const { say, pause } = open(t, { out, style: 'json', time: '[at] x' }, 1);
  say('one\n');
  say('a "quoted" ');
  pause();
  say('½\n');
  const objects = text(out)
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  const common = { timestamp: `at ${start}`, type: 'out', process_id: 0, app_name: 'web' };
  assert.deepEqual(objects, [
    { message: 'one\n', ...common },
    { message: 'a "quoted" ½\n', ...common },
  ]);
});

test('without `append`, what earlier ones wrote is removed when the app begins, and only then', (t) => {
  const dir = tempDir(t);
  const [out, err] = [join(dir, 'out.log'), join(dir, 'err.log')];
  for (const path of [out, err]) writeFileSync(path, 'old\n');
  const appending = open(t, { out, err });
  appending.files.begin(0);
  assert.equal(text(out), 'old\n');
  const { files, say } = open(t, { out, err, append: false });
  say('before\n');
  assert.equal(text(out), 'old\nbefore\n');
  files.begin(0);
  assert.equal(text(out) + text(err), '');
  say('new\n');
  assert.equal(text(out), 'new\n');
});

test('a file that was moved is written to until it is reopened; one that was removed comes back by itself', (t) => {
  const dir = tempDir(t);
  const out = join(dir, 'out.log');
  const { files, say, clock } = open(t, { out });
  say('one\n');
  renameSync(out, `${out}.1`);
  clock.advance(1000);
  say('two\n');
  assert.ok(!existsSync(out));
  files.reopen();
  assert.equal(text(out), '');
  say('three\n');
  assert.equal(text(`${out}.1`), 'one\ntwo\n');
  assert.equal(text(out), 'three\n');
  rmSync(out);
  clock.advance(1000);
  say('four\n');
  assert.equal(text(out), 'four\n');
});

test('on a full disk lines are lost and counted, and no line is mixed with what comes after', (t) => {
  const disk = smallDisk(t, 64 * 1024);
  if (!disk) return;
  const out = join(disk, 'out.log');
  const { say, lost, clock } = open(t, { out });
  const line = `${'x'.repeat(999)}\n`;
  for (let n = 0; n < 100; n++) say(line);
  assert.equal(lost.length, 1);
  const there = statSync(out).size;
  rmSync(out);
  clock.advance(2000);
  say('after\n');
  assert.ok(Math.abs(sum(lost) - (100 - Math.floor(there / 1000))) <= 1, String(lost));
  assert.equal(text(out).trimStart(), 'after\n');
});

test('a file that cannot be made is told at once, and then now and then', (t) => {
  const dir = tempDir(t);
  writeFileSync(join(dir, 'file'), '');
  const { say, lost, clock } = open(t, { out: join(dir, 'file', 'out.log') });
  say('one\ntwo\n');
  assert.deepEqual(lost, [2]);
  for (let n = 0; n < 30; n++) {
    clock.advance(1000);
    say('three\n');
  }
  assert.deepEqual(lost, [2]);
  clock.advance(60_000);
  say('four\n');
  assert.deepEqual(lost, [2, 31]);
});

test('files are there before anything is written', (t) => {
  const dir = tempDir(t);
  const { files } = open(t, { out: join(dir, 'out.log'), err: join(dir, 'err.log') }, 2);
  files.make(1);
  assert.deepEqual(readdirSync(dir).sort(), ['err-1.log', 'out-1.log']);
});

test('as root, nobody else can make it write where their links point', (t) => {
  if (process.platform !== 'linux' || process.geteuid?.() !== 0) {
    unavailable(t, 'needs Linux and root');
    return;
  }
  const dir = tempDir(t);
  const secret = join(dir, 'secret');
  writeFileSync(secret, '');
  const theirs = join(dir, 'theirs');
  mkdirSync(theirs);
  chownSync(theirs, 65534, 65534); // nobody
  symlinkSync(secret, join(theirs, 'link.log'));
  assert.throws(() => openPlain(join(theirs, 'link.log')), { code: 'ELOOP' });
  symlinkSync(dir, join(theirs, 'logs'));
  assert.throws(() => openPlain(join(theirs, 'logs', 'out.log')), /ELOOP|ENOTDIR/);
  linkSync(secret, join(theirs, 'second.log'));
  assert.throws(() => openPlain(join(theirs, 'second.log')), /is not a file of the owner/);
  closeSync(openPlain(join(theirs, 'deep', 'er', 'out.log')));
  assert.equal(statSync(join(theirs, 'deep', 'er', 'out.log')).uid, 65534);
  assert.equal(statSync(join(theirs, 'deep')).uid, 65534);
  symlinkSync(theirs, join(dir, 'ours'));
  closeSync(openPlain(join(dir, 'ours', 'out.log')));
  assert.equal(statSync(join(theirs, 'out.log')).uid, 65534);
});
