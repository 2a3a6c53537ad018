import assert from 'node:assert/strict';
import { type ChildProcess, type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, openSync, readFileSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { cleanup, type Test } from '../../test/support/cleanup.ts';
import { logPlan } from '../../test/support/plans.ts';
import { tempDir } from '../../test/support/temp-dir.ts';
import { until } from '../../test/support/until.ts';
import { isSystemError } from '../errors.ts';
import { FakeClock } from '../kit/clock.ts';
import { Capture, type RecordSink } from './capture.ts';
import { closeChildEnds, makePipes, openForChild, type PipePair } from './pipes.ts';
import { type LogRecord, parseRecord } from './record.ts';
import { LogWriter } from './writer.ts';

const plan = logPlan({ rotateBytes: 1e9, keep: 5, totalBytes: 1e10, compress: false });

/** A sink that keeps all, and refuses more when told. */
class Memory implements RecordSink {
  ready = true;
  #batches: Buffer[] = [];
  #callbacks: (() => void)[] = [];

  write(records: Buffer): boolean {
    this.#batches.push(Buffer.from(records));
    return this.ready;
  }

  onceReady(callback: () => void): void {
    this.#callbacks.push(callback);
  }

  release(): void {
    this.ready = true;
    for (const callback of this.#callbacks.splice(0)) callback();
  }

  get bytes(): Buffer {
    return Buffer.concat(this.#batches);
  }

  get records(): LogRecord[] {
    return recordsIn(this.bytes);
  }
}

function recordsIn(file: Buffer): LogRecord[] {
  const records: LogRecord[] = [];
  for (let start = 0; start < file.length; ) {
    const end = file.indexOf(10, start);
    const record = parseRecord(file.subarray(start, end));
    assert.ok(record, `a record: ${file.toString('latin1', start, start + 80)}`);
    records.push(record);
    start = end + 1;
  }
  return records;
}

/** What a stream of the instance wrote, byte for byte, by the rule in record.ts. */
function bytesOf(file: Buffer, stream: 'out' | 'err'): Buffer {
  const parts: Buffer[] = [];
  for (let start = 0; start < file.length; ) {
    const end = file.indexOf(10, start);
    const line = file.subarray(start, end);
    start = end + 1;
    const mark = /^\S+ \S+ (\S+) /.exec(line.toString('latin1', 0, 100));
    if (mark?.[1]?.slice(0, 3) !== stream) continue;
    parts.push(line.subarray(mark[0].length), Buffer.from(mark[1].endsWith('+') ? '' : '\n'));
  }
  return Buffer.concat(parts);
}

async function pipesFor(t: Test): Promise<{ dir: string; pipes: PipePair }> {
  const dir = tempDir(t);
  return { dir, pipes: await makePipes(dir, 'web.0') };
}

function run(t: Test, pipes: PipePair, command: string, args: readonly string[]): ChildProcess {
  const ends = openForChild(pipes);
  const child = spawn(command, args, { stdio: ['ignore', ends.out, ends.err] });
  closeChildEnds(ends);
  cleanup(t, () => child.kill('SIGKILL'));
  return child;
}

/** Captures in this process, started as the daemon does: before the child, with the child's ends open. */
function capture(t: Test, pipes: PipePair, sink: RecordSink, clock?: FakeClock): Capture {
  const ends = openForChild(pipes);
  const captured = new Capture({ pipes, instance: 'web.0', sink, ...(clock && { clock }) });
  captured.open();
  cleanup(t, () => captured.close());
  // The child of the test opens its own; these only have to be there until it does.
  setImmediate(() => closeChildEnds(ends));
  return captured;
}

test('50,000 lines and then process.exit(1): all of them, and the last ones at hand', async (t) => {
  const { dir, pipes } = await pipesFor(t);
  const writer = new LogWriter({ dir, app: 'web', plan });
  const captured = capture(t, pipes, writer);
  // What the guest does in an app.
  const script = `process.stdout._handle.setBlocking(true);
    for (let n = 0; n < 50_000; n++) console.log('line ' + n); process.exit(1)`;
  const child = run(t, pipes, process.execPath, ['-e', script]);
  const [code] = await once(child, 'exit');
  await captured.ended;
  await writer.close();
  assert.equal(code, 1);
  const texts = recordsIn(readFileSync(writer.path)).map(({ text }) => text);
  assert.deepEqual(
    texts,
    Array.from({ length: 50_000 }, (_, n) => `line ${n}`),
  );
  const last = captured.lastLines();
  assert.equal(last.length, 200);
  assert.equal(last[0]?.text, 'line 49800');
  assert.equal(last[199]?.text, 'line 49999');
});

test('both streams are marked, and the last lines have them in one order', async (t) => {
  const { pipes } = await pipesFor(t);
  const sink = new Memory();
  const captured = capture(t, pipes, sink);
  run(t, pipes, 'sh', ['-c', 'echo one; echo two >&2; printf "three, without end" >&2']);
  await captured.ended;
  assert.deepEqual(bytesOf(sink.bytes, 'out').toString(), 'one\n');
  assert.deepEqual(bytesOf(sink.bytes, 'err').toString(), 'two\nthree, without end\n');
  assert.ok(sink.records.every(({ instance, partial }) => instance === 'web.0' && !partial));
  assert.deepEqual(
    captured
      .lastLines()
      .map(({ stream, text }) => `${stream} ${text}`)
      .sort(),
    ['err three, without end', 'err two', 'out one'],
  );
});

test('any bytes arrive as they were written', async (t) => {
  const { dir, pipes } = await pipesFor(t);
  const junk = Buffer.from(Array.from({ length: 300_000 }, (_, n) => (n * 7919 + (n >> 3)) % 256));
  const long = Buffer.alloc(10 * 1024 * 1024, 'long €');
  const bytes = Buffer.concat([
    Buffer.from('crlf\r\n\n\n\0nul\0\n'),
    junk,
    Buffer.from('\n'),
    long,
    Buffer.from('\nend\n'),
  ]);
  const file = join(dir, 'bytes');
  writeFileSync(file, bytes);
  const sink = new Memory();
  const captured = capture(t, pipes, sink);
  run(t, pipes, 'cat', [file]);
  await captured.ended;
  assert.ok(bytesOf(sink.bytes, 'out').equals(bytes));
});

/** A process that captures as the daemon does. Says "ready", and "ended" when both pipes have. */
async function startReader(
  t: Test,
  dir: string,
  pipes: PipePair,
): Promise<ChildProcessByStdio<null, Readable, null>> {
  const modules = ['capture', 'writer'].map((name) =>
    JSON.stringify(new URL(`./${name}.js`, import.meta.url).href),
  );
  const script = `import { Capture } from ${modules[0]}; import { LogWriter } from ${modules[1]};
    const sink = new LogWriter({ dir: ${JSON.stringify(dir)}, app: 'web', plan: ${JSON.stringify(plan)}, slowMs: 1e9 });
    const capture = new Capture({ pipes: ${JSON.stringify(pipes)}, instance: 'web.0', sink });
    capture.open(); console.log('ready'); capture.ended.then(() => console.log('ended'));`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  cleanup(t, () => child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  return child;
}

test('a reader that is killed loses nothing of what is written from then on: the next one goes on', async (t) => {
  const { dir, pipes } = await pipesFor(t);
  const path = join(dir, 'web.log');
  const lines = () => recordsIn(readFileSync(path)).map(({ text }) => text);
  const out = openSync(pipes.out, constants.O_RDWR);
  let written = 0;
  const write = (count: number) => {
    for (const end = written + count; written < end; written++) writeSync(out, `line ${written}\n`);
  };
  for (let round = 0; round < 5; round++) {
    const reader = await startReader(t, dir, pipes);
    write(100);
    await until(() => lines().length === written, { why: 'all lines are in the file', every: 2 });
    reader.kill('SIGKILL');
    write(100);
    await once(reader, 'exit');
    write(100);
  }
  const last = await startReader(t, dir, pipes);
  closeSync(out);
  await once(last.stdout, 'data');
  assert.deepEqual(
    lines(),
    Array.from({ length: 1500 }, (_, n) => `line ${n}`),
  );
});

test('a reader that is killed in a flood loses one chunk at most, and doubles nothing', async (t) => {
  const { dir, pipes } = await pipesFor(t);
  const script = `process.stdout._handle.setBlocking(true); const filling = 'x'.repeat(90);
    for (let n = 0; ; n++) console.log(String(n).padStart(9, '0') + filling);`;
  const app = run(t, pipes, process.execPath, ['-e', script]);
  const path = join(dir, 'web.log');
  const size = () => statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  for (let kill = 0; kill < 4; kill++) {
    const before = size();
    const reader = await startReader(t, dir, pipes);
    await until(() => size() > before + 2_000_000, { why: 'it reads', every: 1 });
    reader.kill('SIGKILL');
    await once(reader, 'exit');
  }
  app.kill('SIGKILL');
  const numbers =
    readFileSync(path, 'latin1')
      .match(/(?<= out )\d{9}(?=x)/g)
      ?.map(Number) ?? [];
  const gaps = numbers
    .map((number, index) => number - (numbers[index - 1] ?? -1))
    .filter((step) => step !== 1);
  assert.ok(gaps.length <= 4, `gaps: ${gaps}`);
  assert.ok(
    gaps.every((gap) => gap > 1 && gap <= 1 + 65_536 / 100),
    `gaps: ${gaps}`,
  );
});

test('an app that ended while nobody read: its last words are there, and the end is noticed', async (t) => {
  const { pipes } = await pipesFor(t);
  // As the holder does.
  const held = [pipes.out, pipes.err].map((path) =>
    openSync(path, constants.O_RDONLY | constants.O_NONBLOCK),
  );
  cleanup(t, () => held.forEach(closeSync));
  const child = run(t, pipes, 'sh', ['-c', 'seq 1 9000; echo why >&2; printf unfinished']);
  await once(child, 'exit');
  const sink = new Memory();
  const captured = new Capture({ pipes, instance: 'web.0', sink });
  captured.open();
  await captured.ended;
  const numbers = Array.from({ length: 9000 }, (_, n) => `${n + 1}\n`).join('');
  assert.equal(bytesOf(sink.bytes, 'out').toString(), `${numbers}unfinished\n`);
  assert.equal(bytesOf(sink.bytes, 'err').toString(), 'why\n');
});

test('the app is stopped, not the memory filled, while the sink is behind', async (t) => {
  const { pipes } = await pipesFor(t);
  const sink = new Memory();
  sink.ready = false;
  const captured = capture(t, pipes, sink);
  const out = openSync(pipes.out, constants.O_RDWR | constants.O_NONBLOCK);
  const line = Buffer.from(`${'x'.repeat(99)}\n`);
  let written = 0;
  const fill = () => {
    try {
      for (;;) written += writeSync(out, line);
    } catch (error) {
      if (!isSystemError(error) || error.code !== 'EAGAIN') throw error;
    }
  };
  fill();
  await until(() => sink.bytes.length > 0, { why: 'the first chunk is taken' });
  for (let turn = 0; turn < 200; turn++) {
    fill();
    await nextTurn();
  }
  assert.ok(written <= 3 * 64 * 1024, `only what fits into the pipe: ${written}`);
  sink.release();
  closeSync(out);
  await captured.ended;
  assert.equal(bytesOf(sink.bytes, 'out').length, written);
});

test('a prompt without newline is recorded after a silence, and its line goes on later', async (t) => {
  const { pipes } = await pipesFor(t);
  const sink = new Memory();
  const clock = new FakeClock(Date.UTC(2026, 10, 23, 12));
  const captured = capture(t, pipes, sink, clock);
  const out = openSync(pipes.out, constants.O_RDWR);
  writeSync(out, 'Continue? ');
  await until(() => clock.advance(400) ?? sink.bytes.length > 0, { why: 'it is flushed' });
  assert.deepEqual(
    sink.records.map(({ text, partial }) => [text, partial]),
    [['Continue? ', true]],
  );
  writeSync(out, 'yes\n');
  closeSync(out);
  await until(() => clock.advance(10) ?? sink.records.length === 2, { why: 'the rest arrives' });
  await captured.ended;
  assert.equal(bytesOf(sink.bytes, 'out').toString(), 'Continue? yes\n');
});

test('a capture that is closed leaves the begun line to the next one', async (t) => {
  const { pipes } = await pipesFor(t);
  const sink = new Memory();
  const out = openSync(pipes.out, constants.O_RDWR);
  cleanup(t, () => closeSync(out));
  const euro = Buffer.from('€');
  const first = capture(t, pipes, sink);
  writeSync(out, Buffer.concat([Buffer.from('whole\nhalf '), euro.subarray(0, 1)]));
  first.close();
  await first.ended;
  writeSync(out, Buffer.concat([euro.subarray(1), Buffer.from(' line\n')]));
  const second = capture(t, pipes, sink);
  await until(() => sink.records.length === 3, { why: 'all is read' });
  second.close();
  assert.equal(bytesOf(sink.bytes, 'out').toString(), 'whole\nhalf € line\n');
});

test('the memory of the last lines is bounded, whatever is written', async (t) => {
  const { pipes } = await pipesFor(t);
  const sink = new Memory();
  const captured = capture(t, pipes, sink);
  run(t, pipes, process.execPath, ['-e', `console.log(('x'.repeat(2000) + '\\n').repeat(1000) + 'end')`]);
  await captured.ended;
  const last = captured.lastLines();
  assert.equal(last.at(-1)?.text, 'end');
  assert.ok(last.length >= 30 && last.length < 70);
});

test('pipes that are gone are an error, and nothing stays open', async (t) => {
  const { pipes } = await pipesFor(t);
  const captured = new Capture({
    pipes: { ...pipes, err: `${pipes.err}.gone` },
    instance: 'web.0',
    sink: new Memory(),
  });
  assert.throws(() => captured.open(), { code: 'ENOENT' });
  await captured.ended;
});

test('pipes that cannot be made are a clear error', async (t) => {
  await assert.rejects(makePipes(join(tempDir(t), 'missing'), 'web.0'), (error: Error) => {
    assert.match(error.message, /^Cannot make the log pipes of "web\.0" in ".*missing": /);
    return true;
  });
});
