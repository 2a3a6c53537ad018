import assert from 'node:assert/strict';
import {
  appendFileSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { cleanup, type Test } from '../../test/support/cleanup.ts';
import { logPlan } from '../../test/support/plans.ts';
import { tempDir } from '../../test/support/temp-dir.ts';
import { until } from '../../test/support/until.ts';
import { type Clock, FakeClock, systemClock } from '../kit/clock.ts';
import { type LogLine, type ReadLogsOptions, readLogs } from './reader.ts';
import { encodeRecord, type LogRecord } from './record.ts';
import { LogWriter } from './writer.ts';

const start = Date.UTC(2026, 10, 23, 12);
const plan = logPlan({ rotateBytes: 10_000, keep: 1000, totalBytes: 1e9, compress: true });

function at(ms: number): string {
  return new Date(start + ms).toISOString();
}

function record(ms: number, text: string, more: Partial<LogRecord> = {}): string {
  return encodeRecord({ time: at(ms), instance: 'web.0', stream: 'out', partial: false, text, ...more });
}

async function read(options: ReadLogsOptions): Promise<LogLine[]> {
  const lines: LogLine[] = [];
  for await (const line of readLogs(options)) lines.push(line);
  return lines;
}

async function texts(options: ReadLogsOptions): Promise<string[]> {
  return (await read(options)).map(({ text }) => text);
}

/** Follows in the background; `lines` grows. Ended with the test. */
function follow(
  t: Test,
  options: ReadLogsOptions,
): { lines: LogLine[]; done: Promise<void>; stop(): Promise<void> } {
  const control = new AbortController();
  const lines: LogLine[] = [];
  const done = (async () => {
    for await (const line of readLogs({ ...options, follow: true, signal: control.signal })) lines.push(line);
  })();
  const stop = () => {
    control.abort();
    return done;
  };
  cleanup(t, stop);
  return { lines, done, stop };
}

function openWriter(
  t: Test,
  dir: string,
  app: string,
  options = plan,
  clock: Clock = systemClock,
): LogWriter {
  const writer = new LogWriter({ dir, app, plan: options, clock });
  cleanup(t, () => writer.close());
  return writer;
}

function now(text: string): Buffer {
  return Buffer.from(record(Date.now() - start, text));
}

function numbered(from: number, to: number): string[] {
  return Array.from({ length: to - from }, (_, n) => `line ${from + n}`);
}

test('lines have all their parts', async (t) => {
  const dir = tempDir(t);
  writeFileSync(
    join(dir, 'web.log'),
    record(1, 'plain') +
      record(2, 'crlf\r', { stream: 'err', instance: 'web.1' }) +
      record(3, '', { partial: true }),
  );
  assert.deepEqual(await read({ dir }), [
    { time: at(1), app: 'web', instance: 'web.0', stream: 'out', text: 'plain', partial: false },
    { time: at(2), app: 'web', instance: 'web.1', stream: 'err', text: 'crlf', partial: false },
    { time: at(3), app: 'web', instance: 'web.0', stream: 'out', text: '', partial: true },
  ]);
});

test('junk is shown with replacement characters, and what is no record is passed over', async (t) => {
  const dir = tempDir(t);
  const junk = Buffer.concat([Buffer.from(record(1, 'a').trimEnd()), Buffer.from([0xff, 0x00, 0x0a])]);
  writeFileSync(
    join(dir, 'web.log'),
    Buffer.concat([Buffer.from('not ours\n\n'), junk, Buffer.from(record(2, 'torn').slice(0, 38))]),
  );
  assert.deepEqual(await texts({ dir }), ['a\ufffd\0']);
  assert.deepEqual(await texts({ dir, tail: 5 }), ['a\ufffd\0']);
});

test('nothing there is no error', async (t) => {
  const dir = tempDir(t);
  assert.deepEqual(await read({ dir: join(dir, 'missing') }), []);
  assert.deepEqual(await read({ dir, apps: ['web'], tail: 10 }), []);
  writeFileSync(join(dir, 'web.log'), '');
  assert.deepEqual(await read({ dir, tail: 10 }), []);
  assert.deepEqual(await read({ dir, tail: 0 }), []);
});

test('filters', async (t) => {
  const dir = tempDir(t);
  writeFileSync(
    join(dir, 'web.log'),
    record(1, 'one') +
      record(2, 'two', { stream: 'err' }) +
      record(3, 'three', { instance: 'web.1' }) +
      record(4, 'four'),
  );
  writeFileSync(join(dir, 'api.log'), record(5, 'five', { instance: 'api.0' }));
  assert.deepEqual(await texts({ dir, stream: 'err' }), ['two']);
  assert.deepEqual(await texts({ dir, instances: ['web.1'] }), ['three']);
  assert.deepEqual(await texts({ dir, grep: /^t/g }), ['two', 'three']);
  assert.deepEqual(await texts({ dir, grep: /o/, tail: 2 }), ['two', 'four']);
  assert.deepEqual(await texts({ dir, since: start + 3 }), ['three', 'four', 'five']);
  assert.deepEqual(await texts({ dir, since: start + 3, tail: 2 }), ['four', 'five']);
  assert.deepEqual(await texts({ dir, apps: ['api'] }), ['five']);
});

test('a file that cannot be read is a clear error', async (t) => {
  const dir = tempDir(t);
  writeFileSync(join(dir, 'file'), '');
  await assert.rejects(read({ dir: join(dir, 'file'), apps: ['web'] }), { code: 'HOME_UNUSABLE' });
});

const history = fc.array(
  fc.record({
    app: fc.constantFrom('api', 'web'),
    gap: fc.nat(2),
    size: fc.oneof(
      { weight: 20, arbitrary: fc.nat(50) },
      { weight: 1, arbitrary: fc.integer({ min: 0, max: 65_536 }) },
    ),
  }),
  { maxLength: 200 },
);

test('tail and since, over rotated and compressed files, give what sorting everything gives', async () => {
  await fc.assert(
    fc.asyncProperty(
      history,
      fc.nat(250),
      fc.nat(250),
      fc.nat(5),
      async (entries, tail, sinceMs, rotations) => {
        const steps: (() => unknown)[] = [];
        const dir = tempDir({ after: (step) => steps.push(step), skip: () => undefined });
        try {
          let ms = 0;
          const all = entries.map(({ app, gap, size }, index) => {
            ms += gap;
            return { app, ms, text: `${index}${'x'.repeat(size)}` };
          });
          for (const app of ['api', 'web'])
            writeFiles(
              dir,
              app,
              all.filter((line) => line.app === app),
              rotations,
            );
          const sorted = [...all].sort((a, b) => a.ms - b.ms || (a.app < b.app ? -1 : a.app > b.app ? 1 : 0));
          const wanted = sorted.filter((line) => line.ms >= sinceMs).map(({ text }) => text);
          const since = start + sinceMs;
          assert.deepEqual(
            await texts({ dir }),
            sorted.map(({ text }) => text),
          );
          assert.deepEqual(await texts({ dir, since }), wanted);
          assert.deepEqual(await texts({ dir, since, tail }), tail === 0 ? [] : wanted.slice(-tail));
        } finally {
          for (const step of steps) await step();
        }
      },
    ),
    { numRuns: 60 },
  );
});

/** Divides lines over a current and some rotated files, every other one compressed. */
function writeFiles(
  dir: string,
  app: string,
  lines: { ms: number; text: string }[],
  rotations: number,
): void {
  const size = Math.ceil(lines.length / (rotations + 1));
  let newest = 0;
  for (let n = 0; n <= rotations; n++) {
    const part = lines.slice(n * size, (n + 1) * size);
    const content = part.map(({ ms, text }) => record(ms, text)).join('');
    newest = Math.max(newest + 1, part.at(-1)?.ms ?? 0);
    const until = at(newest).replaceAll(':', '-');
    if (n === rotations) writeFileSync(join(dir, `${app}.log`), content);
    else if (part.length > 0 && n % 2 === 0) writeFileSync(join(dir, `${app}.log.${until}`), content);
    else if (part.length > 0) writeFileSync(join(dir, `${app}.log.${until}.gz`), gzipSync(content));
  }
}

test('since is found in a large file', async (t) => {
  const dir = tempDir(t);
  const count = 40_000;
  const padding = 'x'.repeat(50);
  const lines = Array.from({ length: count }, (_, n) =>
    record(n >> 8, `${n} ${n % 5000 === 0 ? 'x'.repeat(60_000) : padding}`),
  );
  writeFileSync(join(dir, 'web.log'), lines.join(''));
  for (const ms of [0, 1, 39, 97, 98, (count - 1) >> 8, count >> 8]) {
    const found = await read({ dir, since: start + ms });
    assert.equal(found.length, Math.max(0, count - (ms << 8)));
    assert.ok(found.every(({ time }) => time >= at(ms)));
  }
});

test('a damaged compressed file is told in its place, and the rest is read', async (t) => {
  const dir = tempDir(t);
  const name = (ms: number) => join(dir, `web.log.${at(ms).replaceAll(':', '-')}.gz`);
  writeFileSync(name(10), gzipSync(record(1, 'one')).subarray(0, 30));
  writeFileSync(name(20), gzipSync(record(11, 'two')));
  writeFileSync(join(dir, 'web.log'), record(21, 'three'));
  for (const tail of [Number.POSITIVE_INFINITY, 10]) {
    const lines = await read({ dir, tail });
    assert.deepEqual(
      lines.slice(-2).map(({ text }) => text),
      ['two', 'three'],
    );
    assert.match(lines.at(-3)?.text ?? '', /^the rest of ".*\.gz" cannot be read: /);
    assert.equal(lines.at(-3)?.instance, 'holdfast');
  }
});

test('following goes on where the past ended: nothing lost, nothing doubled, through rotation and compression', async (t) => {
  const dir = tempDir(t);
  const writer = openWriter(t, dir, 'web');
  for (let n = 0; n < 500; n++) writer.write(now(`line ${n}`));
  const { lines } = follow(t, { dir });
  for (let n = 500; n < 6000; n++) {
    writer.write(now(`line ${n}`));
    if (n % 50 === 0) await new Promise(setImmediate);
  }
  await until(() => lines.length >= 6000, { why: 'all lines are there' });
  assert.deepEqual(
    lines.map(({ text }) => text),
    numbered(0, 6000),
  );
  assert.ok(readdirSync(dir).length > 20, 'it was rotated while it was followed');
});

test('following many rotations at once misses none', async (t) => {
  const dir = tempDir(t);
  const writer = openWriter(t, dir, 'web', { ...plan, compress: false });
  writer.write(now('line 0'));
  const { lines } = follow(t, { dir, apps: ['web'] });
  await until(() => lines.length === 1, { why: 'it follows' });
  const rest = numbered(1, 3000).map((text) => now(text));
  writer.write(Buffer.concat(rest));
  await until(() => lines.length >= 3000, { why: 'all lines are there' });
  assert.deepEqual(
    lines.map(({ text }) => text),
    numbered(0, 3000),
  );
});

test('following notices a file that was removed, and rotated under its name before the next look', async (t) => {
  const dir = tempDir(t);
  const clock = new FakeClock(Date.now());
  const writer = openWriter(t, dir, 'web', { ...plan, compress: false }, clock);
  writer.write(now('line 0'));
  const { lines } = follow(t, { dir, apps: ['web'] });
  await until(() => lines.length === 1, { why: 'it follows' });
  rmSync(join(dir, 'web.log'));
  clock.advance(1000);
  writer.write(Buffer.concat(numbered(1, 500).map((text) => now(text))));
  await until(() => lines.length >= 500, { why: 'all lines are there' });
  assert.deepEqual(
    lines.map(({ text }) => text),
    numbered(0, 500),
  );
});

test('the past is read whole while files are rotated and compressed', async (t) => {
  const dir = tempDir(t);
  const writer = openWriter(t, dir, 'web', { ...plan, rotateBytes: 1000 });
  let n = 0;
  const writing = setInterval(() => {
    for (const end = n + 5; n < end; n++) writer.write(now(`line ${n}`));
  }, 1);
  cleanup(t, () => clearInterval(writing));
  for (let round = 0; round < 40; round++) {
    const found = await texts({ dir, ...(round % 2 && { tail: 200 }) });
    const first = Number(found[0]?.slice('line '.length) ?? 0);
    assert.deepEqual(found, numbered(first, first + found.length));
    assert.ok(round % 2 ? found.length <= 200 : first === 0);
  }
});

test('lines of several apps come in the order of time, also of an app that is new', async (t) => {
  const dir = tempDir(t);
  const writers = ['api', 'web'].map((app) => openWriter(t, dir, app));
  const { lines } = follow(t, { dir });
  const log = (index: number, n: number) => writers[index % writers.length]?.write(now(`line ${n}`));
  for (let n = 0; n < 1000; n++) {
    if (n === 500) writers.push(openWriter(t, dir, 'new'));
    log(n, n);
    if (n % 10 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await until(() => lines.length >= 1000, { why: 'all lines are there' });
  assert.equal(new Set(lines.map(({ text }) => text)).size, 1000);
  assert.deepEqual(new Set(lines.map(({ app }) => app)), new Set(['api', 'web', 'new']));
  const times = lines.map(({ time }) => time);
  assert.deepEqual(times, [...times].sort());
});

test('following survives that the file is removed, moved, cut, and was not there at first', async (t) => {
  const dir = tempDir(t);
  const file = join(dir, 'web.log');
  const { lines } = follow(t, { dir, apps: ['web'] });
  const expected: string[] = [];
  const add = async (text: string) => {
    appendFileSync(file, now(text));
    expected.push(text);
    await until(() => lines.length >= expected.length, { why: `"${text}" is there` });
    assert.deepEqual(
      lines.map((line) => line.text),
      expected,
    );
  };
  await add('created');
  await add('more');
  rmSync(file);
  await add('after it was removed');
  renameSync(file, join(dir, 'elsewhere'));
  await add('after it was moved');
  truncateSync(file);
  await add('cut');
});

test('half a record is given out when it is whole', async (t) => {
  const dir = tempDir(t);
  const file = join(dir, 'web.log');
  const whole = now('whole').toString();
  writeFileSync(file, now('first').toString() + whole.slice(0, 30));
  const { lines } = follow(t, { dir });
  await until(() => lines.length === 1, { why: 'the first is there' });
  appendFileSync(file, whole.slice(30));
  await until(() => lines.length === 2, { why: 'the second is whole' });
  assert.equal(lines[1]?.text, 'whole');
});

test('filters hold while following', async (t) => {
  const dir = tempDir(t);
  const writer = openWriter(t, dir, 'web');
  const { lines } = follow(t, { dir, tail: 0, grep: /want/ });
  writer.write(now('other'));
  await until(
    () => {
      writer.write(now('want'));
      return lines.length > 0;
    },
    { why: 'a line arrives' },
  );
  assert.ok(lines.every(({ text }) => text === 'want'));
});

test('the signal ends it, before and while following', async (t) => {
  const dir = tempDir(t);
  writeFileSync(join(dir, 'web.log'), record(1, 'one') + record(2, 'two'));
  assert.deepEqual(await read({ dir, follow: true, signal: AbortSignal.abort() }), []);
  const following = follow(t, { dir });
  await until(() => following.lines.length === 2, { why: 'the past is there' });
  await following.stop();
});

test('a consumer that stops in a compressed file leaves nothing open', async (t) => {
  const dir = tempDir(t);
  const name = `web.log.${at(9).replaceAll(':', '-')}.gz`;
  const noise = Array.from({ length: 200_000 }, (_, n) => record(1, String((n * 2654435761) % 2 ** 32))).join(
    '',
  );
  writeFileSync(join(dir, name), gzipSync(noise));
  for await (const line of readLogs({ dir })) {
    assert.equal(line.text, '0');
    break;
  }
  await until(() => openFilesIn(dir).length === 0, { why: 'it is closed' });
});

test('a consumer that stops leaves nothing open', async (t) => {
  const dir = tempDir(t);
  writeFileSync(join(dir, 'web.log'), record(1, 'one') + record(2, 'two'));
  for await (const line of readLogs({ dir, follow: true })) {
    assert.equal(line.text, 'one');
    break;
  }
  assert.deepEqual(openFilesIn(dir), []);
});

function openFilesIn(dir: string): string[] {
  if (process.platform !== 'linux') return [];
  const targets = readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`);
    } catch {
      return []; // The one that reads this directory.
    }
  });
  return targets.filter((target) => target.startsWith(dir));
}
