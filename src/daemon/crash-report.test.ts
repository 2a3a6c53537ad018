import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tempDir } from '../../test/support/temp-dir.ts';
import { homePaths } from '../protocol/home.ts';
import type { ProcessRecord } from '../supervisor/process.ts';
import { CrashReports } from './crash-report.ts';
import { Crashes } from './crashes.ts';

test('of one that ended as it should nothing is remembered', (t) => {
  const paths = homePaths(tempDir(t));
  const asked: string[] = [];
  const reports = new CrashReports({
    paths,
    crashes: new Crashes(`${paths.state}/crashes`, `${paths.home}/reports`),
    outputs: { lastLines: () => [], lastWords: async () => [] },
    startedAt: new Date(0).toISOString(),
    // Each answers once, and forgets.
    notReady: (key) => {
      asked.push(`not ready ${key}`);
      return null;
    },
    wasOutOfMemory: ({ pid }) => asked.push(`out of memory ${pid}`) > 0,
  });
  const lease = { out: '', err: '', socket: null, port: null, guest: false };
  const record: ProcessRecord = { pid: 42, startTime: 1, serial: 1, spawnedAt: 1, lease };
  reports.ended('web.0#1', record);
  assert.deepEqual(asked, ['not ready web.0#1', 'out of memory 42']);
});
