import assert from 'node:assert/strict';
import {
  appendFileSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { cleanup, type Test } from '../../../test/support/cleanup.ts';
import { tempDir } from '../../../test/support/temp-dir.ts';
import { rotatedName } from '../log-files.ts';
import { encodeRecord } from '../record.ts';
import { LogCursor } from './cursor.ts';
import { beginning, endOfLog, type Position, PositionFile } from './position.ts';

/** A log that a test writes, rotates and compresses, and a cursor on it. */
function log(t: Test, from: Position = beginning) {
  const dir = tempDir(t);
  const path = join(dir, 'web.log');
  let cursor = new LogCursor(dir, 'web', from);
  cleanup(t, () => cursor.close());
  let seconds = 0;
  let written = 0;
  return {
    dir,
    path,
    write(count: number) {
      const records = Array.from({ length: count }, () => record(written++));
      appendFileSync(path, records.join(''));
    },
    /** Returns the path that it has now. */
    rotate(): string {
      const name = rotatedName(path, new Date(Date.UTC(2026, 10, 24, 0, 0, seconds++)).toISOString());
      renameSync(path, name);
      return name;
    },
    /** Reads to the end. */
    async read(): Promise<{ numbers: number[]; end: Position | undefined }> {
      const numbers: number[] = [];
      let end: Position | undefined;
      for (let batch = await cursor.next(); batch; batch = await cursor.next()) {
        numbers.push(...batch.lines.map((line) => Number(line.toString().split(' ')[3])));
        end = batch.end;
      }
      return { numbers, end };
    },
    next: () => cursor.next(),
    async goOnFrom(position: Position) {
      await cursor.close();
      cursor = new LogCursor(dir, 'web', position);
    },
    untouched: async () => (await cursor.untouched()).length,
  };
}

function record(n: number): string {
  const time = new Date(Date.UTC(2026, 10, 23, 12, 0, 0, n)).toISOString();
  return encodeRecord({ time, instance: 'web.0', stream: 'out', partial: false, text: String(n) });
}

function compress(path: string): void {
  writeFileSync(`${path}.gz`, gzipSync(readFileSync(path)));
  rmSync(path);
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, n) => from + n);
}

test('goes through rotated, compressed and growing files, each line once', async (t) => {
  const { write, rotate, read } = log(t);
  write(10);
  compress(rotate());
  write(10);
  rotate();
  write(5);
  assert.deepEqual((await read()).numbers, range(0, 25));
  write(5);
  assert.deepEqual((await read()).numbers, range(25, 30));
  write(5);
  rotate();
  write(5);
  assert.deepEqual((await read()).numbers, range(30, 40));
  write(5);
  compress(rotate());
  assert.deepEqual((await read()).numbers, range(40, 45));
  write(1);
  assert.deepEqual((await read()).numbers, range(45, 46));
});

test('many batches, and a position after each of them is where it goes on', async (t) => {
  const { write, rotate, read, goOnFrom, dir } = log(t);
  write(20_000);
  compress(rotate());
  write(20_000);
  const cursor = new LogCursor(dir, 'web', beginning);
  cleanup(t, () => cursor.close());
  let seen = 0;
  for (let batch = await cursor.next(); batch; batch = await cursor.next()) {
    seen += batch.lines.length;
    await goOnFrom(batch.end);
    const { numbers } = await read();
    assert.equal(numbers[0] ?? 40_000, seen);
    assert.equal(numbers.length, 40_000 - seen);
  }
  assert.equal(seen, 40_000);
});

test('a position holds when its file is rotated and compressed meanwhile', async (t) => {
  const { write, rotate, read, goOnFrom } = log(t);
  write(10);
  const { end } = await read();
  assert.ok(end);
  write(10);
  const rotated = rotate();
  await goOnFrom(end);
  write(1);
  assert.deepEqual((await read()).numbers, range(10, 21));
  compress(rotated);
  await goOnFrom(end);
  assert.deepEqual((await read()).numbers, range(10, 21));
});

test('when the file of a position is gone, the next one is read from its beginning', async (t) => {
  const { write, rotate, read, goOnFrom } = log(t);
  write(10);
  const { end } = await read();
  assert.ok(end);
  const rotated = rotate();
  write(100);
  rotate();
  write(5);
  rmSync(rotated);
  await goOnFrom(end);
  assert.deepEqual((await read()).numbers, range(10, 115));
});

test('a file that is cut, removed or replaced is read from its beginning', async (t) => {
  const { write, read, path } = log(t);
  write(10);
  await read();
  truncateSync(path);
  write(5);
  assert.deepEqual((await read()).numbers, range(10, 15));
  rmSync(path);
  assert.deepEqual((await read()).numbers, []);
  write(50);
  assert.deepEqual((await read()).numbers, range(15, 65));
});

test('half a line is read when it is whole, and a damaged file ends where it is damaged', async (t) => {
  const { write, rotate, read, path } = log(t);
  write(1);
  appendFileSync(path, record(7).slice(0, -3));
  assert.deepEqual((await read()).numbers, [0]);
  appendFileSync(path, record(7).slice(-3));
  assert.deepEqual((await read()).numbers, [7]);
  appendFileSync(path, `${'x'.repeat(400_000)}\n${record(8)}`);
  assert.equal((await read()).numbers.at(-1), 8, 'what is longer than any record is passed over');
  writeFileSync(`${rotate()}.gz`, 'junk');
  write(1);
  assert.deepEqual((await read()).numbers, [1]);
});

test('knows of which rotated files nothing was read, also when the one that is being read is removed', async (t) => {
  const { write, rotate, read, untouched, next } = log(t);
  for (let n = 0; n < 3; n++) {
    write(1);
    rotate();
  }
  assert.equal(await untouched(), 3);
  await read();
  assert.equal(await untouched(), 0);
  write(1);
  await next();
  const mine = rotate();
  write(1);
  rotate();
  assert.equal(await untouched(), 1);
  rmSync(mine);
  assert.equal(await untouched(), 1);
});

test('the end of a log is a position, also of none; positions are kept in a file', async (t) => {
  const { write, rotate, read, goOnFrom, dir } = log(t);
  assert.deepEqual(endOfLog(dir, 'web'), beginning);
  write(3);
  rotate();
  write(3);
  const end = endOfLog(dir, 'web');
  write(2);
  const file = join(dir, 'forward-web.json');
  const positions = new PositionFile(file);
  assert.equal(positions.get('x'), undefined);
  positions.set('x', end);
  positions.set('y', beginning);
  positions.keepOnly(['x']);
  positions.set('x', end);
  assert.deepEqual(
    readdirSync(dir).filter((name) => name.endsWith('.tmp')),
    [],
  );
  const again = new PositionFile(file);
  assert.equal(again.get('y'), undefined);
  const stored = again.get('x');
  assert.ok(stored);
  await goOnFrom(stored);
  assert.deepEqual((await read()).numbers, [6, 7]);
  writeFileSync(file, '{"x":{"after":1}');
  assert.equal(new PositionFile(file).get('x'), undefined);
});
