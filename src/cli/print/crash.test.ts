import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CrashRecord } from '../../protocol/api.ts';
import { crashLines, groupCrashes } from './crash.ts';
import { makeStyle } from './style.ts';

const style = makeStyle(false);

function crash(second: number, changes: Partial<CrashRecord> = {}): CrashRecord {
  return {
    time: new Date(2026, 2, 1, 12, 0, second).toISOString(),
    app: 'web',
    instance: 'web.0',
    pid: 100 + second,
    cause: 'exited with code 1',
    code: 1,
    signal: null,
    uptimeMs: 1300,
    lastOutput: [{ time: '', stream: 'err', text: 'boom' }],
    diagnosis: null,
    stack: [],
    report: null,
    release: null,
    ...changes,
  };
}

test('crashes that look the same are one, at the place of the newest', () => {
  const other = crash(2, { cause: 'killed by SIGSEGV' });
  const groups = groupCrashes([crash(1, { instance: 'web.1' }), other, crash(3), crash(4, { app: 'jobs' })]);
  assert.deepEqual(
    groups.map(({ newest, earlier }) => [newest.pid, earlier.length]),
    [
      [102, 0],
      [103, 1],
      [104, 0],
    ],
  );
});

test('what, when, how often, and the last words', () => {
  const [group] = groupCrashes([crash(1, { instance: 'web.1' }), crash(2), crash(3)]);
  assert.ok(group);
  const now = new Date(2026, 2, 1, 12, 10, 3).getTime();
  assert.deepEqual(crashLines(group, style, { now, lines: 20 }), [
    'web.0 exited with code 1 after 1.3s',
    '  2026-03-01 12:00:03 (10m ago), pid 103',
    '  the same 2 times before, since 12:00:01 (web.0, web.1)',
    '  ! boom',
  ]);
});

test('a crash without a word says that', () => {
  const [group] = groupCrashes([crash(1, { lastOutput: [], pid: null })]);
  assert.ok(group);
  assert.deepEqual(crashLines(group, style, { now: 0, lines: 20 }).slice(2), ['  it wrote nothing']);
});
