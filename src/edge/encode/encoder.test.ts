import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import zlib from 'node:zlib';
import { allNodes } from '../../../test/support/nodes.ts';
import { until } from '../../../test/support/until.ts';
import type { Coding } from './accept-encoding.ts';
import { codings, Encoder } from './encoder.ts';

function encode(coding: Coding) {
  const chunks: Buffer[] = [];
  const state = { done: false, rooms: 0, pauses: 0 };
  const encoder = new Encoder(coding, {
    onEncoded(bytes, done) {
      chunks.push(bytes);
      state.done = done;
    },
    onPause: () => state.pauses++,
    onRoom: () => state.rooms++,
    onFailed: () => assert.fail('it failed'),
  });
  const { createZstdDecompress } = zlib as { createZstdDecompress?: () => zlib.Gunzip };
  const makers = { br: zlib.createBrotliDecompress, gzip: zlib.createGunzip, zstd: createZstdDecompress };
  const make = makers[coding];
  assert.ok(make);
  /** What a client can read by now. */
  const readable = async () => {
    const reader = make();
    let text = '';
    reader.on('data', (bytes) => {
      text += bytes;
    });
    reader.on('error', () => undefined);
    // Listened for from the start: a zstd decoder may end with its frame, while it is still being written to.
    const ended = new Promise((resolve) => reader.once('end', resolve));
    await new Promise((resolve) => reader.write(Buffer.concat(chunks), resolve));
    if (state.done) {
      reader.end();
      await ended;
    }
    return text;
  };
  return { encoder, state, readable };
}

for (const coding of codings) {
  test(`${coding}: what is written can be read when there is a pause, and at the end all of it`, async () => {
    const { encoder, state, readable } = encode(coding);
    const first = Buffer.from('--hello--');
    encoder.write(first, 2, 7, false);
    await until(async () => (await readable()) === 'hello', { why: 'it is let out' });
    assert.ok(state.pauses > 0);
    const much = Buffer.from('0123456789abcdef'.repeat(20_000));
    encoder.write(much, 0, much.length, false);
    assert.equal(encoder.congested, true);
    await until(() => state.rooms > 0, { why: 'there is room' });
    encoder.write(first, 0, 2, true);
    await until(() => state.done, { why: 'all is there' });
    assert.equal(await readable(), `hello${much}--`);
  });
}

test('zstd is one of them on a Node that has it', async (t) => {
  if (codings.includes('zstd')) return;
  const other = allNodes().find(({ major }) => major >= 24);
  if (!other) return t.skip('there is no such Node here; run scripts/test-deps');
  const { NODE_TEST_CONTEXT: _ours, ...env } = process.env;
  const args = ['--test', '--test-reporter=tap', fileURLToPath(import.meta.url)];
  const { stdout } = await promisify(execFile)(other.path, args, { env });
  assert.match(stdout, /^ok \d+ - zstd: what is written/m);
});
