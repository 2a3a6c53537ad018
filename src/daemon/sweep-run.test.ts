import assert from 'node:assert/strict';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { tempDir } from '../../test/support/temp-dir.ts';
import { initialState } from '../supervisor/machine.ts';
import type { InstanceRecord } from '../supervisor/supervisor.ts';
import { sweepRun } from './sweep-run.ts';

function record(slot: number, serial: number, runs: boolean): InstanceRecord {
  const lease = { out: '', err: '', socket: null, port: null, guest: true };
  return {
    app: 'web',
    retiring: false,
    snapshot: { slot, serial, generation: 1, restarts: 0, worn: null, machine: initialState },
    process: runs ? { pid: 1, startTime: 1, serial, spawnedAt: 0, lease } : null,
  };
}

test('what belongs to no process that may live is removed, and nothing else', (t) => {
  const dir = tempDir(t);
  const kept = ['control.sock', 'daemon.lock.1', 'web.0.3.err', 'web.0.3.out', 'web.0.3.sock', 'web.out'];
  const gone = ['web.0.2.out', 'web.1.4.err', 'web.2.5.in', 'old.0.1.probe', 'a.b.0.1.out'];
  for (const name of [...kept, ...gone]) writeFileSync(join(dir, name), '');
  sweepRun(dir, [record(0, 3, true), record(1, 4, false)]);
  assert.deepEqual(readdirSync(dir).sort(), kept);
});
