import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AppView, CrashRecord } from '../../protocol/api.ts';
import { crashLines, groupCrashes, shortLines } from './crash.ts';
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

function appView(): AppView {
  const instance = { slot: 0, serial: 1, restarts: 0 } as AppView['instances'][number];
  return {
    name: 'web',
    kind: 'app',
    namespace: null,
    status: 'degraded',
    numbers: [0, 1],
    nextRun: null,
    after: [],
    wanted: 2,
    urls: [],
    instances: [
      { ...instance, status: 'ready' },
      { ...instance, status: 'backoff' },
    ],
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

test('figures in last words are no difference, nor are last words when the cause says why', () => {
  const said = (second: number, text: string, cause = 'exited with code 1') =>
    crash(second, { cause, lastOutput: [{ time: '', stream: 'err', text }] });
  assert.equal(
    groupCrashes([said(1, 'at 12:00 pid 17'), said(2, 'at 12:01 pid 4018'), said(3, 'else')]).length,
    2,
  );
  const ill = 'its health check failed: GET /healthz answered 503';
  assert.equal(groupCrashes([said(1, 'one', ill), said(2, 'two', ill)]).length, 1);
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
    '  all of its log: hold logs web --since 2026-03-01T11:59:03Z',
  ]);
});

test('why, what to do, where it was, how it is now, and where there is more', () => {
  const stack = Array.from({ length: 10 }, (_, n) => `at f${n} (/app/work.js:${n}:1)`);
  const blocked = crash(3, {
    cause: 'the event loop was blocked for 10s at work.js:0 (f0)',
    diagnosis: 'it was busy',
    advice: 'Let go',
    stack,
    report: '/home/reports/web.json',
  });
  const [group] = groupCrashes([crash(1), blocked]).slice(-1);
  assert.ok(group);
  const now = new Date(2026, 2, 1, 12, 10, 3).getTime();
  assert.deepEqual(crashLines(group, style, { now, lines: 20, app: appView() }), [
    'web.0: the event loop was blocked for 10s at work.js:0 (f0)',
    '  2026-03-01 12:00:03 (10m ago), pid 103, it had run for 1.3s',
    '  why:   it was busy',
    '  now:   degraded, 1 of 2 ready',
    '  to do: Let go',
    '  where it was:',
    ...stack.slice(0, 8).map((line) => `    ${line}`),
    '    … 2 more: add --verbose',
    '  ! boom',
    '  all of its log: hold logs web --since 2026-03-01T11:59:03Z',
    "  Node's report:  /home/reports/web.json",
  ]);
});

test('a stack that it printed itself is not shown twice; older crashes are short', () => {
  const printed = crash(1, {
    diagnosis: 'uncaught exception: Error: boom',
    stack: ['at f (/app/a.js:1:1)'],
    lastOutput: [{ time: '', stream: 'err', text: '    at f (/app/a.js:1:1)' }],
  });
  const [group] = groupCrashes([printed]);
  assert.ok(group);
  const options = { now: 0, lines: 20 };
  assert.equal(crashLines(group, style, options).filter((line) => line.includes('at f')).length, 1);
  assert.deepEqual(shortLines(group, style, options).slice(2), ['  why:   uncaught exception: Error: boom']);
  const [silent] = groupCrashes([crash(1)]);
  assert.ok(silent);
  assert.deepEqual(shortLines(silent, style, options).slice(2), ['  ! boom']);
});

test('a crash without a word says that', () => {
  const [group] = groupCrashes([crash(1, { lastOutput: [], pid: null })]);
  assert.ok(group);
  assert.equal(crashLines(group, style, { now: 0, lines: 20 })[2], '  it wrote nothing');
});
