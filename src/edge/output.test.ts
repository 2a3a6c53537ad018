import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, readSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Output } from './output.ts';

test('a reader that does not read stops nothing, and gets every line when it reads again', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'holdfast-output-'));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  const path = join(dir, 'fifo');
  execFileSync('mkfifo', [path]);
  const fd = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
  t.after(() => closeSync(fd));
  const log = new Output(fd);
  const lines = Array.from({ length: 50_000 }, (_, i) => `line ${i}\n`);
  for (const line of lines) log.add(line);
  assert.equal(await log.flushed(300), false);
  const flushed = log.flushed(10_000);
  const buffer = Buffer.alloc(65_536);
  let text = '';
  while (text.length < lines.join('').length) {
    try {
      text += buffer.toString('latin1', 0, readSync(fd, buffer));
    } catch {
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
  assert.equal(text, lines.join(''));
  assert.equal(await flushed, true);
});

test('what is too much is dropped and told', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'holdfast-output-'));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  const fd = openSync(join(dir, 'file'), 'w');
  t.after(() => closeSync(fd));
  const told: number[] = [];
  const log = new Output(fd, (lines) => told.push(lines));
  const line = `${'x'.repeat(1024 * 1024)}\n`;
  for (let i = 0; i < 20; i++) log.add(line);
  assert.equal(await log.flushed(10_000), true);
  // Some 4 MB wait, and no more.
  assert.deepEqual(told, [16]);
});

test('what cannot be written is told, too', async (t) => {
  const fd = openSync('/dev/full', 'w');
  t.after(() => closeSync(fd));
  const told: number[] = [];
  const log = new Output(fd, (lines) => told.push(lines));
  log.add('one\ntwo\n');
  assert.equal(await log.flushed(10_000), true);
  log.add('three\n');
  assert.equal(await log.flushed(10_000), true);
  assert.deepEqual(told, [2]);
});
