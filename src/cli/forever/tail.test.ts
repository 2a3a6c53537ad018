import assert from 'node:assert/strict';
import { appendFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { tempDir } from '../../../test/support/temp-dir.ts';
import { tailLines } from './tail.ts';

const { signal } = new AbortController();

async function lastLines(file: string, count: number): Promise<string[]> {
  const lines: string[] = [];
  for await (const line of tailLines(file, { count, follow: false, signal })) lines.push(line);
  return lines;
}

test('the last lines of a file of any size, also one whose last line has no end', async (t) => {
  const file = join(tempDir(t), 'a.log');
  const lines = Array.from({ length: 20_000 }, (_, n) => `line ${n} ${'ä'.repeat(n % 50)}`);
  writeFileSync(file, `${lines.join('\n')}\n`);
  for (const count of [0, 1, 2, 7, 5000, 19_999, 20_000, 30_000]) {
    assert.deepEqual(await lastLines(file, count), count === 0 ? [] : lines.slice(-count), String(count));
  }
  appendFileSync(file, 'no end');
  assert.deepEqual(await lastLines(file, 2), [lines.at(-1), 'no end']);
  writeFileSync(file, '');
  assert.deepEqual(await lastLines(file, 5), []);
});

test('what is added is followed, also to a new file of this name and to one that was emptied', async (t) => {
  const dir = tempDir(t);
  const file = join(dir, 'a.log');
  writeFileSync(file, 'one\ntwo\n');
  const stop = new AbortController();
  const followed = tailLines(file, { count: 1, follow: true, signal: stop.signal });
  const next = async () => (await followed.next()).value;
  assert.equal(await next(), 'two');
  appendFileSync(file, 'th');
  const third = next();
  appendFileSync(file, 'ree\n');
  assert.equal(await third, 'three');
  renameSync(file, join(dir, 'a.log.1'));
  writeFileSync(file, 'rotated\n');
  assert.equal(await next(), 'rotated');
  writeFileSync(file, 'new\n');
  assert.equal(await next(), 'new');
  const last = followed.next();
  stop.abort();
  assert.equal((await last).done, true);
});
