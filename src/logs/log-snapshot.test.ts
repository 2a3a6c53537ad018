import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cleanup } from '../../test/support/cleanup.ts';
import { logPlan } from '../../test/support/plans.ts';
import { tempDir } from '../../test/support/temp-dir.ts';
import { linesSince, takeSnapshot } from './log-snapshot.ts';
import { encodeRecord } from './record.ts';
import { LogWriter } from './writer.ts';

test('a snapshot misses and doubles nothing when the file is rotated while it is taken', async (t) => {
  const dir = tempDir(t);
  const plan = logPlan({ rotateBytes: 200, keep: 10, totalBytes: 1e9, compress: false });
  const writer = new LogWriter({ dir, app: 'web', plan });
  cleanup(t, () => writer.close());
  let written = 0;
  const write = () => {
    const time = new Date().toISOString();
    const text = String(written++);
    writer.write(Buffer.from(encodeRecord({ time, instance: 'web.0', stream: 'out', partial: false, text })));
  };
  write();
  for (let round = 0; round < 150; round++) {
    const before = written;
    const taking = takeSnapshot(dir, 'web');
    // Its first step is done, its second one waits for a thread.
    for (let n = 0; n < 1 + (round % 7); n++) write();
    const snapshot = await taking;
    const texts: string[] = [];
    for await (const batch of linesSince(snapshot, '')) {
      for (const line of batch) texts.push(line.toString().split(' ')[3] ?? '');
    }
    await snapshot.current?.close();
    assert.ok(Number(texts.at(-1)) >= before - 1);
    const first = Number(texts[0]);
    assert.deepEqual(
      texts,
      texts.map((_, n) => String(first + n)),
    );
  }
});
